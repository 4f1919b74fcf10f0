//! The lease of a run, from the moment it is asked for: renewed for as long as the run lives, and
//! given back when it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::retry::Backoff;
use super::shared::RunsShared;
use crate::storage::{Storage, StorageError};

/// What a run knows of its lease.
pub(crate) struct Lease<E: Storage> {
    shared: Arc<RunsShared<E>>,
    run: String,
    owner: String,
    state: AtomicU8,
}

const NONE: u8 = 0;
/// Whether the storage has given it is not known yet, and never will be if the call is dropped.
const ASKED: u8 = 1;
const HELD: u8 = 2;
/// A call is under way that gives it back.
const LEAVING: u8 = 3;

impl<E: Storage> Lease<E> {
    pub(crate) fn new(shared: &Arc<RunsShared<E>>, run: &str, owner: &str) -> Self {
        let (shared, run, owner) = (shared.clone(), run.to_owned(), owner.to_owned());
        Self {
            shared,
            run,
            owner,
            state: AtomicU8::new(NONE),
        }
    }

    pub(crate) fn asked(&self) {
        self.state.store(ASKED, SeqCst);
    }

    pub(crate) fn taken(&self) {
        self.state.store(HELD, SeqCst);
    }

    /// It is renewed until the call that gives it back is done. Losing it before then does no harm.
    pub(crate) fn leaving(&self) {
        self.state.store(LEAVING, SeqCst);
    }

    /// Somebody else holds it, or nobody.
    pub(crate) fn gone(&self) {
        self.state.store(NONE, SeqCst);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.state.load(SeqCst) == HELD
    }

    pub(crate) fn may_be_held(&self) -> bool {
        self.state.load(SeqCst) != NONE
    }

    fn is_renewed(&self) -> bool {
        matches!(self.state.load(SeqCst), HELD | LEAVING)
    }
}

/// Beats while the run lives, and gives the lease back when it is dropped.
pub(crate) struct LeaseKeeper<E: Storage> {
    renewal: tokio::task::JoinHandle<()>,
    lost: oneshot::Receiver<StorageError>,
    lease: Arc<Lease<E>>,
}

impl<E: Storage> LeaseKeeper<E> {
    /// Renews the lease while it is held.
    pub(crate) fn start(lease: &Arc<Lease<E>>) -> Self {
        let (tell, lost) = oneshot::channel();
        let renewal = tokio::spawn({
            let lease = lease.clone();
            async move {
                let _ = tell.send(renew(&lease).await);
            }
        });
        Self {
            renewal,
            lost,
            lease: lease.clone(),
        }
    }

    /// Waits until the lease is lost, and says how.
    pub(crate) async fn lost(&mut self) -> StorageError {
        match (&mut self.lost).await {
            Ok(error) => error,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Renews a lease until it is lost.
async fn renew<E: Storage>(lease: &Lease<E>) -> StorageError {
    let Lease {
        shared, run, owner, ..
    } = lease;
    loop {
        sleep((shared.lease / 3).max(Duration::from_millis(10))).await;
        let mut backoff = Backoff::new(shared.max_retry_time, run);
        while lease.is_renewed() {
            match shared.storage.renew(run, owner, shared.lease).await {
                Ok(()) => break,
                Err(StorageError::LeaseLost { .. }) if !lease.is_held() => break,
                Err(error @ StorageError::LeaseLost { .. }) => {
                    lease.gone();
                    return error;
                }
                Err(error @ StorageError::Gone { .. }) => return error,
                // What does not pass may be mended all the same, a full disk for one; a step that
                // is stored tells.
                Err(error) => {
                    if let Err(error) = backoff.wait(error).await {
                        return error;
                    }
                }
            }
        }
    }
}

impl<E: Storage> Drop for LeaseKeeper<E> {
    /// A run that is dropped gives its lease back, so that it can be started again at once.
    fn drop(&mut self) {
        self.renewal.abort();
        if self.lease.state.swap(NONE, SeqCst) != NONE {
            self.lease
                .shared
                .storage
                .release_later(&self.lease.run, &self.lease.owner);
        }
    }
}
