//! Errors without the values of confidential fields. Everybody who may list the runs of a storage reads them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pocketflow::{ConfidentialTexts, Error, Shared};
use pocketflow_durable::{Confidential, Definition};
use serde_json::value::RawValue;

use super::DurableRun;
use crate::storage::{RunRecord, Storage};

/// The values that the confidential fields of a run and of its inner runs have had.
#[derive(Default)]
pub(super) struct Secrets(Mutex<Known>);

#[derive(Default)]
struct Known {
    fields: Confidential,
    texts: ConfidentialTexts,
}

impl Secrets {
    /// What is known is consistent whenever the lock is free, so a poisoned lock can be used.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A flow runs on such a store.
    pub(super) fn know<S: Shared>(&self) {
        self.lock().fields.add::<S>();
    }

    /// A run goes on from what is stored. An older program may have had other confidential fields.
    pub(super) fn know_stored<S: Shared>(&self, record: &RunRecord) {
        self.know::<S>();
        if let Ok(definition) = Definition::decode(&record.graph) {
            self.lock().fields.add_stored(&definition);
        }
        self.learn(&record.state);
    }

    /// The store of the run, or of an inner run, has these fields: a JSON object.
    pub(super) fn learn(&self, state: &str) {
        let Known { fields, texts } = &mut *self.lock();
        if fields.is_empty() {
            return;
        }
        // A text that cannot be read does not become a store either.
        let state: BTreeMap<String, &RawValue> = serde_json::from_str(state).unwrap_or_default();
        let state = state.iter().map(|(name, json)| (&**name, json.get()));
        fields.add_texts(state, texts);
    }

    /// A text as it is stored and shown.
    pub(super) fn out_of(&self, text: &str) -> String {
        self.lock().texts.out_of(text).into_owned()
    }

    /// Texts as they are stored and shown.
    pub(super) fn out_of_all(&self, texts: Vec<String>) -> Vec<String> {
        texts.iter().map(|text| self.out_of(text)).collect()
    }
}

impl<E: Storage> DurableRun<E> {
    /// An error and its causes, as they are stored and shown.
    pub(super) fn shown(&self, error: &Error) -> String {
        self.secrets.out_of(&format!("{error:#}"))
    }
}
