//! Whether a call may block its thread, so that a step that is alone needs no other thread.

use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task;

/// A permit to block this thread.
pub(super) enum Permit {
    /// It is a worker of a multi-threaded runtime, which moves the other tasks to another thread.
    Worker,
    /// It drives one future, in `Runtime::block_on` of a multi-threaded runtime.
    Alone,
}

impl Permit {
    pub(super) fn block<T>(self, work: impl FnOnce() -> T) -> T {
        match self {
            Permit::Worker => task::block_in_place(work),
            Permit::Alone => work(),
        }
    }
}

/// Gives permits.
#[derive(Default)]
pub(super) struct Blocking(Mutex<Option<Known>>);

/// What is known of the last task that asked.
#[derive(Clone, Copy)]
struct Known {
    task: task::Id,
    is_on_worker: bool,
    attempts: u32,
}

/// How often a task is examined, at most.
const ATTEMPTS: u32 = 3;

impl Blocking {
    /// A permit for this task, if a worker of the runtime polls it.
    ///
    /// `block_in_place` panics in a task of a `LocalSet`, which holds up the other tasks of the set,
    /// and tokio does not tell which tasks these are. So a task of the runtime is spawned. If a
    /// thread runs it while this task waits, that thread is not in the midst of polling a set, and
    /// if this task goes on in that thread, it belongs to no set: the tasks of a set never change
    /// the thread.
    pub(super) async fn permit(&self) -> Option<Permit> {
        let handle = Handle::try_current().ok()?;
        if handle.runtime_flavor() != RuntimeFlavor::MultiThread {
            return None;
        }
        let Some(task) = task::try_id() else {
            return Some(Permit::Alone);
        };
        let mut known = self.known(task);
        if !known.is_on_worker && known.attempts < ATTEMPTS {
            let worker = handle.spawn(async { std::thread::current().id() }).await;
            known.is_on_worker = worker.is_ok_and(|id| id == std::thread::current().id());
            known.attempts += 1;
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        }
        known.is_on_worker.then_some(Permit::Worker)
    }

    fn known(&self, task: task::Id) -> Known {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|known| known.task == task).unwrap_or(Known {
            task,
            is_on_worker: false,
            attempts: 0,
        })
    }
}
