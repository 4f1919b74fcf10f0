//! Errors without the values of confidential fields. Everybody who may ask for the status of a run reads
//! them, and the server writes them to its log.

use std::sync::{MutexGuard, PoisonError};

use pocketflow::{Error, Shared};
use pocketflow_durable::{Confidential, ConfidentialTexts, Definition};

use super::Burst;
use crate::pump::Json;
use crate::state;
use crate::wire::RunError;

impl Burst {
    /// The names are consistent whenever the lock is free, so a poisoned lock can be used.
    fn confidential(&self) -> MutexGuard<'_, Confidential> {
        self.confidential
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The flow begins, or an inner run of it, on such a store.
    pub(super) fn knows<S: Shared>(&self) {
        self.confidential().add::<S>();
    }

    /// The run has been stored by another program, whose fields may have other names.
    pub(crate) fn knows_stored(&self, definition: &Json) {
        if let Ok(definition) = Definition::decode(definition.text()) {
            self.confidential().add_stored(&definition);
        }
    }

    /// The values of the confidential fields as they were before the burst, and as they are now.
    fn values(&self) -> ConfidentialTexts {
        let confidential = self.confidential();
        if confidential.is_empty() {
            return ConfidentialTexts::default();
        }
        let now = self.now();
        let stores = [&self.base, &*now].into_iter().flat_map(state::Run::stores);
        let fields = stores.flat_map(|store| store.iter());
        confidential.texts(fields.map(|(name, json)| (&**name, json.text())))
    }

    /// An error as it is recorded and shown.
    pub(super) fn run_error(&self, error: &Error) -> RunError {
        let mut error = RunError::from(error);
        let values = self.values();
        let texts = [&mut error.message].into_iter();
        for text in texts.chain(&mut error.path).chain(&mut error.causes) {
            *text = values.out_of(text).into_owned();
        }
        error
    }

    /// The texts of an error as they are recorded and shown.
    pub(super) fn without_values(&self, mut texts: Vec<String>) -> Vec<String> {
        let values = self.values();
        for text in &mut texts {
            *text = values.out_of(text).into_owned();
        }
        texts
    }
}
