//! What all runs of a storage share: its settings, and what the runs of this process wait for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::sync::watch;

use super::ears::Ears;
use super::ttl::Ttl;
use super::waiters::Waiters;
use crate::storage::{Retention, StorageError, StorageResult};

/// What all runs of a storage share.
pub(crate) struct RunsShared<E> {
    pub(crate) storage: E,
    pub(crate) lease: Duration,
    pub(crate) retention: Retention,
    pub(crate) poll: Duration,
    pub(crate) max_retry_time: Duration,
    pub(crate) max_crashes: Option<u32>,
    pub(crate) ttl: Ttl,
    /// The JSON Schemas of awaited fields.
    pub(crate) schemas: BTreeMap<String, Value>,
    pub(crate) waiters: Waiters,
    /// Notifies the workers of this process when a run can be taken up.
    pub(crate) ready: watch::Sender<()>,
    pub(crate) ears: Ears,
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
            ttl: Ttl::default(),
            schemas: BTreeMap::new(),
            waiters: Waiters::default(),
            ready: watch::Sender::new(()),
            ears: Ears::default(),
        }
    }

    /// Checks whether a value fits the field, if the run waits in this process.
    pub(crate) fn fits(&self, run: &str, wait: &str, json: &str) -> StorageResult<()> {
        // The type of a field is the same in every visit.
        let field = wait.split('#').next().unwrap_or(wait);
        let fits = self.waiters.fits(run, field);
        // The storage rejects what is not JSON.
        let Some(fits) = fits.filter(|_| serde_json::from_str::<IgnoredAny>(json).is_ok()) else {
            return Ok(());
        };
        fits(json).map_err(|source| {
            let (run, field) = (run.to_owned(), field.to_owned());
            StorageError::WrongValue { run, field, source }
        })
    }
}
