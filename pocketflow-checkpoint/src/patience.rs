//! Calls of the storage that are made again after a failure that may pass.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::StorageError;

const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// How long a call is made again and again.
///
/// Meanwhile the run keeps its lease, even if it has run out, unless somebody else has taken it
/// over; the storage says so then.
pub(crate) struct Patience<'a> {
    limit: Duration,
    run: &'a str,
    since: Option<Instant>,
    pause: Duration,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(limit: Duration, run: &'a str) -> Self {
        Self {
            limit,
            run,
            since: None,
            pause: FIRST,
        }
    }

    /// Whether a call may have been done without an answer.
    pub(crate) fn is_tried(&self) -> bool {
        self.since.is_some()
    }

    /// Waits a little longer each time, or gives up.
    pub(crate) async fn after(&mut self, error: StorageError) -> Result<(), StorageError> {
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

/// Makes a call of the storage again for as long as its failure may pass.
macro_rules! patiently {
    ($patience:ident, $call:expr) => {
        loop {
            match $call.await {
                Err(error) if error.is_passing() => {
                    if let Err(error) = $patience.after(error).await {
                        break Err(error);
                    }
                }
                done => break done,
            }
        }
    };
}
pub(crate) use patiently;
