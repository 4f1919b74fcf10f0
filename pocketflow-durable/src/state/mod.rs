//! The state of a run: the fields of its store, each written and read in place.

mod change;
mod confidential;
pub mod encoding;
pub mod hash;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use pocketflow::{Field, Fields, Shared, VisitField, VisitWith};
use serde::de::{self, DeserializeOwned, Deserializer, Visitor, value};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::Error;
use serde_json::value::RawValue;

pub use change::StateChange;
pub use confidential::{without_place, without_values};
pub use reader::StateReader;

use encoding::{custom, read, write};
use hash::{HashError, OrderMatters, hash};

/// A store that a durable run can store: its fields implement serde's `Serialize` and
/// `Deserialize`, unless serde skips them.
///
/// Use it as a bound in generic code: `fn serve<S: Durable>(…)`. Every such store implements it
/// automatically.
pub trait Durable: Shared + Fields<Keeper> {}

impl<S: Shared + Fields<Keeper>> Durable for S {}

/// The visitor that writes and reads the fields of a store, which [`Durable`] requires.
#[derive(Default)]
pub struct Keeper {
    task: Task,
    /// The index of the current field.
    at: usize,
    /// The last text of each field.
    written: Vec<Option<Written>>,
    fields: &'static [Field],
    /// Whether the storage has a state of this store, so that only fields that change are stored.
    stored: bool,
    hashes: Hashes,
    failed: Option<BadField>,
}

/// Why `null` is not a value of an awaited field.
const EMPTY: &str = "the field is empty with it";

/// The hash of each field, by its name.
pub type Hashes = BTreeMap<String, String>;

/// Whether a JSON text is a value of an awaited field. `null` is none.
pub type Fits = fn(&str) -> Result<(), Error>;

#[derive(Default)]
enum Task {
    #[default]
    Write,
    /// Hashes all fields.
    Hash,
    /// Reads all fields, and changes them if `change` is set.
    Read {
        texts: BTreeMap<String, Box<RawValue>>,
        change: bool,
    },
    /// Takes the texts of fields that were read from a state.
    Resume(BTreeMap<String, Box<RawValue>>),
    /// Reads one field.
    Fill(String),
    /// Finds the function that checks whether a text is a value of a field.
    Fit(Option<Fits>),
}

struct Written {
    hash: u128,
    text: String,
    /// Whether the storage has it.
    stored: bool,
}

/// A field that cannot be written or read, and why.
#[derive(Debug)]
pub struct BadField {
    /// Its name, or `None` for the store as a whole.
    pub field: Option<&'static str>,
    /// Why.
    pub source: Error,
}

impl BadField {
    /// The field, for messages.
    pub fn what(&self) -> String {
        self.field.map_or_else(
            || "the store".to_owned(),
            |field| format!("the field `{field}`"),
        )
    }

    /// The conflict of a state of another program that does not fit the store, for [`Changed`](crate::Changed).
    pub fn misfit(&self) -> String {
        let source = without_place(&self.source);
        let why = match self.field {
            // Serde's message can contain the name.
            Some(field) if !source.contains(field) => format!("`{field}`: {source}"),
            _ => source,
        };
        format!("the stored state does not fit the store of this program: {why}")
    }
}

impl From<Error> for BadField {
    fn from(source: Error) -> Self {
        Self {
            field: None,
            source,
        }
    }
}

impl Keeper {
    /// The state as JSON: an object with one member for each field. A field that has not changed
    /// since the last time is not written again.
    pub fn write<S: Durable>(&mut self, store: &mut S) -> Result<String, BadField> {
        self.written.resize_with(S::STORE.fields.len(), || None);
        self.fields = S::STORE.fields;
        self.visit(Task::Write, store)?;
        Ok(self.text(|_| true))
    }

    /// What has changed since the storage [got](Self::stored) the last state.
    pub fn change<S: Durable>(&mut self, store: &mut S) -> Result<StateChange, BadField> {
        if !self.stored {
            return self.write(store).map(StateChange::all);
        }
        self.visit(Task::Write, store)?;
        Ok(StateChange::some(self.text(|written| !written.stored)))
    }

    /// The storage has the state that was written last.
    pub fn stored(&mut self) {
        self.stored = true;
        for written in self.written.iter_mut().flatten() {
            written.stored = true;
        }
    }

