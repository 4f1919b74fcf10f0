//! What all runs of a storage share: its settings, and what the runs of this process wait for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::IgnoredAny;
use tokio::sync::watch;

use crate::state::{Fits, encoding};
use crate::storage::{Retention, StorageError, StorageResult};

/// What all runs of a storage share.
pub(crate) struct RunsShared<E> {
    pub(crate) storage: E,
    pub(crate) lease: Duration,
    pub(crate) retention: Retention,
    pub(crate) poll: Duration,
    pub(crate) max_retry_time: Duration,
    pub(crate) max_crashes: Option<u32>,
    /// Notifies the runs that wait in this process when a wait is filled.
    pub(crate) filled: watch::Sender<()>,
    /// The runs that wait in this process.
    waits: Mutex<HashMap<String, Wait>>,
}

/// What a run waits for in this process.
struct Wait {
    field: String,
    /// Checks whether a text is a value of the field.
    fits: Fits,
    /// Identifies this wait: a run may wait again before the guard of an earlier wait is dropped.
    number: u64,
}

/// Registers what a run waits for until it is dropped.
pub(crate) struct WaitGuard<'a, E> {
    shared: &'a RunsShared<E>,
    run: &'a str,
    number: u64,
}

impl<E> RunsShared<E> {
    pub(crate) fn new(storage: E) -> Self {
        Self {
            storage,
            lease: Duration::from_secs(30),
            retention: Retention::Last(10),
            poll: Duration::from_secs(1),
            max_retry_time: Duration::from_secs(120),
            max_crashes: Some(10),
            filled: watch::Sender::new(()),
            waits: Mutex::default(),
        }
    }

    /// Registers that a run waits for a field in this process.
    pub(crate) fn wait<'a>(&'a self, run: &'a str, field: &str, fits: Fits) -> WaitGuard<'a, E> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let wait = Wait {
            field: field.to_owned(),
            fits,
            number,
        };
        lock(&self.waits).insert(run.to_owned(), wait);
        WaitGuard {
            shared: self,
            run,
            number,
        }
    }

    /// Checks whether a value fits the field, if the run waits in this process.
    pub(crate) fn fits(&self, run: &str, wait: &str, json: &str) -> StorageResult<()> {
        // The type of a field is the same in every visit.
        let field = wait.split('#').next().unwrap_or(wait);
        let fits = lock(&self.waits)
            .get(run)
            .filter(|wait| wait.field == field)
            .map(|wait| wait.fits);
        // The storage rejects what is not JSON.
        let Some(fits) = fits.filter(|_| serde_json::from_str::<IgnoredAny>(json).is_ok()) else {
            return Ok(());
        };
        let fit = if json.trim() == "null" {
            Err(encoding::custom("the field is empty with it"))
        } else {
            fits(json)
        };
        fit.map_err(|source| {
            let (run, field, value) = (run.to_owned(), field.to_owned(), json.to_owned());
            StorageError::WrongValue {
                run,
                field,
                value,
                source,
            }
        })
    }
}

impl<E> Drop for WaitGuard<'_, E> {
    fn drop(&mut self) {
        let mut waits = lock(&self.shared.waits);
        if waits
            .get(self.run)
            .is_some_and(|wait| wait.number == self.number)
        {
            waits.remove(self.run);
        }
    }
}

/// The map is always consistent, so a poisoned lock does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
