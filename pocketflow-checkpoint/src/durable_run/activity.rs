//! Which runs of a driver are at work: the outermost run and its inner runs. When none is, and some
//! wait in memory, the outermost run gives its lease back until one of them goes on.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use tokio::sync::{Mutex, Notify};

use super::DurableRun;
use super::retry::retry;
use crate::storage::{
    BeginOutcome, NewRun, RunRecord, Status, Storage, StorageError, StorageResult,
};

/// How many runs of a driver are at work. One whose step consists of inner runs is not, and neither is
/// one that waits in memory.
///
/// All of them are polled by one task, so a number that changes and changes back while the task runs
/// has not changed.
pub(super) struct Activity {
    working: AtomicUsize,
    /// Notifies one of the waiting runs that none is at work.
    idle: Notify,
    /// The number of the current step of the outermost run, if it has inner runs.
    step: AtomicU64,
    /// Whether the lease has been given back because no run is at work.
    lease_returned: Mutex<bool>,
}

impl Default for Activity {
    /// The outermost run is at work.
    fn default() -> Self {
        Self {
            working: AtomicUsize::new(1),
            idle: Notify::new(),
            step: AtomicU64::new(0),
            lease_returned: Mutex::new(false),
        }
    }
}

impl Activity {
    /// Another run works until the guard is dropped.
    pub(super) fn work(&self) -> Working<'_> {
        self.working.fetch_add(1, SeqCst);
        Working(self)
    }

    /// A run does not work until the guard is dropped.
    pub(super) fn pause(&self) -> Paused<'_> {
        self.end();
        Paused(self)
    }

    /// The outermost run takes its lease when it begins, whatever an earlier call has left.
    pub(super) async fn begin(&self) {
        *self.lease_returned.lock().await = false;
    }

    /// The outermost run is in this step, which has inner runs.
    pub(super) fn at_step(&self, step: u64) {
        self.step.store(step, SeqCst);
    }

    /// Waits until no run is at work.
    pub(super) async fn idle(&self) {
        self.idle.notified().await;
    }

    fn end(&self) {
        if self.working.fetch_sub(1, SeqCst) == 1 {
            self.idle.notify_one();
        }
    }

    fn is_idle(&self) -> bool {
        self.working.load(SeqCst) == 0
    }
}

pub(super) struct Working<'a>(&'a Activity);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

pub(super) struct Paused<'a>(&'a Activity);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.working.fetch_add(1, SeqCst);
    }
}

impl<E: Storage> DurableRun<E> {
    /// Gives the lease of the outermost run back, if no run of this driver is at work.
    pub(super) async fn return_lease(&self) -> StorageResult<()> {
        let activity = &*self.activity;
        let mut returned = activity.lease_returned.lock().await;
        if *returned || !activity.is_idle() {
            return Ok(());
        }
        self.lease.releasing();
        let mut backoff = self.backoff();
        let (storage, root) = (&self.runs.storage, self.lease.run());
        match retry!(backoff, storage.wait_for_inner(root, &self.owner)) {
            Ok(()) => {}
            // An earlier call may have given it back before its answer was lost.
            Err(StorageError::LeaseLost { .. }) if backoff.has_retried() => {}
            Err(error) => {
                self.lease.acquired();
                return Err(error);
            }
        }
        self.lease.ended();
        *returned = true;
        Ok(())
    }

    /// Takes the lease of the outermost run again, if it was given back. Returns whether the outermost
    /// run is still in this step.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if another process has been faster.
    pub(super) async fn take_lease_again(&self) -> StorageResult<bool> {
        let mut returned = self.activity.lease_returned.lock().await;
        // A call that gave it back may have been dropped.
        if !*returned && !self.lease.is_releasing() {
            return Ok(true);
        }
        let root = self.lease.run();
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        let Some(record) = retry!(backoff, storage.show(root))? else {
            return Ok(false);
        };
        let stands = |record: &RunRecord| {
            record.status != Status::Finished && record.step < self.activity.step.load(SeqCst)
        };
        if !stands(&record) {
            return Ok(false);
        }
        let new = NewRun {
            flow: record.flow,
            graph: record.graph,
            state: record.state,
            position: record.position,
        };
        self.lease.requested();
        let begun = retry!(
            backoff,
            storage.begin(root, &self.owner, self.runs.lease, &new)
        );
        match begun {
            Ok(begun) => {
                self.lease.acquired();
                *returned = false;
                Ok(match begun {
                    BeginOutcome::Known(record) => stands(&record),
                    BeginOutcome::New => true,
                })
            }
            Err(error @ (StorageError::Alive { .. } | StorageError::Stuck { .. })) => {
                self.lease.ended();
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}