    /// The storage has this state, from which the store was read.
    pub fn resume<S: Durable>(&mut self, state: &str, store: &mut S) -> Result<(), BadField> {
        self.written.resize_with(S::STORE.fields.len(), || None);
        self.fields = S::STORE.fields;
        let texts: BTreeMap<String, Box<RawValue>> = serde_json::from_str(state)?;
        // Another version of the program may have stored a field that this store does not have.
        let is_field = |name: &String| self.fields.iter().any(|field| field.stored == *name);
        self.stored = texts.keys().all(is_field);
        self.visit(Task::Resume(texts), store)
    }

    /// Takes over what another process has changed since the storage got the last state. `change` is a
    /// JSON object with those fields. The store becomes what it was there, whatever this process has
    /// done to it in the meantime.
    ///
    /// # Errors
    ///
    /// The result does not fit the store, which then stays as it is.
    pub fn apply<S: Durable>(&mut self, change: &str, store: &mut S) -> Result<(), BadField> {
        let last = self.last();
        let mut texts: BTreeMap<&str, &RawValue> = serde_json::from_str(&last)?;
        let changed: BTreeMap<&str, &RawValue> = serde_json::from_str(change)?;
        texts.extend(changed);
        let state = serde_json::to_string(&texts)?;
        Self::read(&state, store)?;
        self.resume(&state, store)
    }

    /// How many bytes the last state that was written takes, without the names of the fields.
    pub fn size(&self) -> usize {
        let written = self.written.iter().flatten();
        written.map(|written| written.text.len()).sum()
    }

    /// The last state that was written.
    pub fn last(&self) -> String {
        self.text(|_| true)
    }

    /// An object with the fields that a predicate chooses.
    fn text(&self, chosen: impl Fn(&Written) -> bool) -> String {
        let written = self.fields.iter().zip(&self.written);
        let written = written.filter_map(|(field, written)| Some((field, written.as_ref()?)));
        let written = written.filter(|(_, written)| chosen(written));
        let length = written.clone().map(|(_, written)| written.text.len() + 24);
        let mut state = String::with_capacity(length.sum::<usize>() + 2);
        state.push('{');
        for (field, written) in written {
            state.extend([
                if state.len() > 1 { ",\"" } else { "\"" },
                field.stored,
                "\":",
                &written.text,
            ]);
        }
        state.push('}');
        state
    }

    /// Checks whether the state fits this store.
    pub fn check<S: Durable>(state: &str, store: &mut S) -> Result<(), BadField> {
        let task = Task::Read {
            texts: texts::<S>(state)?,
            change: false,
        };
        Self::default().visit(task, store).map(drop)
    }

    /// Reads the state into a store. Fields that serde skips do not change. If the state does not
    /// fit the store, no field changes.
    pub fn read<S: Durable>(state: &str, store: &mut S) -> Result<(), BadField> {
        Self::check(state, store)?;
        let task = Task::Read {
            texts: texts::<S>(state)?,
            change: true,
        };
        Self::default().visit(task, store).map(drop)
    }

    /// Fills one field, for which a flow waits, with a JSON text. `field` is its index.
    ///
    /// # Errors
    ///
    /// The text is not a value of the field, or it is `null`. In the latter case the field is empty
    /// then. The error does not contain the value.
    pub fn fill<S: Durable>(field: usize, json: &str, store: &mut S) -> Result<(), Error> {
        let mut keeper = Self {
            task: Task::Fill(json.to_owned()),
            ..Self::default()
        };
        store.visit_field(field, &mut keeper);
        match keeper.failed {
            Some(bad) => Err(bad.source),
            None if store.is_filled(field) => Ok(()),
            None => Err(custom(EMPTY)),
        }
    }

    /// The function that checks whether a text is a value of a field. `field` is its index. A field that serde skips has
    /// none.
    pub fn fits<S: Durable>(field: usize, store: &mut S) -> Option<Fits> {
        let mut keeper = Self {
            task: Task::Fit(None),
            ..Self::default()
        };
        store.visit_field(field, &mut keeper);
        match keeper.task {
            Task::Fit(fits) => fits,
            _ => None,
        }
    }

    /// The hashes of the fields, which differ between stores with different data.
    pub fn hashes<S: Durable>(store: &mut S) -> Result<Hashes, BadField> {
        let mut keeper = Self::default();
        keeper.visit(Task::Hash, store)?;
        Ok(keeper.hashes)
    }

    fn visit<S: Durable>(&mut self, task: Task, store: &mut S) -> Result<(), BadField> {
        self.task = task;
        for (index, field) in S::STORE.fields.iter().enumerate() {
            self.at = index;
            store.visit_field(index, self);
            if let Some(bad) = self.failed.take() {
                return Err(BadField {
                    field: Some(field.name),
                    ..bad
                });
            }
        }
        Ok(())
    }

