//! Releases leases after their run was dropped, when no future can wait for it: the runtime may be
//! ending.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pool::Pool;
use super::transaction;
use crate::storage::error::StorageError;
use crate::storage::operation::Release;

/// How long a process that ends waits for the releases.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// The pauses before each attempt. The call that was dropped may still reach the server and take
/// the lease.
const PAUSES: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_millis(1_000),
];

/// A queue with a thread, which has its own runtime and its own connections and lives as long as
/// there is something to release.
pub(super) struct ReleaseQueue {
    pool: Arc<Pool>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    done: Condvar,
}

#[derive(Default)]
struct Queue {
    releases: Vec<Release>,
    /// Whether the thread is running.
    is_running: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReleaseQueue {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            shared: Arc::default(),
        }
    }

    pub(super) fn push(&self, release: Release) {
        let mut queue = self.shared.queue();
        queue.releases.push(release);
        if queue.is_running {
            return;
        }
        let (pool, shared) = (self.pool.anew(), self.shared.clone());
        // If there can be no thread, the lease expires.
        let thread = std::thread::Builder::new().name("pocketflow-leases".to_owned());
        queue.is_running = thread.spawn(move || drain(&pool, &shared)).is_ok();
    }
}

impl Drop for ReleaseQueue {
    fn drop(&mut self) {
        let queue = self.shared.queue();
        let _ = self
            .shared
            .done
            .wait_timeout_while(queue, LAST_WAIT, |queue| queue.is_running);
    }
}

/// Releases until the queue is empty.
fn drain(pool: &Pool, shared: &Shared) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    loop {
        let releases = {
            let mut queue = shared.queue();
            if queue.releases.is_empty() {
                queue.is_running = false;
                shared.done.notify_all();
                return;
            }
            std::mem::take(&mut queue.releases)
        };
        if let Ok(runtime) = &runtime {
            runtime.block_on(release_all(pool, releases));
        }
    }
}

async fn release_all(pool: &Pool, mut releases: Vec<Release>) {
    for pause in PAUSES {
        tokio::time::sleep(pause).await;
        let mut left = Vec::new();
        for release in releases {
            match transaction::run(pool, &release).await {
                Ok(()) => {}
                // Another owner holds it, or it was released with its run.
                Err(
                    StorageError::LeaseLost {
                        holder: Some(_), ..
                    }
                    | StorageError::Cancelled { .. },
                ) => {}
                Err(_) => left.push(release),
            }
        }
        if left.is_empty() {
            return;
        }
        releases = left;
    }
}
