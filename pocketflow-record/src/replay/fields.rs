//! How a replay reads the fields of a store from a record, and compares them with it.

use pocketflow::{Field, Fields, Shared, VisitField, VisitWith};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Error, Value};

/// A store that a replay can fill and compare: its fields implement serde's `Serialize` and
/// `Deserialize`, unless serde skips them.
///
/// Use it as a bound in generic code. Every such store implements it automatically.
pub trait Replayable: Shared + Fields<ReplayFields> {}

impl<S: Shared + Fields<ReplayFields>> Replayable for S {}

/// The visitor that fills and compares the fields of a store, which [`Replayable`] requires.
#[derive(Debug, Default)]
pub struct ReplayFields {
    task: Task,
    done: Option<Result<String, Error>>,
}

#[derive(Debug, Default)]
enum Task {
    /// Writes the field as JSON.
    #[default]
    Write,
    /// Reads the field from a text.
    Read(String),
    /// Reads a text as the type of the field, and writes it again.
    Reread(String),
}

/// A field that a replay can handle: any type that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize` and `Deserialize`: a replay fills and compares each field of the store",
    label = "the store has a field that cannot be replayed",
    note = "write `#[derive(Serialize, Deserialize)]` on the type, or `#[serde(skip)]` on the field of type `{Self}`"
)]
#[doc(hidden)]
pub trait ReplayedField: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> ReplayedField for T {}

impl ReplayFields {
    /// The field as JSON. It is `None` if serde skips the field.
    pub(super) fn write<S: Replayable>(
        field: usize,
        store: &mut S,
    ) -> Option<Result<String, Error>> {
        Self::visit(Task::Write, field, store)
    }

    /// Sets the field to a value of the record.
    pub(super) fn read<S: Replayable>(
        field: usize,
        text: &str,
        store: &mut S,
    ) -> Result<(), Error> {
        match Self::visit(Task::Read(text.to_owned()), field, store) {
            Some(done) => done.map(drop),
            None => Ok(()),
        }
    }

    /// Whether a value of the record is this value of the field. Members that the type has gained since
    /// then, and that have a default, are not a difference, and neither is the order of a set.
    ///
    /// # Errors
    ///
    /// If the value of the record is not one of the field's type.
    pub(super) fn is_same<S: Replayable>(
        field: usize,
        recorded: &str,
        now: &str,
        store: &mut S,
    ) -> Result<bool, Error> {
        if recorded == now {
            return Ok(true);
        }
        let mut reread = || -> Result<Value, Error> {
            let text = Self::visit(Task::Reread(recorded.to_owned()), field, store)
                .unwrap_or_else(|| Ok(recorded.to_owned()))?;
            serde_json::from_str(&text)
        };
        let now: Value = serde_json::from_str(now)?;
        let first = reread()?;
        if first == now {
            return Ok(true);
        }
        // A set that is read again has another order, sooner or later.
        for _ in 0..TRIES {
            let again = reread()?;
            if again != first {
                return Ok(sorted(first) == sorted(now));
            }
        }
        Ok(false)
    }

    fn visit<S: Replayable>(
        task: Task,
        field: usize,
        store: &mut S,
    ) -> Option<Result<String, Error>> {
        let mut visitor = Self { task, done: None };
        store.visit_field(field, &mut visitor);
        visitor.done
    }

    fn handle<W: Serialize, R: Serialize + DeserializeOwned>(&mut self, value: &W) -> Option<R> {
        let (done, new) = match &self.task {
            Task::Write => (serde_json::to_string(value), None),
            Task::Read(text) => match serde_json::from_str(text) {
                Ok(new) => (Ok(String::new()), Some(new)),
                Err(error) => (Err(error), None),
            },
            Task::Reread(text) => {
                let reread = serde_json::from_str::<R>(text);
                (reread.and_then(|value| serde_json::to_string(&value)), None)
            }
        };
        self.done = Some(done);
        new
    }
}

/// How often a value is read again, to find out whether it has an order. Two elements of a set have
/// the same order each time with a probability of 2⁻²⁴.
const TRIES: usize = 24;

/// The value with all arrays in one order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.into_iter().map(sorted).collect();
            values.sort_by_cached_key(Value::to_string);
            Value::Array(values)
        }
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, sorted(value))).collect())
        }
        other => other,
    }
}

impl<T: ReplayedField> VisitField<T> for ReplayFields {
    fn field(&mut self, _field: &'static Field, value: &mut T, _default: Option<fn() -> T>) {
        if let Some(new) = self.handle::<T, T>(value) {
            *value = new;
        }
    }
}

impl<W: Serialize, R: Serialize + DeserializeOwned> VisitWith<W, R> for ReplayFields {
    fn field_with(
        &mut self,
        _field: &'static Field,
        value: W,
        _default: Option<fn() -> R>,
    ) -> Option<R> {
        self.handle::<W, R>(&value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Card {
        name: String,
        #[serde(default)]
        note: String,
    }

    #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Order {
        cents: u64,
        words: HashSet<String>,
        list: Vec<String>,
        card: Option<Card>,
        seats: HashMap<String, HashSet<u8>>,
        #[serde(skip)]
        client: u8,
        rest: BTreeMap<u8, f64>,
    }

    fn index(name: &str) -> usize {
        Order::STORE.field(name).unwrap()
    }

    fn is_same(name: &str, recorded: &str, now: &str) -> bool {
        ReplayFields::is_same(index(name), recorded, now, &mut Order::default()).unwrap()
    }

    #[test]
    fn a_field_is_read_as_it_was_written() {
        let mut order = Order {
            cents: u64::MAX,
            rest: BTreeMap::from([(7, 0.1)]),
            card: Some(Card::default()),
            client: 3,
            ..Order::default()
        };
        let mut back = Order {
            client: 3,
            ..Order::default()
        };
        for field in 0..Order::STORE.fields.len() {
            if let Some(text) = ReplayFields::write(field, &mut order) {
                ReplayFields::read(field, &text.unwrap(), &mut back).unwrap();
            }
        }
        assert_eq!(back, order);
        assert!(ReplayFields::write(index("client"), &mut order).is_none());
        assert!(ReplayFields::read(index("cents"), "\"x\"", &mut back).is_err());
    }

    #[test]
    fn the_order_of_a_list_counts_and_that_of_a_set_does_not() {
        assert!(is_same("words", r#"["a","b"]"#, r#"["b","a"]"#));
        assert!(!is_same("words", r#"["a","b"]"#, r#"["b","c"]"#));
        assert!(!is_same("list", r#"["a","b"]"#, r#"["b","a"]"#));
        assert!(is_same(
            "seats",
            r#"{"a":[1,2],"b":[]}"#,
            r#"{"b":[],"a":[2,1]}"#
        ));
        assert!(!is_same("seats", r#"{"a":[1,2]}"#, r#"{"a":[2]}"#));
    }

    #[test]
    fn a_member_with_a_default_may_be_new() {
        let now = r#"{"name":"Ada","note":""}"#;
        assert!(is_same("card", r#"{"name":"Ada"}"#, now));
        assert!(is_same("card", r#"{ "note": "", "name": "Ada" }"#, now));
        assert!(!is_same("card", "null", now));
        let error = ReplayFields::is_same(index("card"), "7", now, &mut Order::default());
        assert!(error.is_err());
    }
}