    /// Handles a field, and returns its new value if it changes.
    fn field<W, R>(
        &mut self,
        field: &'static Field,
        value: &W,
        default: Option<fn() -> R>,
        seen: impl Fn(&R, OrderMatters) -> Result<u128, HashError>,
    ) -> Option<R>
    where
        W: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let done = match &mut self.task {
            Task::Write => self.write_field(value, seen).map(|()| None),
            Task::Hash => hash(value, OrderMatters::Nowhere)
                .map_err(custom)
                .map(|hash| {
                    // Half of the hash is enough to tell apart two values that people chose.
                    self.hashes
                        .insert(field.name.into(), format!("{:016x}", hash as u64));
                    None
                }),
            Task::Read { texts, change } => {
                let change = *change;
                let text = field.names().find_map(|name| texts.get(name));
                let read = match (text, default) {
                    (Some(text), _) => read(text.get()),
                    (None, Some(default)) => Ok(default()),
                    (None, None) => R::deserialize(Missing(field.name)).map_err(custom),
                };
                read.map(|value| change.then_some(value))
            }
            Task::Resume(texts) => {
                hash(value, OrderMatters::Everywhere)
                    .map_err(custom)
                    .map(|hash| {
                        self.written[self.at] = texts.remove(field.stored).map(|text| Written {
                            hash,
                            text: text.get().to_owned(),
                            stored: true,
                        });
                        None
                    })
            }
            Task::Fill(json) => read(json).map(Some),
            Task::Fit(fits) => {
                *fits = Some(|json| match json.trim() {
                    "null" => Err(custom(EMPTY)),
                    _ => read::<R>(json).map(drop),
                });
                Ok(None)
            }
        };
        done.unwrap_or_else(|source| {
            self.failed = Some(BadField {
                field: None,
                source,
            });
            None
        })
    }

    fn write_field<W, R>(
        &mut self,
        value: &W,
        seen: impl Fn(&R, OrderMatters) -> Result<u128, HashError>,
    ) -> Result<(), Error>
    where
        W: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let hash = hash(value, OrderMatters::Everywhere).map_err(custom)?;
        let written = &mut self.written[self.at];
        if written.as_ref().is_none_or(|written| written.hash != hash) {
            // If writing fails, the earlier text must not be used.
            *written = None;
            *written = Some(Written {
                hash,
                text: write(value, seen)?,
                stored: false,
            });
        }
        Ok(())
    }
}

/// A field that can be stored: any type that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize` and `Deserialize`: a durable run stores each field of its store",
    label = "the store has a field that cannot be stored",
    note = "write `#[derive(Serialize, Deserialize)]` on the type, or `#[serde(skip)]` on the field of type `{Self}`"
)]
#[doc(hidden)]
pub trait Stored: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Stored for T {}

/// The texts of a state's fields, by their names.
///
/// An older version of this crate wrote the members of a field with `flatten` beside the others:
/// they are the members without a field of that name.
fn texts<S: Shared>(state: &str) -> Result<BTreeMap<String, Box<RawValue>>, Error> {
    let mut texts: BTreeMap<String, Box<RawValue>> = serde_json::from_str(state)?;
    for field in S::STORE.fields {
        if field.stored.starts_with("..") && !texts.contains_key(field.stored) {
            let is_field = |name: &str| {
                S::STORE
                    .fields
                    .iter()
                    .any(|field| field.names().any(|other| other == name))
            };
            let rest: BTreeMap<_, _> = texts.iter().filter(|(name, _)| !is_field(name)).collect();
            let rest = serde_json::value::to_raw_value(&rest)?;
            texts.insert(field.stored.to_owned(), rest);
        }
    }
    Ok(texts)
}

impl<T: Stored> VisitField<T> for Keeper {
    fn field(&mut self, field: &'static Field, value: &mut T, default: Option<fn() -> T>) {
        if let Some(new) = self.field(field, value, default, |value: &T, order| hash(value, order))
        {
            *value = new;
        }
    }
}

impl<W: Serialize, R: Serialize + DeserializeOwned> VisitWith<W, R> for Keeper {
    fn field_with(
        &mut self,
        field: &'static Field,
        value: W,
        default: Option<fn() -> R>,
    ) -> Option<R> {
        self.field(field, &value, default, |value: &R, order| {
            hash(value, order)
        })
    }
}

/// The deserializer of a field that the state does not have: an `Option` is empty, and any other
/// type is an error, as in serde.
struct Missing(&'static str);

impl<'de> Deserializer<'de> for Missing {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(de::Error::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}
