//! The fields of a store as JSON.

use pocketflow::{Field, Fields, Shared, VisitField, VisitWith};
use serde::Serialize;

use super::graphs::Confidential;
use super::redaction::{Secrets, redact_members};
use super::{Options, Recorded};
use crate::event::{Json, Values};
use crate::reader::appended;

/// A store whose runs can be recorded: its fields implement serde's `Serialize`, unless serde skips them.
///
/// Use it as a bound in generic code. Every such store implements it.
pub trait RecordedStore: Shared + Fields<FieldWriter> {}

impl<S: Shared + Fields<FieldWriter>> RecordedStore for S {}

/// The visitor that writes a field, which [`RecordedStore`] requires.
#[derive(Debug, Default)]
pub struct FieldWriter {
    text: Option<String>,
}

impl FieldWriter {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.text = Some(text_of(value));
    }
}

/// A value as JSON text, or the mark of a value that JSON cannot hold.
pub(super) fn text_of<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        let why = error.to_string();
        Json::unwritable(&why).text().to_owned()
    })
}

/// A field or a value that can be recorded: any type that serde writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize`: a record contains each field of the store",
    label = "the store has a field that cannot be recorded",
    note = "write `#[derive(Serialize)]` on the type, or `#[serde(skip)]` on the field of type `{Self}`"
)]
#[doc(hidden)]
pub trait RecordedField: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> RecordedField for T {}

impl<T: RecordedField> VisitField<T> for FieldWriter {
    fn field(&mut self, _: &'static Field, value: &mut T, _: Option<fn() -> T>) {
        self.write(value);
    }
}

impl<W: Serialize, R> VisitWith<W, R> for FieldWriter {
    fn field_with(&mut self, _: &'static Field, value: W, _: Option<fn() -> R>) -> Option<R> {
        self.write(&value);
        None
    }
}

/// The fields of a store, as they were when they were last looked at.
#[derive(Default)]
pub(super) struct Snapshot {
    fields: Vec<Option<Seen>>,
}

struct Seen {
    text: String,
    /// Whether this text is in the record, so that what is appended to it can be recorded alone.
    recorded: bool,
}

/// Which fields may have changed.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    All,
    /// The fields in a set, and one more.
    Some(&'a [u64], Option<usize>),
}

impl Which<'_> {
    fn has(self, field: usize) -> bool {
        match self {
            Self::All => true,
            Self::Some(set, more) => super::graphs::has(set, field) || more == Some(field),
        }
    }
}

/// What is needed to write a value of a run.
pub(super) struct Pen<'a> {
    pub(super) options: &'a Options,
    pub(super) secrets: &'a Secrets,
    /// The secrets of the runs around this one.
    pub(super) outer: Vec<&'a Secrets>,
}

impl Pen<'_> {
    /// A value without what is confidential, and whether anything was.
    pub(super) fn json(&self, what: Recorded<'_>, text: String) -> (Json, bool) {
        let (text, chosen) = match &self.options.redact {
            Some(redact) => redact_by(&**redact, what, text),
            None => (text, false),
        };
        let (text, known) = self.out_of_json(text);
        (
            Json::from_text(text).unwrap_or_else(|_| Json::redacted()),
            chosen || known,
        )
    }

    fn out_of_json(&self, text: String) -> (String, bool) {
        let mut all = (text, false);
        for secrets in self.outer.iter().copied().chain([self.secrets]) {
            let (text, found) = secrets.out_of_json(all.0);
            all = (text, all.1 || found);
        }
        all
    }

    /// A text of an error without what is confidential.
    pub(super) fn text(&self, what: Recorded<'_>, text: &str) -> String {
        let mut text = text.to_owned();
        for secrets in self.outer.iter().copied().chain([self.secrets]) {
            text = secrets.out_of_text(&text).into_owned();
        }
        let Some(redact) = &self.options.redact else {
            return text;
        };
        let mut value = serde_json::Value::String(text);
        redact(what, &mut value);
        match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }
    }
}

/// Lets the user's function change a value.
fn redact_by(redact: &super::Redact, what: Recorded<'_>, text: String) -> (String, bool) {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&text) else {
        // A tree cannot hold it, so the function cannot see it.
        return (Json::redacted().text().to_owned(), true);
    };
    let before = value.clone();
    redact(what, &mut value);
    if value == before {
        (text, false)
    } else {
        (value.to_string(), true)
    }
}

impl Snapshot {
    /// All fields, as they are at the beginning of a run.
    pub(super) fn begin<S: RecordedStore>(
        &mut self,
        store: &mut S,
        confidential: &[Confidential],
        pen: &Pen<'_>,
    ) -> Values {
        self.fields.resize_with(S::STORE.fields.len(), || None);
        let (changed, _) = self.change(store, Which::All, confidential, pen);
        changed.values
    }

    /// The fields that have changed since they were last looked at: with their values, and with what was
    /// added at their end.
    pub(super) fn change<S: RecordedStore>(
        &mut self,
        store: &mut S,
        which: Which<'_>,
        confidential: &[Confidential],
        pen: &Pen<'_>,
    ) -> (Changed, Values) {
        let mut changed = Changed::default();
        let mut appended = Values::default();
        for (index, field) in S::STORE.fields.iter().enumerate() {
            if field.skipped || !which.has(index) {
                continue;
            }
            let mut writer = FieldWriter::default();
            store.visit_field(index, &mut writer);
            let Some(text) = writer.text else { continue };
            let before = self.fields[index].take();
            if before.as_ref().is_some_and(|before| before.text == text) {
                self.fields[index] = before;
                continue;
            }
            let what = Recorded::Field {
                store: S::STORE.name,
                field: field.name,
            };
            let confidential = confidential.get(index).unwrap_or(&Confidential::Nothing);
            let exact = pen.options.redact.is_none() && *confidential == Confidential::Nothing;
            let grown = before.filter(|before| before.recorded && exact);
            if let Some(end) = grown.and_then(|before| self::appended(&before.text, &text)) {
                appended.set(field.name, pen.json(what, end).0);
                self.see(index, text, true);
                continue;
            }
            let (json, hidden) = match confidential {
                Confidential::All if text == "null" => (Json::null(), false),
                Confidential::All => {
                    pen.secrets.learn(&text);
                    changed.redacted = true;
                    (Json::redacted(), true)
                }
                Confidential::Nothing => pen.json(what, text.clone()),
                Confidential::Members(names) => {
                    let tree = serde_json::from_str(&text).map(|mut tree| {
                        redact_members(&mut tree, names);
                        tree.to_string()
                    });
                    match tree {
                        Ok(text) => pen.json(what, text),
                        Err(_) => (Json::redacted(), true),
                    }
                }
            };
            changed.values.set(field.name, json);
            self.see(index, text, exact && !hidden);
        }
        (changed, appended)
    }

    fn see(&mut self, index: usize, text: String, recorded: bool) {
        self.fields[index] = Some(Seen { text, recorded });
    }
}

/// The fields that have changed.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) values: Values,
    /// Whether a confidential field is among them.
    pub(super) redacted: bool,
}
