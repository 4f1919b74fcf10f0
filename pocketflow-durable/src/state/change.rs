//! What a step changes in a stored state.

use serde::{Deserialize, Serialize};

/// What the store of a run looks like from now on: its fields, or those that have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// A JSON object with the fields.
    pub fields: String,
    /// Whether these are all fields. Otherwise, the fields that are not among them stay as they
    /// are stored.
    pub whole: bool,
}

impl StateChange {
    /// All fields of a store.
    pub fn all(fields: impl Into<String>) -> Self {
        let (fields, whole) = (fields.into(), true);
        Self { fields, whole }
    }

    /// The fields that have changed since the state was stored last.
    pub fn some(fields: impl Into<String>) -> Self {
        let (fields, whole) = (fields.into(), false);
        Self { fields, whole }
    }
}
