//! The attempts for which runs wait.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

#[doc(inline)]
pub use pocketflow_durable::{NextAttempt, PendingAttempt};

use crate::storage::millis;

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
