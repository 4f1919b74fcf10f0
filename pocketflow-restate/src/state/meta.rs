//! Where a run is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Inner;
use crate::pump::Json;
use crate::wire::RunStatus;

/// Where a run is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// What `status` reports.
    pub(crate) status: RunStatus,
    /// The number of the next burst. A call of `step` with another number is out of date.
    pub(crate) burst: u64,
    /// The definition of the flow and its store, with the hashes of the input.
    pub(crate) definition: Json,
    /// A hash of the request that started the run.
    pub(crate) request: String,
    /// The position of the last finished step.
    pub(crate) position: Option<Json>,
    /// The action that it returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    /// How often the run has waited for each field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) visits: BTreeMap<String, u64>,
    /// How many parts the stored log has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) log: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What a driver resumes a run from, the outermost or an inner one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) definition: &'a Json,
    pub(crate) step: u64,
    pub(crate) position: Option<&'a Json>,
    pub(crate) action: Option<&'a str>,
    pub(crate) visits: &'a BTreeMap<String, u64>,
}

impl Meta {
    /// The name of the run in keys, such as `Shop/order-17@1764169151000`. The time tells it from a removed run with
    /// the same id.
    pub(crate) fn name(&self) -> String {
        let RunStatus {
            flow, run, created, ..
        } = &self.status;
        format!("{flow}/{run}@{created}")
    }

    pub(crate) fn stored(&self) -> Stored<'_> {
        Stored {
            definition: &self.definition,
            step: self.status.step,
            position: self.position.as_ref(),
            action: self.action.as_deref(),
            visits: &self.visits,
        }
    }
}

impl Inner {
    pub(crate) fn stored(&self) -> Stored<'_> {
        Stored {
            definition: &self.definition,
            step: self.step,
            position: self.position.as_ref(),
            action: self.action.as_deref(),
            visits: &self.visits,
        }
    }
}
