//! Retries of storage calls after transient failures.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::storage::StorageError;

const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// How long a call is retried, and the pauses in between.
///
/// In the meantime the run keeps its lease, even an expired one, unless another owner has taken the
/// run over. The storage reports that.
pub(crate) struct Backoff<'a> {
    limit: Duration,
    run: &'a str,
    since: Option<Instant>,
    pause: Duration,
}

impl<'a> Backoff<'a> {
    pub(crate) fn new(limit: Duration, run: &'a str) -> Self {
        Self {
            limit,
            run,
            since: None,
            pause: FIRST,
        }
    }

    /// Whether an earlier call failed. It may still have taken effect.
    pub(crate) fn has_retried(&self) -> bool {
        self.since.is_some()
    }

    /// Waits before the next call, longer each time, or returns an error after the limit.
    pub(crate) async fn wait(&mut self, error: StorageError) -> Result<(), StorageError> {
        let after = self.since.get_or_insert_with(Instant::now).elapsed();
        if after >= self.limit {
            return Err(StorageError::LeaseNotRenewed {
                run: self.run.to_owned(),
                after,
                source: Box::new(error),
            });
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST);
        Ok(())
    }
}

/// Calls the storage again as long as its failure is transient.
macro_rules! retry {
    ($backoff:ident, $call:expr) => {
        loop {
            match $call.await {
                Err(error) if error.is_transient() => {
                    if let Err(error) = $backoff.wait(error).await {
                        break Err(error);
                    }
                }
                done => break done,
            }
        }
    };
}
pub(crate) use retry;
