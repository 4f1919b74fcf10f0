//! Keeps confidential values out of a record.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::event::Json;

/// What stands for a confidential text inside another text.
const REDACTED: &str = "[redacted]";

/// A shorter text is too common to be looked for.
const SHORTEST: usize = 6;

/// So many texts are looked for, and each change of a confidential field may add some.
const MOST: usize = 64;

/// The confidential texts that a run has seen in its redacted fields. None of them appears anywhere in the
/// record: not in another field, an error, the value of an exec, or a note.
#[derive(Default)]
pub(super) struct Secrets(Mutex<Vec<Secret>>);

#[derive(Clone, PartialEq)]
struct Secret {
    text: String,
    /// As it is inside a text of JSON.
    json: String,
    /// As `{:?}` writes it.
    debug: String,
}

impl Secret {
    fn of(text: &str) -> Self {
        let json = serde_json::to_string(text).expect("a text is JSON");
        Self {
            json: json[1..json.len() - 1].to_owned(),
            debug: text.escape_debug().to_string(),
            text: text.to_owned(),
        }
    }
}

impl Secrets {
    fn all(&self) -> Vec<Secret> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn add(&self, text: &str) {
        if text.chars().count() < SHORTEST {
            return;
        }
        let secret = Secret::of(text);
        let mut all = self.lock();
        if !all.contains(&secret) {
            if all.len() == MOST {
                all.remove(0);
            }
            all.push(secret);
            // A longer text may contain a shorter one, and is replaced first.
            all.sort_by_key(|secret| std::cmp::Reverse(secret.text.len()));
        }
    }

    /// Adds those of another run.
    pub(super) fn add_all(&self, others: &Self) {
        for secret in others.all() {
            self.add(&secret.text);
        }
    }

    /// Adds all texts and numbers in the value of a confidential field.
    pub(super) fn learn(&self, json: &Json) {
        match json.value() {
            Ok(value) => self.learn_value(&value),
            // It is nested too deep, or a number is too large.
            Err(_) => self.add(json.text()),
        }
    }

    fn learn_value(&self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.add(&number.to_string()),
            Value::String(text) => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.learn_value(item)),
            Value::Object(members) => members.values().for_each(|item| self.learn_value(item)),
        }
    }

    /// The text without confidential texts.
    pub(super) fn out_of_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &*self.lock() {
            for form in [&secret.text, &secret.debug, &secret.json] {
                if text.contains(&**form) {
                    text = Cow::Owned(text.replace(&**form, REDACTED));
                }
            }
        }
        text
    }

    /// The value without confidential texts. `None` if it has none.
    pub(super) fn out_of_json(&self, json: &Json) -> Option<Json> {
        let found = {
            let all = self.lock();
            all.iter().any(|secret| json.text().contains(&*secret.json))
        };
        if !found {
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
                let number = number.to_string();
                if let Cow::Owned(_) = self.out_of_text(&number) {
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

/// Replaces the members with these names, wherever they are, and returns their values.
pub(super) fn redact_members(value: &mut Value, names: &BTreeSet<&'static str>) {
    match value {
        Value::Array(items) => {
            for item in items {
                redact_members(item, names);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if names.contains(&**name) && !member.is_null() {
                    *member = redacted();
                } else {
                    redact_members(member, names);
                }
            }
        }
        _ => {}
    }
}
