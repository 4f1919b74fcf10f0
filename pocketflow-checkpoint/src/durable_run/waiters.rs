//! The runs that wait in this process, and the task that looks for what other processes have
//! filled.
//!
//! A run that waits is woken by its id: by a fill in this process, or by the poller, which asks the
//! storage about all of them in one query. Nothing else costs a waiting run anything.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::ears;
use super::retry::{Backoff, retry};
use super::shared::RunsShared;
use crate::storage::Storage;
use pocketflow_durable::Fits;

/// The runs that wait in this process.
#[derive(Default)]
pub(crate) struct Waiters {
    waiting: Mutex<Waiting>,
    /// Ends the pause of the poller.
    poll_now: Arc<Notify>,
}

#[derive(Default)]
struct Waiting {
    /// By their ids. Several tasks may wait for one run.
    runs: HashMap<String, Vec<Waiter>>,
    /// How many have begun to wait.
    begun: u64,
    /// The task that polls, with its number.
    poller: Option<(u64, AbortHandle)>,
}

/// What a run waits for.
struct Waiter {
    number: u64,
    field: String,
    /// The last finished step of the run.
    step: u64,
    /// Checks whether a text is a value of the field.
    fits: Option<Fits>,
    /// Whether the storage knows that the run waits. Before that, it would seem to have moved.
    is_stored: bool,
    wake: Arc<Notify>,
}

/// Identifies waiters and pollers.
fn number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    NUMBER.fetch_add(1, Relaxed)
}

impl Waiters {
    /// The map is always consistent, so a poisoned lock does no harm.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers that a run waits for a field after a step.
    pub(crate) fn add<'a>(
        &'a self,
        run: &'a str,
        field: &str,
        step: u64,
        fits: Option<Fits>,
    ) -> WaitGuard<'a> {
        let (number, wake) = (number(), Arc::<Notify>::default());
        let mut waiting = self.lock();
        let same = waiting.runs.entry(run.to_owned()).or_default();
        // The poller asks about one step of a run. After another step, the run has moved on.
        for other in same.iter().filter(|other| other.step != step) {
            other.wake.notify_one();
        }
        same.push(Waiter {
            number,
            field: field.to_owned(),
            step,
            fits,
            is_stored: false,
            wake: wake.clone(),
        });
        WaitGuard {
            waiters: self,
            run,
            number,
            wake,
        }
    }

    /// Lets the tasks that wait for a run look at it.
    pub(crate) fn wake(&self, run: &str) {
        wake(self.lock().runs.get(run).into_iter().flatten());
    }

    /// Lets the tasks that wait for a run, or for one of its inner runs, look at it.
    pub(crate) fn wake_within(&self, run: &str) {
        let is_within = |id: &str| {
            let rest = id.strip_prefix(run);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let waiting = self.lock();
        let within = waiting.runs.iter().filter(|(id, _)| is_within(id));
        wake(within.flat_map(|(_, waiters)| waiters));
    }

    /// Asks the storage about all runs without waiting for the next poll.
    pub(crate) fn poll_now(&self) {
        self.poll_now.notify_one();
    }

    fn wake_all(&self) {
        wake(self.lock().runs.values().flatten());
    }

    /// The check of a field that a run waits for.
    pub(crate) fn fits(&self, run: &str, field: &str) -> Option<Fits> {
        let waiting = self.lock();
        let mut waiters = waiting.runs.get(run)?.iter();
        waiters.find(|waiter| waiter.field == field)?.fits
    }

    /// The runs, each with its last finished step.
    fn all(&self) -> Vec<(String, u64)> {
        let waiting = self.lock();
        let runs = waiting.runs.iter().filter_map(|(run, waiters)| {
            let stored = waiters.iter().rfind(|waiter| waiter.is_stored);
            Some((run.clone(), stored?.step))
        });
        runs.collect()
    }
}

fn wake<'a>(waiters: impl Iterator<Item = &'a Waiter>) {
    waiters.for_each(|waiter| waiter.wake.notify_one());
}

/// Keeps a run registered until it is dropped.
pub(crate) struct WaitGuard<'a> {
    waiters: &'a Waiters,
    run: &'a str,
    number: u64,
    wake: Arc<Notify>,
}

impl WaitGuard<'_> {
    /// Waits until there may be news. The storage knows whether there are, and knows that the run
    /// waits.
    pub(crate) async fn woken<E: Storage>(&self, shared: &Arc<RunsShared<E>>) {
        {
            let mut waiting = self.waiters.lock();
            waiting.begun += 1;
            let same = waiting.runs.get_mut(self.run).into_iter().flatten();
            for waiter in same.filter(|waiter| waiter.number == self.number) {
                waiter.is_stored = true;
            }
        }
        ears::listen(shared);
        start_polling(shared);
        self.wake.notified().await;
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waiters.lock();
        if let Some(waiters) = waiting.runs.get_mut(self.run) {
            waiters.retain(|waiter| waiter.number != self.number);
            if waiters.is_empty() {
                waiting.runs.remove(self.run);
            }
        }
        if waiting.runs.is_empty()
            && let Some((_, poller)) = waiting.poller.take()
        {
            poller.abort();
        }
    }
}

/// Starts the poller, unless there is one. It ends with the last run that waits.
fn start_polling<E: Storage>(shared: &Arc<RunsShared<E>>) {
    let mut waiting = shared.waiters.lock();
    if waiting.poller.is_none() {
        let (number, weak) = (number(), Arc::downgrade(shared));
        let pause = shared.poll.max(Duration::from_millis(1));
        let poller = Poller {
            shared: weak,
            number,
            poll_now: shared.waiters.poll_now.clone(),
        };
        let task = tokio::spawn(poller.run(pause));
        waiting.poller = Some((number, task.abort_handle()));
    }
}

/// Between two polls it does not keep the storage open.
struct Poller<E: Storage> {
    shared: Weak<RunsShared<E>>,
    number: u64,
    poll_now: Arc<Notify>,
}

impl<E: Storage> Poller<E> {
    async fn run(self, pause: Duration) {
        // What was the same when no run had moved.
        let mut last = None;
        loop {
            let _ = timeout(pause, self.poll_now.notified()).await;
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            let begun = shared.waiters.lock().begun;
            let mut backoff = Backoff::new(shared.max_retry_time, "");
            let version = retry!(backoff, shared.storage.version());
            let version = version.unwrap_or_default().map(|version| (version, begun));
            if version.is_some() && version == last {
                continue;
            }
            let waiting = shared.waiters.all();
            match retry!(backoff, shared.storage.moved(&waiting)) {
                Ok(moved) => {
                    last = version.filter(|_| moved.is_empty());
                    moved.iter().for_each(|run| shared.waiters.wake(run));
                }
                // Each run finds the error itself, and ends with it.
                Err(_) => shared.waiters.wake_all(),
            }
        }
    }
}

impl<E: Storage> Drop for Poller<E> {
    /// If the poller's runtime ends before the last run that waits, a run of another runtime starts
    /// the next poller.
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let mut waiting = shared.waiters.lock();
        if waiting
            .poller
            .take_if(|(number, _)| *number == self.number)
            .is_some()
        {
            wake(waiting.runs.values().flatten());
        }
    }
}
