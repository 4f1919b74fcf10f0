//! The time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that is not behind a time at which something was due.
///
/// The server decides when something is due, and its clock may be ahead of the clock of this process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    not_before: u64,
}

impl Clock {
    pub(crate) fn not_before(due: Option<u64>) -> Self {
        Self {
            not_before: due.unwrap_or_default(),
        }
    }

    /// The milliseconds since the Unix epoch.
    pub(crate) fn now(self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        millis(now.unwrap_or_default()).max(self.not_before)
    }
}

/// A time in milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
