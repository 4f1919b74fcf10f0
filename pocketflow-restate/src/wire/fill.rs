//! An answer to a wait, and the result of a run.

use serde::{Deserialize, Serialize};

/// The body of `fill`: a value for a field that a run waits for.
///
/// `V` is the type of the value when it is written, and JSON when it is read.
///
/// ```
/// use pocketflow_restate::wire::Fill;
///
/// let fill = Fill::new("approval", "Ada");
/// assert_eq!(serde_json::to_string(&fill)?, r#"{"field":"approval","value":"Ada"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill<V = serde_json::Value> {
    /// The field, by its name in the program, as [`Wait::field`](super::Wait::field) has it, or by its name in the
    /// JSON of the store.
    pub field: String,
    /// The value.
    pub value: V,
    /// The wait, such as `approval#2`, so that the answer is never taken for another question, and can be [sent
    /// again](super). Without it, the value is for the wait that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// The inner run that waits, as [`Wait::inner`](super::Wait::inner) names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<String>,
}

impl<V> Fill<V> {
    /// A value for the field that is waited for, or for one wait of it: `approval` or `approval#2`.
    pub fn new(wait: &str, value: V) -> Self {
        let field = wait.split_once('#').map_or(wait, |(field, _)| field);
        Self {
            field: field.to_owned(),
            value,
            wait: (field.len() < wait.len()).then(|| wait.to_owned()),
            inner: None,
        }
    }

    /// The value is for an inner run that waits, such as `4/documents[3]`.
    pub fn inner(self, inner: impl Into<String>) -> Self {
        let inner = Some(inner.into());
        Self { inner, ..self }
    }
}

/// The result of a finished run: the answer of `result` and `wait`.
///
/// The store is the JSON that serde makes of it, except for values that JSON cannot hold, so that they are not lost: an
/// infinite float or NaN, `Some(None)`, and a map whose keys are not texts or numbers. The field that contains one is an
/// object with [RON](https://docs.rs/ron), such as `{"$ron": "inf"}`. The Rust [client](fn@crate::client) reads it back.
///
/// ```
/// use pocketflow_restate::wire::Finished;
///
/// #[derive(serde::Deserialize)]
/// struct Order { receipt: Option<String> }
///
/// let json = r#"{"exit": "default", "store": {"receipt": "17 cents"}}"#;
/// let finished: Finished<Order> = serde_json::from_str(json)?;
/// assert_eq!(finished.store.receipt.as_deref(), Some("17 cents"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished<S = serde_json::Value> {
    /// The exit that the run reached.
    pub exit: String,
    /// The shared store.
    pub store: S,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fill_names_the_wait_or_the_field_alone() {
        let fill = Fill::new("approval#2", 7).inner("4/documents[3]");
        let json = json!({"field": "approval", "value": 7, "wait": "approval#2", "inner": "4/documents[3]"});
        assert_eq!(serde_json::to_value(fill).unwrap(), json);
        let read: Fill = serde_json::from_value(json!({"field": "approval", "value": 7})).unwrap();
        assert_eq!(read, Fill::new("approval", json!(7)));
    }

    #[test]
    fn an_unknown_member_of_a_fill_is_named() {
        let fill = serde_json::from_value::<Fill>(json!({"place": "approval", "value": 7}));
        let error = fill.unwrap_err().to_string();
        assert!(error.contains("unknown field `place`"), "{error}");
    }
}
