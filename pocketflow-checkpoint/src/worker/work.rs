//! The loop of a worker.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::Worker;
use crate::durable_run::{DurableRun, RunsShared, listen};
use crate::events::event;
use crate::storage::{Claim, RunRecord, Storage, StorageError, StorageResult, Watched, owner};

/// While there is more to take up than places are free, runs that end soon after one another are
/// replaced in one query.
const GATHER: Duration = Duration::from_millis(10);
/// The longest pause after a failure of the storage.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A worker at work.
pub(super) struct Work<E: Storage> {
    worker: Worker<E>,
    /// The names of the flows. The first changes each time, so that no flow keeps the others from
    /// being taken up.
    flows: Vec<&'static str>,
    /// The runs in progress.
    tasks: JoinSet<()>,
    /// Tells them to end before their next step.
    stop: Arc<AtomicBool>,
    watched: Watched,
    /// How often in a row the storage has failed.
    failures: u32,
}

/// What a look at the storage has shown.
enum Found {
    /// There is nothing more to take up for now.
    Nothing,
    /// As many runs as there were places. There may be more.
    Full,
    /// The storage failed for a moment.
    Failed,
}

impl<E: Storage> Drop for Work<E> {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
    }
}

impl<E: Storage> Work<E> {
    pub(super) fn new(worker: Worker<E>) -> Self {
        Self {
            flows: worker.flows.keys().copied().collect(),
            worker,
            tasks: JoinSet::new(),
            stop: Arc::default(),
            watched: Watched::default(),
            failures: 0,
        }
    }

    fn runs(&self) -> &Arc<RunsShared<E>> {
        &self.worker.runs
    }

    /// How many more runs it may take up.
    fn free(&self) -> u32 {
        let running = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        self.worker.concurrency.get().saturating_sub(running)
    }

    /// Works until the signal comes, or until there is nothing left to do.
    pub(super) async fn until(
        mut self,
        signal: impl Future<Output = ()>,
        idle: bool,
    ) -> StorageResult<()> {
        let mut signal = pin!(signal);
        let mut news = self.runs().ready.subscribe();
        listen(self.runs());
        let (mut next_look, mut next_search) = (Instant::now(), Instant::now());
        let mut last_look: Option<Instant> = None;
        loop {
            if self.free() > 0 && Instant::now() >= next_search {
                let found = self.search().await?;
                next_search = Instant::now() + self.until_search();
                if found {
                    next_look = Instant::now();
                }
            }
            if self.free() > 0 && Instant::now() >= next_look {
                news.mark_unchanged();
                let found = self.look().await?;
                let now = Instant::now();
                last_look = Some(now);
                next_look = now
                    + match found {
                        Found::Nothing if idle && self.tasks.is_empty() => return Ok(()),
                        Found::Nothing => jittered(self.runs().poll),
                        Found::Full => GATHER,
                        Found::Failed => self.pause(),
                    };
            }
            let is_free = self.free() > 0;
            let timer = if is_free {
                next_look.min(next_search)
            } else {
                // Only the end of a run matters.
                Instant::now() + LONGEST_PAUSE
            };
            tokio::select! {
                () = &mut signal => break,
                Some(ended) = self.tasks.join_next() => {
                    Self::ended(ended);
                    while let Some(ended) = self.tasks.try_join_next() {
                        Self::ended(ended);
                    }
                    if idle && self.tasks.is_empty() {
                        next_look = Instant::now();
                    }
                }
                changed = news.changed(), if is_free && self.failures == 0 => {
                    // Its sender is in `self`, so it has changed.
                    debug_assert!(changed.is_ok());
                    let soonest = last_look.map_or_else(Instant::now, |last| last + GATHER);
                    next_look = next_look.min(soonest);
                }
                () = sleep_until(timer) => {}
            }
        }
        self.shut_down().await;
        Ok(())
    }

    /// Ends the runs in progress, each after its step.
    async fn shut_down(&mut self) {
        self.stop.store(true, SeqCst);
        let grace = self.worker.grace;
        let finish = async {
            while let Some(ended) = self.tasks.join_next().await {
                Self::ended(ended);
            }
        };
        if timeout(grace, finish).await.is_err() {
            self.tasks.shutdown().await;
        }
    }

    /// Releases the leases of processes that have died. Returns whether there were any.
    async fn search(&mut self) -> StorageResult<bool> {
        let runs = self.worker.runs.clone();
        let found = runs.storage.release_orphans(&self.flows, &mut self.watched);
        let found = found.await;
        let found = self.survived(found)?.unwrap_or(0);
        runs.remove_old_runs().await;
        if found > 0 {
            event!(WARN, "orphans found", count = found);
        }
        Ok(found > 0)
    }

    /// How long to wait before the next search.
    fn until_search(&self) -> Duration {
        self.watched
            .pause()
            .unwrap_or_else(|| jittered(self.runs().lease / 3))
    }

    /// Takes up as many runs as there are places.
    async fn look(&mut self) -> StorageResult<Found> {
        let (runs, limit) = (self.worker.runs.clone(), self.free());
        if self.flows.is_empty() {
            return Ok(Found::Nothing);
        }
        self.flows.rotate_left(1);
        let owner = owner::new();
        let claim = Claim {
            owner: &owner,
            lease: runs.lease,
            flows: &self.flows,
            limit,
        };
        let start = std::time::Instant::now();
        let claimed = runs.storage.claim(&claim).await;
        let Some(records) = self.survived(claimed)? else {
            return Ok(Found::Failed);
        };
        let (count, is_full) = (records.len(), records.len() >= limit as usize);
        if count > 0 {
            let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            event!(DEBUG, "runs taken up", count = count, micros = micros);
        }
        for record in records {
            self.spawn(record, &owner);
        }
        Ok(if is_full { Found::Full } else { Found::Nothing })
    }

    fn spawn(&mut self, record: RunRecord, owner: &str) {
        let Some(job) = self.worker.flows.get(&*record.flow).cloned() else {
            return;
        };
        let run = DurableRun::new(self.runs().clone(), record.run.clone(), owner.to_owned());
        let migration = self.worker.migrations.get(job.name()).cloned();
        let run = run.claimed(record, migration, self.stop.clone());
        self.tasks.spawn(async move {
            // How it ended is stored, and reported by the run itself.
            let _ = job.run(run).await;
        });
    }

    /// The result of a call of the storage, or `None` after a failure that may pass.
    fn survived<T>(&mut self, result: StorageResult<T>) -> StorageResult<Option<T>> {
        match result {
            Ok(done) => {
                self.failures = 0;
                Ok(Some(done))
            }
            Err(error) if error.is_transient() || is_unreachable(&error) => {
                self.failures = self.failures.saturating_add(1);
                let (error, failures) = (error.to_string(), self.failures);
                event!(WARN, "worker waits", error = error, failures = failures);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// How long to wait after a failure of the storage: longer each time.
    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(8);
        jittered((Duration::from_millis(200) * (1 << doublings)).min(LONGEST_PAUSE))
    }

    /// A run reports itself how it ended, unless its task panicked.
    fn ended(ended: Result<(), JoinError>) {
        if let Err(error) = ended {
            let error = error.to_string();
            event!(ERROR, "task of the worker failed", error = error);
        }
    }
}

/// A server that is restarted is unreachable for a while.
fn is_unreachable(error: &StorageError) -> bool {
    matches!(error, StorageError::Unreachable { .. })
}

/// The duration, up to a quarter shorter or longer, so that several workers do not ask at the same
/// moment.
fn jittered(duration: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1024;
    duration.mul_f64(0.75 + random as f64 / 2048.0)
}
