//! The attempts for which runs wait.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::storage::millis;

/// An exec that waits for another attempt: see [`Storage::keep_attempt`](crate::Storage::keep_attempt).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAttempt {
    /// The branch of a fork, counted from 0 in the order written.
    pub branch: Option<u32>,
    /// The [identity](pocketflow::Key::identity) of the item of a batch.
    pub item: Option<u64>,
    /// The path of the node in the flow, with the index of the item, for messages:
    /// `Shop > draft[3]`.
    pub path: String,
    /// The number of the next attempt, counted from 1.
    pub number: u32,
    /// How many attempts the node has.
    pub of: u32,
    /// Why the last attempt failed: the text of its error, of the source of that error, and so on.
    pub causes: Vec<String>,
}

/// When a [`PendingAttempt`] is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueAttempt {
    /// The time, by the clock of the storage.
    #[serde(with = "crate::storage::millis")]
    pub at: SystemTime,
    /// How long that is from now, by the same clock.
    pub left: Duration,
}

impl DueAttempt {
    pub(crate) fn new(due: i64, now: i64) -> Self {
        let left = due.saturating_sub(now).max(0).unsigned_abs();
        Self {
            at: millis::to_time(due),
            left: Duration::from_millis(left),
        }
    }
}

/// The attempt for which a run waits: see [`RunSummary::next_attempt`](super::RunSummary::next_attempt).
///
/// It prints as `attempt 3 of 5 of Shop > pay, due at 2026-11-26 12:00:00Z`. With `{:#}`, the last error
/// follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAttempt {
    /// The path of the node in the flow, with the index of the item: `Shop > draft[3]`.
    pub path: String,
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How many attempts the node has.
    pub of: u32,
    /// When it begins.
    #[serde(with = "crate::storage::millis")]
    pub due: SystemTime,
    /// Why the last attempt failed: the text of its error, of the source of that error, and so on.
    pub causes: Vec<String>,
}

impl fmt::Display for NextAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path, number, of, ..
        } = self;
        let due = millis::utc(self.due);
        write!(f, "attempt {number} of {of} of {path}, due at {due}")?;
        if f.alternate() {
            for cause in &self.causes {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}
