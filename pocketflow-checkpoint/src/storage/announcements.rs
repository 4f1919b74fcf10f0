//! What other processes say about runs.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};

/// The announcements of a storage: see [`Storage::announcements`](crate::Storage::announcements).
#[derive(Debug)]
pub struct Announcements(broadcast::Receiver<Arc<str>>);

impl Announcements {
    /// Makes announcements of what is sent: the ids of runs. An empty text says that any run may have
    /// changed, for example after a connection was lost.
    pub fn new(runs: broadcast::Receiver<Arc<str>>) -> Self {
        Self(runs)
    }

    /// The next run that another process has announced, or `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> Option<Announced> {
        match self.0.recv().await {
            Ok(run) if run.is_empty() => Some(Announced::AnyRun),
            Ok(run) => Some(Announced::Run(run)),
            Err(RecvError::Lagged(_)) => Some(Announced::AnyRun),
            Err(RecvError::Closed) => None,
        }
    }
}

/// What may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Announced {
    /// This run.
    Run(Arc<str>),
    /// Any run: announcements may have been missed.
    AnyRun,
}
