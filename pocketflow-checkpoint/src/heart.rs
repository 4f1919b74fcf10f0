//! The heartbeat of a run: it renews the lease for as long as it lives, and gives it back when it dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::checkpoints::Common;
use crate::error::StorageError;
use crate::storage::Storage;

pub(crate) struct Heart<E: Storage> {
    beat: tokio::task::JoinHandle<()>,
    lost: oneshot::Receiver<StorageError>,
    common: Arc<Common<E>>,
    held: Arc<AtomicBool>,
    run: String,
    owner: String,
}

impl<E: Storage> Heart<E> {
    /// Renews the lease while it is held.
    pub(crate) fn beat(common: &Arc<Common<E>>, held: &Arc<AtomicBool>, run: &str, owner: &str) -> Self {
        let (tell, lost) = oneshot::channel();
        let beat = {
            let (common, held) = (common.clone(), held.clone());
            let (run, owner) = (run.to_owned(), owner.to_owned());
            tokio::spawn(async move {
                loop {
                    sleep((common.lease / 3).max(Duration::from_millis(10))).await;
                    if !held.load(SeqCst) {
                        continue;
                    }
                    match common.storage.renew(&run, &owner, common.lease).await {
                        Err(error @ StorageError::LeaseLost { .. }) if held.load(SeqCst) => {
                            held.store(false, SeqCst);
                            let _ = tell.send(error);
                            return;
                        }
                        // A storage that fails now may work at the next beat; a step that is stored will tell.
                        _ => {}
                    }
                }
            })
        };
        let (common, held, run, owner) = (common.clone(), held.clone(), run.to_owned(), owner.to_owned());
        Self { beat, lost, common, held, run, owner }
    }

    /// Waits until the lease is lost, and says how.
    pub(crate) async fn lost(&mut self) -> StorageError {
        match (&mut self.lost).await {
            Ok(error) => error,
            Err(_) => std::future::pending().await,
        }
    }
}

impl<E: Storage> Drop for Heart<E> {
    /// A run that is dropped gives its lease back, so that it can be started again at once.
    fn drop(&mut self) {
        self.beat.abort();
        if !self.held.swap(false, SeqCst) {
            return;
        }
        let (common, run, owner) = (self.common.clone(), self.run.clone(), self.owner.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // If it fails, the lease runs out.
            runtime.spawn(async move { drop(common.storage.release(&run, &owner).await) });
        }
    }
}
