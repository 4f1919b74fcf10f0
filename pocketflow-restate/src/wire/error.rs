//! Why a run failed.

use std::fmt;

use pocketflow::Failed;
use serde::{Deserialize, Serialize};

/// Why a run failed: a [`pocketflow::Error`] as plain text. It prints as its message.
///
/// In the answers of a worker, `[redacted]` is in place of [confidential values](super). `From<&Error>` keeps them.
///
/// ```
/// use pocketflow::{Shared, flow, node};
/// use pocketflow_restate::wire::RunError;
///
/// #[derive(Shared, Default)]
/// struct Order { receipt: Option<String> }
///
/// #[node(Order, writes = receipt)]
/// fn pay() -> Result<String, String> { Err("the bank is closed".into()) }
///
/// flow! { Shop: Order { pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let error = Shop.run(&mut Order::default()).await.unwrap_err();
/// let error = RunError::from(&error);
/// assert_eq!(error.to_string(), "Shop > pay: exec failed: the bank is closed");
/// assert_eq!((&*error.path, &*error.causes), (&["Shop".to_owned(), "pay".to_owned()][..], &["the bank is closed".to_owned()][..]));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The whole error as one text, with its causes: `Shop > pay: exec failed at attempt 2 of 2: the bank is closed`.
    pub message: String,
    /// The names from the outermost flow down to the node. Where a flow runs on the items of a collection, the names
    /// carry their items: `["Digest", "documents[3]", "read"]`.
    pub path: Vec<String>,
    /// In a batch, the index of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// What failed, in words: `exec failed at attempt 2 of 2`.
    pub stage: String,
    /// How many attempts were made. It is 0 if that is not known, as after a panic, or if no attempt had begun. The JSON
    /// has no such member then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// The text of the cause, then of its source, and so on.
    pub causes: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<&pocketflow::Error> for RunError {
    fn from(error: &pocketflow::Error) -> Self {
        let failed = Failed::from(error);
        Self {
            message: format!("{error:#}"),
            path: failed.path,
            item: failed.item,
            stage: failed.stage,
            attempts: failed.attempts,
            causes: failed.causes,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.message)
    }
}

impl std::error::Error for RunError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_an_object_with_its_parts() {
        let error = RunError {
            message: "Shop > pay: exec failed: closed".into(),
            path: vec!["Shop".into(), "pay".into()],
            item: None,
            stage: "exec failed".into(),
            attempts: 1,
            causes: vec!["closed".into()],
        };
        let json = json!({"message": "Shop > pay: exec failed: closed", "path": ["Shop", "pay"],
            "stage": "exec failed", "attempts": 1, "causes": ["closed"]});
        assert_eq!(serde_json::to_value(&error).unwrap(), json);
        assert_eq!(serde_json::from_value::<RunError>(json).unwrap(), error);
    }

    #[test]
    fn a_number_of_attempts_that_is_not_known_is_left_out() {
        let json = json!({"message": "Shop > pay: stopped: it panicked: no", "path": ["Shop", "pay"],
            "stage": "stopped", "causes": ["it panicked: no"]});
        let error: RunError = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(error.attempts, 0);
        assert_eq!(serde_json::to_value(&error).unwrap(), json);
    }
}
