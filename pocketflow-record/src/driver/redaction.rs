//! Keeps confidential values out of a record.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;

use crate::event::Json;

/// What stands for a confidential text inside another text.
const REDACTED: &str = "[redacted]";

/// A shorter text is too common to be looked for.
const SHORTEST: usize = 6;

/// All texts that are looked for have no more bytes than this.
const MOST: usize = 16 << 20;

/// How many bytes of a text decide whether a text that is looked for may begin there.
const PREFIX: usize = 4;

/// The confidential texts that a run, the runs in it and the run around it have seen in their redacted
/// fields. None of them appears anywhere in the record: not in another field, an error, the value of an exec,
/// or a note.
#[derive(Default)]
pub(super) struct Secrets(RwLock<Known>);

#[derive(Default)]
struct Known {
    texts: HashSet<String>,
    /// How many bytes these have.
    bytes: usize,
    /// The texts, and each as texts of JSON and of `{:?}` contain it, by the hash of their first bytes.
    forms: HashMap<u16, Vec<String>>,
    /// A bit for each of these hashes.
    hashes: Vec<u64>,
}

impl Known {
    fn add(&mut self, text: String) {
        if text.chars().count() < SHORTEST || self.texts.contains(&text) {
            return;
        }
        self.bytes += text.len();
        self.add_forms(&text);
        self.texts.insert(text);
        if self.bytes > MOST {
            self.forget();
        }
    }

    /// Forgets the longest text, which is the least likely to be in another value as a whole.
    fn forget(&mut self) {
        let longest = self.texts.iter().max_by_key(|text| text.len()).cloned();
        let texts: Vec<_> = std::mem::take(self).texts.into_iter().collect();
        for text in texts {
            if longest.as_ref() != Some(&text) {
                self.add(text);
            }
        }
    }

    fn add_forms(&mut self, text: &str) {
        let mut forms = BTreeSet::from([text.to_owned()]);
        // A text may be quoted, and what contains it may be quoted again.
        for _ in 0..3 {
            let quoted = forms.iter().flat_map(|form| {
                let json = serde_json::to_string(form).expect("a text is JSON");
                [json, format!("{form:?}")]
            });
            let quoted: Vec<_> = quoted.collect();
            forms.extend(quoted.iter().map(|it| it[1..it.len() - 1].to_owned()));
        }
        self.hashes.resize(1 << 10, 0);
        for form in forms {
            let hash = hash(form.as_bytes());
            self.hashes[usize::from(hash >> 6)] |= 1 << (hash & 63);
            let forms = self.forms.entry(hash).or_default();
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }

    /// Where the confidential texts are. Those that overlap are one.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.texts.is_empty() {
            return found;
        }
        let bytes = text.as_bytes();
        for (at, prefix) in bytes.windows(PREFIX).enumerate() {
            let hash = hash(prefix);
            if self.hashes[usize::from(hash >> 6)] >> (hash & 63) & 1 == 0 {
                continue;
            }
            let forms = self.forms.get(&hash).into_iter().flatten();
            let here = forms.filter(|form| bytes[at..].starts_with(form.as_bytes()));
            let Some(longest) = here.map(String::len).max() else {
                continue;
            };
            match found.last_mut() {
                Some(last) if at < last.end => last.end = last.end.max(at + longest),
                _ => found.push(at..at + longest),
            }
        }
        found
    }
}

/// A hash of the first bytes.
fn hash(bytes: &[u8]) -> u16 {
    let prefix = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let [_, _, low, high] = prefix.wrapping_mul(0x9e37_79b1).to_le_bytes();
    u16::from_le_bytes([low, high])
}

impl Secrets {
    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the texts and numbers of a confidential field.
    pub(super) fn add_all(&self, texts: Vec<String>) {
        let mut known = self.write();
        texts.into_iter().for_each(|text| known.add(text));
    }

    /// The text without confidential texts.
    pub(super) fn out_of_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.read().find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut without, mut from) = (String::new(), 0);
        for range in found {
            without += &text[from..range.start];
            without += REDACTED;
            from = range.end;
        }
        Cow::Owned(without + &text[from..])
    }

    /// Whether the value has a confidential text.
    pub(super) fn are_in(&self, json: &Json) -> bool {
        !self.read().find(json.text()).is_empty()
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
