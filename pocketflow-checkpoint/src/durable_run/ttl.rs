//! Removes runs that are over, when they are old enough.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::shared::RunsShared;
use crate::events::event;
use crate::storage::{Status, Storage};

/// How many runs with a status are removed at a time, so that the run that is about to start need not
/// wait for long.
const LIMIT: u32 = 1_000;

/// How long runs stay that are over.
#[derive(Default)]
pub(crate) struct Ttl {
    /// Those that have finished or were cancelled.
    pub(crate) finished: Option<Duration>,
    pub(crate) failed: Option<Duration>,
    /// When to look again.
    next: Mutex<Option<Instant>>,
}

impl Ttl {
    /// Whether it is time to look.
    fn is_due(&self) -> bool {
        let Some(shortest) = self.finished.into_iter().chain(self.failed).min() else {
            return false;
        };
        let pause = (shortest / 10).clamp(Duration::from_secs(1), Duration::from_secs(3_600));
        let (mut next, now) = (self.lock(), Instant::now());
        let is_due = next.is_none_or(|next| next <= now);
        if is_due {
            *next = now.checked_add(pause);
        }
        is_due
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Storage> RunsShared<E> {
    /// Removes old runs from time to time. A failure does not concern the run that starts.
    pub(crate) async fn remove_old_runs(&self) {
        if !self.ttl.is_due() {
            return;
        }
        let (finished, failed) = (self.ttl.finished, self.ttl.failed);
        for (status, ttl) in [
            (Status::Finished, finished),
            (Status::Cancelled, finished),
            (Status::Failed, failed),
        ] {
            let Some(ttl) = ttl else { continue };
            let before = SystemTime::now().checked_sub(ttl).unwrap_or(UNIX_EPOCH);
            match self.storage.prune(status, before, Some(LIMIT)).await {
                Ok(0) => {}
                Ok(count) => {
                    event!(INFO, "runs pruned", status = status.as_str(), count = count);
                    if count >= u64::from(LIMIT) {
                        // There may be more.
                        *self.ttl.lock() = None;
                    }
                }
                Err(error) => {
                    let error = error.to_string();
                    event!(
                        WARN,
                        "prune failed",
                        status = status.as_str(),
                        error = error
                    );
                }
            }
        }
    }
}
