//! Keeps confidential values out of a record.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use pocketflow::ConfidentialTexts;
use serde_json::Value;

use crate::event::Json;

/// The confidential texts that a run, the runs in it and the run around it have seen in their redacted
/// fields. None of them appears anywhere in the record: not in another field, an error, the value of an exec,
/// or a note.
#[derive(Default)]
pub(super) struct Secrets(RwLock<ConfidentialTexts>);

impl Secrets {
    fn read(&self) -> RwLockReadGuard<'_, ConfidentialTexts> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, ConfidentialTexts> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the texts and numbers of a confidential field.
    pub(super) fn add_all(&self, texts: Vec<String>) {
        let mut known = self.write();
        texts.into_iter().for_each(|text| known.add(text));
    }

    /// The text without confidential texts.
    pub(super) fn out_of_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.read().out_of(text)
    }

    /// Whether the value has a confidential text.
    pub(super) fn are_in(&self, json: &Json) -> bool {
        self.read().are_in(json.text())
    }

    /// The value without confidential texts. `None` if it has none.
    pub(super) fn out_of_json(&self, json: &Json) -> Option<Json> {
        if !self.are_in(json) {
            return None;
        }
        let Ok(mut value) = json.value() else {
            return Some(Json::redacted());
        };
        self.out_of_value(&mut value);
        Some(Json::of(&value).unwrap_or_else(|_| Json::redacted()))
    }

    fn out_of_value(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                // A tree holds a number of more than 64 bits as another one.
                let inexact = number.as_f64().is_some_and(|it| it.abs() >= 2_f64.powi(63));
                let large = number.is_f64() && inexact;
                if large || matches!(self.out_of_text(&number.to_string()), Cow::Owned(_)) {
                    *value = redacted();
                }
            }
            Value::String(text) => {
                if let Cow::Owned(without) = self.out_of_text(text) {
                    *text = without;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.out_of_value(item)),
            Value::Object(members) => {
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, mut member)| {
                        self.out_of_value(&mut member);
                        (self.out_of_text(&name).into_owned(), member)
                    })
                    .collect();
            }
        }
    }
}

/// The mark in place of a confidential value.
fn redacted() -> Value {
    Json::redacted().value().expect("it is a small tree")
}

/// Replaces the members with these names, wherever they are. Returns whether there are any.
pub(super) fn redact_members(value: &mut Value, names: &BTreeSet<&'static str>) -> bool {
    let mut any = false;
    match value {
        Value::Array(items) => {
            for item in items {
                any |= redact_members(item, names);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if names.contains(&**name) && !member.is_null() {
                    *member = redacted();
                    any = true;
                } else {
                    any |= redact_members(member, names);
                }
            }
        }
        _ => {}
    }
    any
}

/// The value without the members with these names, and whether it had any.
pub(super) fn without_members(json: Json, names: &BTreeSet<&'static str>) -> (Json, bool) {
    let Ok(mut tree) = json.value() else {
        return (Json::redacted(), true);
    };
    match redact_members(&mut tree, names) {
        true => (Json::of(&tree).unwrap_or_else(|_| Json::redacted()), true),
        false => (json, false),
    }
}
