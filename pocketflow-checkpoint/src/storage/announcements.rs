//! What other processes say about runs.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};

/// The announcements of a storage: see [`Storage::announcements`](crate::Storage::announcements).
#[derive(Debug)]
pub struct Announcements(broadcast::Receiver<Arc<str>>);

impl Announcements {
    /// Makes announcements of what is sent: the ids of runs.
    pub fn new(runs: broadcast::Receiver<Arc<str>>) -> Self {
        Self(runs)
    }

    /// The next run that another process has announced, or `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> Option<Arc<str>> {
        loop {
            match self.0.recv().await {
                Ok(run) => return Some(run),
                // The poll finds those that were missed.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
