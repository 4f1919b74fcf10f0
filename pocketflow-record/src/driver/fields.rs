//! The fields of a store as JSON.

use pocketflow::{ConfidentialPart, Field, Fields, Shared, VisitField, VisitWith};
use serde::Serialize;

use super::collect::{self, Parts};
use super::redaction::{Secrets, without_members};
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
    json: Option<Json>,
    /// If the confidential texts are asked for instead: what is confidential in the field.
    confidential: Option<ConfidentialPart>,
    texts: Vec<String>,
}

impl FieldWriter {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) {
        match &self.confidential {
            None => self.json = Some(exact_json_of(value)),
            Some(ConfidentialPart::Nothing) => {}
            Some(ConfidentialPart::Members(names)) => {
                self.texts = collect::texts(value, Parts::Members(names));
            }
            Some(ConfidentialPart::All) => self.texts = collect::texts(value, Parts::All),
        }
    }
}

/// A value as JSON, or the mark of a value that JSON cannot hold.
pub(super) fn json_of<T: Serialize + ?Sized>(value: &T) -> Json {
    match Json::of(value) {
        Ok(json) if json.text().contains(['\n', '\r']) => {
            // A `RawValue` in it has several lines. In texts, line breaks are escaped.
            let line = json.text().replace(['\n', '\r'], " ");
            Json::from_text(line).unwrap_or_else(|_| Json::redacted())
        }
        Ok(json) => json,
        Err(error) => Json::unwritable(&error.to_string()),
    }
}

/// A value as JSON, or the mark of a value that JSON cannot hold as it is.
pub(super) fn exact_json_of<T: Serialize + ?Sized>(value: &T) -> Json {
    let json = json_of(value);
    // A number that JSON does not have is `null`, which is read as nothing, or not at all.
    match json.text().contains("null") && collect::has_infinite(value) {
        true => Json::unwritable("JSON has no number for NaN and infinities"),
        false => json,
    }
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
    json: Json,
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
}

impl Pen<'_> {
    /// A value without what is confidential, and whether anything was.
    pub(super) fn json(&self, what: Recorded<'_>, json: Json) -> (Json, bool) {
        let (mut json, mut hidden) = match &self.options.redact {
            Some(redact) => redact_by(&**redact, what, json),
            None => (json, false),
        };
        if let Some(without) = self.secrets.out_of_json(&json) {
            (json, hidden) = (without, true);
        }
        (json, hidden)
    }

    /// A text of an error without what is confidential.
    pub(super) fn text(&self, what: Recorded<'_>, text: &str) -> String {
        let text = self.secrets.out_of_text(text).into_owned();
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
fn redact_by(redact: &super::Redact, what: Recorded<'_>, json: Json) -> (Json, bool) {
    let Ok(mut value) = json.value() else {
        // A tree cannot hold it, so the function cannot see it.
        return (Json::redacted(), true);
    };
    let before = value.clone();
    redact(what, &mut value);
    match value == before {
        true => (json, false),
        false => (json_of(&value), true),
    }
}

impl Snapshot {
    /// All fields, as they are at the beginning of a run.
    pub(super) fn begin<S: RecordedStore>(
        &mut self,
        store: &mut S,
        confidential: &[ConfidentialPart],
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
        confidential: &[ConfidentialPart],
        pen: &Pen<'_>,
    ) -> (Changed, Values) {
        let mut changed = Changed::default();
        let mut added = Values::default();
        // What is confidential in one field may be in a field before it.
        let looked = self.look(store, which, confidential, pen);
        for (index, json) in looked {
            let name = S::STORE.fields[index].name;
            let what = Recorded::Field {
                store: S::STORE.name,
                field: name,
            };
            let confidential = confidential
                .get(index)
                .unwrap_or(&ConfidentialPart::Nothing);
            let exact = pen.options.redact.is_none() && *confidential == ConfidentialPart::Nothing;
            let before = self.fields[index].take();
            // The end of a confidential text alone is not found.
            let grown =
                before.filter(|before| before.recorded && exact && !pen.secrets.are_in(&json));
            let end = grown.and_then(|before| appended(before.json.text(), json.text()));
            if let Some(end) = end.and_then(|end| Json::from_text(end).ok()) {
                added.set(name, end);
                self.see(index, json, true);
                continue;
            }
            let (recorded, hidden) = match confidential {
                ConfidentialPart::All if json.text() == "null" => (json.clone(), false),
                ConfidentialPart::All => {
                    changed.redacted = true;
                    (Json::redacted(), true)
                }
                ConfidentialPart::Nothing => pen.json(what, json.clone()),
                ConfidentialPart::Members(names) => {
                    pen.json(what, without_members(json.clone(), names).0)
                }
            };
            changed.values.set(name, recorded);
            self.see(index, json, exact && !hidden);
        }
        (changed, added)
    }

    /// The fields that have changed since they were last looked at. What is confidential in them is known
    /// from then on.
    fn look<S: RecordedStore>(
        &self,
        store: &mut S,
        which: Which<'_>,
        confidential: &[ConfidentialPart],
        pen: &Pen<'_>,
    ) -> Vec<(usize, Json)> {
        let mut looked = Vec::new();
        for (index, field) in S::STORE.fields.iter().enumerate() {
            if field.skipped || !which.has(index) {
                continue;
            }
            let mut writer = FieldWriter::default();
            store.visit_field(index, &mut writer);
            let Some(json) = writer.json else { continue };
            let before = self.fields[index].as_ref();
            if before.is_some_and(|before| before.json == json) {
                continue;
            }
            let confidential = confidential
                .get(index)
                .filter(|it| **it != ConfidentialPart::Nothing);
            if let Some(confidential) = confidential {
                let mut writer = FieldWriter {
                    confidential: Some(confidential.clone()),
                    ..FieldWriter::default()
                };
                store.visit_field(index, &mut writer);
                pen.secrets.add_all(writer.texts);
            }
            looked.push((index, json));
        }
        looked
    }

    fn see(&mut self, index: usize, json: Json, recorded: bool) {
        self.fields[index] = Some(Seen { json, recorded });
    }
}

/// The fields that have changed.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) values: Values,
    /// Whether a confidential field is among them.
    pub(super) redacted: bool,
}
