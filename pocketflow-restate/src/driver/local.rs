//! One run, the outermost or an inner one, while a burst drives it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use pocketflow::{Error, StepInfo};
use pocketflow_durable::{BadField, BadState, Durable, Keeper, SeenItems, position};
use serde_json::Error as JsonError;

use super::Burst;
use super::error::TooLarge;
use crate::pump::{Begun, Json, Key, Outcome, Part, Record, Step};

/// A run.
pub(crate) struct Local {
    /// Its id: see [`Key::run`].
    pub(super) id: String,
    memory: Mutex<Memory>,
}

/// What is known of a run.
#[derive(Default)]
pub(super) struct Memory {
    /// Writes the store, and remembers what is recorded of it.
    pub(super) keeper: Keeper,
    /// The last finished step and its action, if the run resumes after it.
    pub(super) done: Option<(u64, String)>,
    /// What is recorded with the first piece of an inner run.
    pub(super) begun: Option<Begun>,
    /// How often the run has waited for each field.
    pub(super) visits: BTreeMap<String, u64>,
    /// Where the current step gets what another worker has changed.
    pub(super) far: Option<oneshot::Sender<Step>>,
    /// The items of the step that have been seen.
    pub(super) seen: SeenItems,
}

impl Local {
    pub(super) fn new(id: String, memory: Memory) -> Self {
        let memory = Mutex::new(memory);
        Self { id, memory }
    }

    /// The memory is consistent whenever the lock is free, so a poisoned lock can be used.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn key(&self, step: u64, part: Part) -> Key {
        let run = self.id.clone();
        Key { run, step, part }
    }

    /// What is to be recorded of a piece.
    pub(super) fn record(&self, key: Key, outcome: Outcome) -> Record {
        // Whatever is recorded first has it.
        let begun = self.memory().begun.take();
        Record {
            key,
            begun,
            outcome,
        }
    }

    /// Whether an item with this hash can have this identity. A step has so many items.
    pub(super) fn may_be(hash: u64, identity: u64, items: u64) -> bool {
        let mut seen = SeenItems::default();
        (0..=items).any(|_| seen.identity(0, None, hash) == identity)
    }
}

impl Burst {
    /// What is to be recorded of a finished step.
    pub(super) fn finished<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        action: &str,
        shared: &mut S,
    ) -> Result<Record, Error> {
        let change = local.memory().keeper.change(shared);
        let change = change.map_err(|error| info.error(self.bad_field("store", error)))?;
        let step = Step {
            action: action.to_owned(),
            change: self.json(info, "the store", change.fields)?,
            position: self.json(info, "the position", position::encode(info.position()))?,
        };
        let key = local.key(info.step(), Part::Step);
        let record = local.record(key, Outcome::Step(step));
        let size = local.memory().keeper.size();
        let fits = self.fits("the store", size).and_then(|()| {
            // That of the first step of an inner run has the store as it was before, too.
            self.fits(&format!("what `{info}` has changed"), record.size())
        });
        fits.map_err(|error| info.error(error))?;
        Ok(record)
    }

    /// A recorded step is applied to the store, which becomes as it was after the step.
    pub(super) fn apply<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        change: &Json,
        shared: &mut S,
    ) -> Result<(), Error> {
        let mut memory = local.memory();
        let applied = memory.keeper.apply(change.text(), shared);
        applied.map_err(|error| info.error(self.bad_field("read", error)))
    }

    /// A text that serde has written.
    pub(super) fn json(
        &self,
        info: &StepInfo<'_>,
        what: &str,
        text: String,
    ) -> Result<Json, Error> {
        Json::new(text).map_err(|source| info.error(self.bad("store", what, source)))
    }

    /// Whether what is stored is small enough.
    pub(super) fn fits(&self, what: &str, bytes: usize) -> Result<(), TooLarge> {
        if bytes <= self.max_store {
            return Ok(());
        }
        Err(TooLarge {
            what: what.to_owned(),
            bytes,
            max: self.max_store,
        })
    }

    pub(crate) fn bad(&self, doing: &'static str, what: &str, source: JsonError) -> BadState {
        BadState {
            run: self.run.clone(),
            doing,
            what: what.to_owned(),
            source,
        }
    }

    pub(super) fn bad_field(&self, doing: &'static str, error: BadField) -> BadState {
        self.bad(doing, &error.what(), error.source)
    }
}
