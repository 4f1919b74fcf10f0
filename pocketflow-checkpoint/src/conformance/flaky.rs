//! A storage that fails at random moments, like a server that is restarted or a file that another
//! process has locked. A call fails either before it takes effect, or afterwards, when the caller
//! does not learn that it did.

use std::future::Future;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use crate::{
    BeginOutcome, Checkpoint, CheckpointState, Claim, DueAttempt, InnerRecord, ItemKey,
    NewInnerRun, NewRun, OpenWait, Pause, PendingAttempt, Retention, RunRecord, RunSummary,
    StateChange, Status, Step, Storage, StorageError, StorageResult, Watched,
};

/// One call in this many fails, and with 0 none does. In addition, one call can be chosen by its
/// number.
pub struct Flaky<S> {
    pub inner: S,
    pub one_in: u32,
    once: Mutex<Option<(u32, How)>>,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Before the call has its effect, with a temporary error.
    Busy,
    /// After the call has had its effect, with a temporary error.
    Disconnected,
    /// Before the call has its effect, with a permanent error.
    Broken,
    /// After the call has had its effect, with a permanent error.
    BrokenAfter,
}

impl<S: Storage> Flaky<S> {
    pub fn new(inner: S, one_in: u32) -> Self {
        Self {
            inner,
            one_in,
            once: Mutex::new(None),
        }
    }

    /// Makes the call with this number fail, counted from 0.
    pub fn once(inner: S, call: u32, how: How) -> Self {
        Self {
            inner,
            one_in: 0,
            once: Mutex::new(Some((call, how))),
        }
    }

    /// Whether the chosen call has not happened yet.
    pub fn is_to_fail(&self) -> bool {
        self.once.lock().unwrap().is_some()
    }

    /// How this call fails, if it does.
    fn now(&self) -> Option<How> {
        let mut once = self.once.lock().unwrap();
        match &mut *once {
            Some((0, how)) => {
                let how = *how;
                *once = None;
                Some(how)
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None if self.one_in > 0 && fastrand::u32(0..self.one_in) == 0 => {
                Some(if fastrand::bool() {
                    How::Busy
                } else {
                    How::Disconnected
                })
            }
            None => None,
        }
    }

    async fn call<T>(&self, call: impl Future<Output = StorageResult<T>>) -> StorageResult<T> {
        let how = self.now();
        let (place, doing, source) = (
            "the flaky storage".into(),
            "do it".into(),
            "a hiccup".into(),
        );
        match how {
            Some(How::Busy) => {
                return Err(StorageError::Busy {
                    place,
                    doing,
                    source,
                });
            }
            Some(How::Broken) => {
                return Err(StorageError::Engine {
                    place,
                    doing,
                    source,
                });
            }
            _ => {}
        }
        let done = call.await;
        match how {
            Some(How::Disconnected) if done.is_ok() => {
                return Err(StorageError::Disconnected {
                    place,
                    doing,
                    source,
                });
            }
            Some(How::BrokenAfter) if done.is_ok() => {
                return Err(StorageError::Engine {
                    place,
                    doing,
                    source,
                });
            }
            _ => {}
        }
        done
    }
}

macro_rules! flaky {
    ($($name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        $(async fn $name(&self, $($arg: $type),*) -> StorageResult<$output> {
            self.call(self.inner.$name($($arg),*)).await
        })*
    };
}

impl<S: Storage> Storage for Flaky<S> {
    flaky! {
        begin(run: &str, owner: &str, lease: Duration, new: &NewRun) -> BeginOutcome;
        begin_inner(run: &str, owner: &str, inner: &NewInnerRun<'_>) -> BeginOutcome;
        inner_runs(run: &str) -> Vec<InnerRecord>;
        wait_for_inner(run: &str, owner: &str) -> ();
        enqueue(run: &str, new: &NewRun) -> BeginOutcome;
        claim(claim: &Claim<'_>) -> Vec<RunRecord>;
        release_orphans(flows: &[&str], watched: &mut Watched) -> u64;
        defer(run: &str, owner: &str, message: &str) -> ();
        commit(run: &str, owner: &str, lease: Duration, step: &Step, keep: Retention) -> ();
        keep_item(run: &str, owner: &str, step: u64, item: &ItemKey, json: &str) -> ();
        items(run: &str, step: u64) -> Vec<(ItemKey, String)>;
        keep_attempt(run: &str, owner: &str, step: u64, attempt: &PendingAttempt, wait: Duration) -> DueAttempt;
        attempts(run: &str, step: u64) -> Vec<PendingAttempt>;
        wait_to_retry(run: &str, owner: &str, due: SystemTime) -> ();
        wait(run: &str, owner: &str, pause: &Pause<'_>) -> OpenWait;
        fill(run: &str, wait: &str, value_json: &str) -> ();
        filled(run: &str, wait: &str) -> Option<String>;
        moved(waiting: &[(String, u64)]) -> Vec<String>;
        version() -> Option<String>;
        finish(run: &str, owner: &str, exit: &str, state: &StateChange) -> ();
        fail(run: &str, owner: &str, message: &str) -> ();
        give_up(run: &str, owner: &str, why: &str) -> ();
        retry(run: &str) -> ();
        renew(run: &str, owner: &str, lease: Duration) -> ();
        release(run: &str, owner: &str) -> ();
        list(filter: Option<Status>) -> Vec<RunSummary>;
        show(run: &str) -> Option<RunRecord>;
        history(run: &str) -> Vec<Checkpoint>;
        checkpoint(run: &str, step: u64) -> Option<CheckpointState>;
        fork(run: &str, step: u64, new_run: &str) -> ();
        remove(run: &str) -> ();
        drop_items(run: &str) -> u64;
        cancel(run: &str) -> ();
        release_lease(run: &str) -> ();
        rewind(run: &str, step: u64) -> ();
        edit(run: &str, fields: &str) -> ();
        prune(status: Status, before: SystemTime, limit: Option<u32>) -> u64;
        vacuum() -> ();
    }

    fn release_later(&self, run: &str, owner: &str) {
        self.inner.release_later(run, owner);
    }
}
