//! The lease of a run, from the moment it is requested. It is renewed while the run lives, and
//! released when the run ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use super::retry::Backoff;
use super::shared::RunsShared;
use crate::events::event;
use crate::storage::{Storage, StorageError};

/// What a run knows of its lease.
pub(crate) struct Lease<E: Storage> {
    shared: Arc<RunsShared<E>>,
    run: String,
    owner: String,
    state: AtomicU8,
    /// Notified when the lease is to be renewed again.
    held: Notify,
}

const NONE: u8 = 0;
/// It is not known yet whether the storage has granted it. If the call is dropped, it never will
/// be.
const REQUESTED: u8 = 1;
const HELD: u8 = 2;
/// A call that releases it is in progress.
const RELEASING: u8 = 3;

impl<E: Storage> Lease<E> {
    pub(crate) fn new(shared: &Arc<RunsShared<E>>, run: &str, owner: &str) -> Self {
        let (shared, run, owner) = (shared.clone(), run.to_owned(), owner.to_owned());
        Self {
            shared,
            run,
            owner,
            state: AtomicU8::new(NONE),
            held: Notify::new(),
        }
    }

    pub(crate) fn requested(&self) {
        self.state.store(REQUESTED, SeqCst);
    }

    pub(crate) fn acquired(&self) {
        self.state.store(HELD, SeqCst);
        self.held.notify_one();
    }

    /// The lease is renewed until the call that releases it is done. Losing it before then does no
    /// harm.
    pub(crate) fn releasing(&self) {
        self.state.store(RELEASING, SeqCst);
    }

    /// Another owner holds the lease, or no owner.
    pub(crate) fn ended(&self) {
        self.state.store(NONE, SeqCst);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.state.load(SeqCst) == HELD
    }

    pub(crate) fn may_be_held(&self) -> bool {
        self.state.load(SeqCst) != NONE
    }

    /// The outermost run, whose lease it is.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    pub(crate) fn is_releasing(&self) -> bool {
        self.state.load(SeqCst) == RELEASING
    }

    fn is_renewed(&self) -> bool {
        matches!(self.state.load(SeqCst), HELD | RELEASING)
    }

    /// Waits until it is renewed. A run that waits in memory holds no lease, and costs no timer.
    async fn until_renewed(&self) {
        while !self.is_renewed() {
            self.held.notified().await;
        }
    }
}

/// Renews the lease in the background, and releases it when dropped.
pub(crate) struct LeaseKeeper<E: Storage> {
    renewal: tokio::task::JoinHandle<()>,
    lost: oneshot::Receiver<StorageError>,
    lease: Arc<Lease<E>>,
}

impl<E: Storage> LeaseKeeper<E> {
    /// Starts to renew the lease while it is held.
    pub(crate) fn start(lease: &Arc<Lease<E>>) -> Self {
        let (sender, lost) = oneshot::channel();
        let renewal = tokio::spawn({
            let lease = lease.clone();
            async move {
                let error = renew(&lease).await;
                let (run, owner, text) = (&*lease.run, &*lease.owner, error.to_string());
                event!(WARN, "lease lost", run = run, owner = owner, error = text);
                let _ = sender.send(error);
            }
        });
        Self {
            renewal,
            lost,
            lease: lease.clone(),
        }
    }

    /// Waits until the lease is lost, and returns why.
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
        lease.until_renewed().await;
        sleep((shared.lease / 3).max(Duration::from_millis(10))).await;
        let mut backoff = Backoff::new(shared.max_retry_time, run);
        while lease.is_renewed() {
            match shared.storage.renew(run, owner, shared.lease).await {
                Ok(()) => break,
                Err(StorageError::LeaseLost { .. } | StorageError::Cancelled { .. })
                    if !lease.is_held() =>
                {
                    break;
                }
                Err(error @ (StorageError::LeaseLost { .. } | StorageError::Cancelled { .. })) => {
                    lease.ended();
                    return error;
                }
                Err(error @ StorageError::Gone { .. }) => return error,
                // Even a permanent failure, such as a full disk, may be repaired. The next step to
                // be stored shows that.
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
    /// Releases the lease of a dropped run, so that the run can start again at once.
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
