//! Leases that are given back when their run was dropped, which nothing can wait for then: the
//! runtime may be ending.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ops;
use super::pool::Pool;
use crate::error::StorageError;

/// For how long a process that ends waits for this.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// The call that was dropped may still reach the server: when to look whether it took the lease.
const LOOKS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_millis(1_000),
];

/// A thread with a connection and a runtime of its own, as long as there is something to give back.
pub(super) struct Later {
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
    /// Runs and their owners.
    leases: Vec<(String, String)>,
    works: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Later {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            shared: Arc::default(),
        }
    }

    pub(super) fn release(&self, run: &str, owner: &str) {
        let mut queue = self.shared.queue();
        queue.leases.push((run.to_owned(), owner.to_owned()));
        if queue.works {
            return;
        }
        let (pool, shared) = (self.pool.anew(), self.shared.clone());
        // Without a thread, the lease runs out.
        let thread = std::thread::Builder::new().name("pocketflow-leases".to_owned());
        queue.works = thread.spawn(move || work(&pool, &shared)).is_ok();
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        let queue = self.shared.queue();
        let _ = self
            .shared
            .done
            .wait_timeout_while(queue, LAST_WAIT, |queue| queue.works);
    }
}

fn work(pool: &Pool, shared: &Shared) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    loop {
        let leases = {
            let mut queue = shared.queue();
            if queue.leases.is_empty() {
                queue.works = false;
                shared.done.notify_all();
                return;
            }
            std::mem::take(&mut queue.leases)
        };
        if let Ok(runtime) = &runtime {
            runtime.block_on(release(pool, leases));
        }
    }
}

async fn release(pool: &Pool, mut leases: Vec<(String, String)>) {
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let mut left = Vec::new();
        for (run, owner) in leases {
            let released = async {
                let mut tx = pool.begin(format!("release run `{run}`")).await?;
                let done = ops::release(&mut tx, &run, &owner).await;
                tx.end(done).await
            };
            match released.await {
                // Somebody else holds it.
                Ok(())
                | Err(StorageError::LeaseLost {
                    holder: Some(_), ..
                }) => {}
                Err(_) => left.push((run, owner)),
            }
        }
        if left.is_empty() {
            return;
        }
        leases = left;
    }
}
