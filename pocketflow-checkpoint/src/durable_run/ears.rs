//! The task that hears what other processes announce.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

use super::shared::RunsShared;
use crate::storage::{Announced, Storage};

/// That task. It ends with the checkpoints.
#[derive(Default)]
pub(crate) struct Ears(Mutex<Option<AbortHandle>>);

impl Drop for Ears {
    fn drop(&mut self) {
        let task = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// Starts the task, unless it is there, or the storage hears nothing.
pub(crate) fn listen<E: Storage>(shared: &Arc<RunsShared<E>>) {
    let mut task = shared.ears.0.lock().unwrap_or_else(PoisonError::into_inner);
    // It ends with its runtime, too.
    if task.as_ref().is_some_and(|task| !task.is_finished()) {
        return;
    }
    let Some(mut announcements) = shared.storage.announcements() else {
        return;
    };
    let weak = Arc::downgrade(shared);
    let hear = async move {
        while let Some(announced) = announcements.next().await {
            let Some(shared) = weak.upgrade() else {
                return;
            };
            match announced {
                Announced::Run(run) => shared.waiters.wake(&run),
                Announced::AnyRun => shared.waiters.poll_now(),
            }
            shared.ready.send_replace(());
        }
    };
    *task = Some(tokio::spawn(hear).abort_handle());
}
