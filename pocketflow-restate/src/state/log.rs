//! What is recorded of the step in progress.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Fields;
use crate::pump::{Json, Key, Outcome, Part};

/// What is recorded of the step in progress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Log {
    /// The pieces of the step and of the current steps of its inner runs.
    #[serde(with = "pairs")]
    pub(crate) parts: BTreeMap<Key, Outcome>,
    /// The inner runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) inner: BTreeMap<String, Inner>,
}

/// An inner run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inner {
    pub(crate) definition: Json,
    pub(crate) store: Fields,
    /// The number of the last finished step, its position, and the action that it returned.
    pub(crate) step: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    /// How often the run has waited for each field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) visits: BTreeMap<String, u64>,
}

impl Log {
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.inner.is_empty()
    }

    /// A step of a run has finished: its pieces and its inner runs are not needed any more.
    pub(super) fn forget(&mut self, run: &str, step: u64) {
        let within = match run {
            "" => format!("{step}/"),
            run => format!("{run}/{step}/"),
        };
        self.parts
            .retain(|key, _| !(key.run.starts_with(&within) || key.run == run && key.step == step));
        self.inner.retain(|id, _| !id.starts_with(&within));
    }

    /// Inserts a piece. An attempt replaces the earlier ones of the same exec, and an item ends them.
    pub(super) fn insert(&mut self, key: &Key, outcome: &Outcome) {
        if let Part::Attempt(piece, _) | Part::Item(piece) = key.part {
            let attempt = |number| Key {
                part: Part::Attempt(piece, number),
                ..key.clone()
            };
            let earlier = self.parts.range(attempt(0)..=attempt(u32::MAX));
            let earlier: Vec<_> = earlier.map(|(key, _)| key.clone()).collect();
            for key in earlier {
                self.parts.remove(&key);
            }
        }
        self.parts.insert(key.clone(), outcome.clone());
    }
}

/// A map as a list of pairs, because the keys are no texts.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::pump::{Key, Outcome};

    pub(super) fn serialize<S: Serializer>(
        parts: &BTreeMap<Key, Outcome>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(parts)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Key, Outcome>, D::Error> {
        let pairs: Vec<(Key, Outcome)> = Vec::deserialize(from)?;
        Ok(pairs.into_iter().collect())
    }
}
