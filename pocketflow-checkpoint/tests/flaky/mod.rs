//! A storage that fails at random moments, as a server does that is restarted, and a file that somebody else has locked: before a
//! call is done, or after it, when nobody hears of it.

use std::future::Future;
use std::time::{Duration, SystemTime};

use pocketflow_checkpoint::{
    Begun, Checkpoint, CheckpointState, ItemKey, Keep, NewRun, OpenWait, Pause, RunRecord, RunSummary,
    Status, Step, Storage, StorageError, StorageResult,
};

/// One call in so many fails; 0 is none.
pub(crate) struct Flaky<S> {
    pub(crate) inner: S,
    pub(crate) one_in: u32,
}

impl<S: Storage> Flaky<S> {
    async fn call<T>(&self, call: impl Future<Output = StorageResult<T>>) -> StorageResult<T> {
        let fails = self.one_in > 0 && fastrand::u32(0..self.one_in) == 0;
        let (place, doing, source) = ("the flaky storage".into(), "do it".into(), "a hiccup".into());
        if fails && fastrand::bool() {
            return Err(StorageError::Busy { place, doing, source });
        }
        let done = call.await;
        if fails && done.is_ok() {
            return Err(StorageError::Disconnected { place, doing, source });
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
        begin(run: &str, owner: &str, lease: Duration, new: &NewRun) -> Begun;
        commit(run: &str, owner: &str, lease: Duration, step: &Step, keep: Keep) -> ();
        keep_item(run: &str, owner: &str, step: u64, item: &ItemKey, json: &str) -> ();
        items(run: &str, step: u64) -> Vec<(ItemKey, String)>;
        wait(run: &str, owner: &str, pause: &Pause<'_>) -> OpenWait;
        fill(run: &str, wait: &str, value_json: &str) -> ();
        filled(run: &str, wait: &str) -> Option<String>;
        finish(run: &str, owner: &str, exit: &str, state: &str) -> ();
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
        prune(finished_before: SystemTime) -> u64;
    }

    fn release_later(&self, run: &str, owner: &str) {
        self.inner.release_later(run, owner);
    }
}
