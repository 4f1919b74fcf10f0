//! Fields that are confidential stay so, although the database has them.

use std::collections::BTreeSet;

use pocketflow_record::event::{Json, Values};
use serde_json::{Map, Value, json};

/// The names of confidential fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Redaction {
    names: BTreeSet<String>,
}

impl Redaction {
    pub(crate) fn add<'a>(&mut self, names: impl IntoIterator<Item = &'a String>) {
        self.names.extend(names.into_iter().cloned());
    }

    /// The names of these fields that are confidential.
    pub(crate) fn of<'a>(&'a self, values: &'a Values) -> impl Iterator<Item = &'a str> {
        values
            .iter()
            .map(|(name, _)| name)
            .filter(|name| self.hides(name))
    }

    pub(crate) fn hides(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The fields of a stored state, without what is confidential. A state that cannot be read has no fields.
    pub(crate) fn state(&self, state: &str) -> Values {
        let values: Values = serde_json::from_str(state).unwrap_or_default();
        if self.names.is_empty() {
            return values;
        }
        let values = values
            .iter()
            .map(|(name, value)| (name.to_owned(), self.value(name, value)));
        values.collect()
    }

    /// Names of fields count at every depth, because a store can be in a field of another one.
    fn value(&self, name: &str, value: &Json) -> Json {
        if self.hides(name) {
            return match value.text() {
                "null" => value.clone(),
                _ => Json::redacted(),
            };
        }
        let text = value.text();
        if !self.names.iter().any(|name| text.contains(name.as_str())) {
            return value.clone();
        }
        let Ok(mut tree) = value.value() else {
            return Json::redacted();
        };
        if !self.hide(&mut tree) {
            return value.clone();
        }
        Json::of(&tree).unwrap_or_else(|_| Json::redacted())
    }

    /// Hides what is confidential in a value, and returns whether there was anything.
    fn hide(&self, value: &mut Value) -> bool {
        match value {
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |any, item| self.hide(item) | any),
            Value::Object(members) if self.is_in_ron(members) => {
                *value = json!({ "$redacted": true });
                true
            }
            Value::Object(members) => members.iter_mut().fold(false, |any, (name, value)| {
                if self.hides(name) && !value.is_null() {
                    *value = json!({ "$redacted": true });
                    return true;
                }
                self.hide(value) | any
            }),
            _ => false,
        }
    }

    /// Whether the object is a value that JSON cannot hold, with a confidential member. Its members are not told apart.
    fn is_in_ron(&self, members: &Map<String, Value>) -> bool {
        let ron = members.get("$ron").and_then(Value::as_str);
        let ron = ron.filter(|_| members.len() == 1);
        ron.is_some_and(|ron| self.names.iter().any(|name| ron.contains(name.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidential_fields_are_hidden_at_every_depth() {
        let mut redaction = Redaction::default();
        let state = r#"{"card":"4111","total":340282366920938463463374607431768211455,"orders":[{"card":"42","note":"card"}],"empty":null}"#;
        assert_eq!(
            serde_json::to_string(&redaction.state(state)).unwrap(),
            state
        );
        redaction.add(&["card".to_owned(), "empty".to_owned()]);
        let hidden = |state| serde_json::to_string(&redaction.state(state)).unwrap();
        let ron = r#"{"a":{"$ron":"{(1,2):(card:\"42\")}"},"b":{"$ron":"-inf"},"c":[{"$ron":"Some((card:7))"}]}"#;
        assert_eq!(
            hidden(ron),
            r#"{"a":{"$redacted":true},"b":{"$ron":"-inf"},"c":[{"$redacted":true}]}"#
        );
        let hidden = hidden(state);
        assert_eq!(
            hidden,
            r#"{"card":{"$redacted":true},"total":340282366920938463463374607431768211455,"orders":[{"card":{"$redacted":true},"note":"card"}],"empty":null}"#
        );
    }
}
