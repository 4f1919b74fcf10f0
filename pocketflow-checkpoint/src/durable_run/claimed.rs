//! A run that a worker has taken up: the worker has its lease already, and outlives it.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow::{Error, Graph, Start};
use pocketflow_durable::{Durable, Migration, Panicked, caught, migrated, refuse_empty_inputs};

use super::DurableRun;
use super::begins_at::BeginsAt;
use super::lease::LeaseKeeper;
use super::retry::retry;
use crate::events::event;
use crate::storage::{RunRecord, Storage, StorageError};

/// What a worker knows of a run that it has taken up.
pub(crate) struct Claimed {
    /// The run as it was before. It is used once.
    record: Mutex<Option<RunRecord>>,
    /// Whether the worker is shutting down, so that the run ends before its next step.
    stop: Arc<AtomicBool>,
}

impl Claimed {
    fn lock(&self) -> MutexGuard<'_, Option<RunRecord>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The worker is shutting down. The run continues with another worker.
#[derive(Debug, thiserror::Error)]
#[error("the worker is shutting down")]
pub(crate) struct Stopped;

impl<E: Storage> DurableRun<E> {
    /// This run, which a worker has taken up. Its lease is renewed from now on.
    pub(crate) fn claimed(
        mut self,
        record: RunRecord,
        migration: Option<Migration>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        self.migration = migration;
        self.lease.acquired();
        *self.keeper() = Some(LeaseKeeper::start(&self.lease));
        self.claimed = Some(Claimed {
            record: Mutex::new(Some(record)),
            stop,
        });
        self.park()
    }

    /// Makes the store of a run that a worker has taken up, with a function of its state.
    pub(crate) async fn make_store<S: Durable>(
        &self,
        flow: &'static Graph,
        make: &(impl Fn(&str) -> Result<S, serde_json::Error> + Sync),
    ) -> Result<S, Error> {
        let record = self.take_record();
        if let Some(record) = &record {
            self.secrets.know_stored::<S>(record);
        }
        let make = async {
            let state = record.as_ref().map_or("null", |record| &record.state);
            let bad = |source| self.bad("read", "the store")(source);
            let made = match (make(state), &self.migration) {
                // The state is that of an older program.
                (Err(_), Some(migration)) => {
                    let state = migrated(state, migration, bad).map_err(|why| flow.error(why))?;
                    make(&state)
                }
                (made, _) => made,
            };
            made.map_err(|source| flow.error(bad(source)))
        };
        let made = self.guarded(|panic| flow.error(panic), make).await;
        if let Some(claimed) = &self.claimed {
            *claimed.lock() = record;
        }
        if let Err(error) = &made {
            self.defer(error).await;
        }
        made
    }

    /// The record of a run that a worker has taken up, if this is one and has not begun yet.
    pub(super) fn take_record(&self) -> Option<RunRecord> {
        self.claimed.as_ref()?.lock().take()
    }

    pub(super) fn is_stopping(&self) -> bool {
        let claimed = self.claimed.as_ref();
        claimed.is_some_and(|claimed| claimed.stop.load(SeqCst))
    }

    /// Does the work. If a worker has taken up the run, a panic in it becomes an error.
    pub(super) async fn guarded<T>(
        &self,
        error: impl FnOnce(Panicked) -> Error,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match self.claimed {
            Some(_) => caught(work).await.unwrap_or_else(|panic| Err(error(panic))),
            None => work.await,
        }
    }

    /// Loads a run whose lease is held.
    pub(super) async fn resume_claimed<S: Durable>(
        &self,
        at: BeginsAt<'_>,
        record: RunRecord,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let mut keeper = self.keeper().take();
        let load = async {
            let definition = self.definition(at, shared)?;
            let resumed = self.resume(at, &record, &mut *shared)?;
            let start = self
                .load(at, definition, record, resumed, shared, &mut keeper)
                .await?;
            refuse_empty_inputs(at.flow, shared)?;
            Ok(start)
        };
        let started = self.guarded(|panic| at.error(panic), load).await;
        match &started {
            Err(error) if error.cause().is::<StorageError>() => self.release(error).await,
            Err(error) => self.defer(error).await,
            Ok(_) => {}
        }
        started
    }

    /// Releases the lease of a run that cannot resume here, and stores why.
    pub(crate) async fn defer(&self, error: &Error) {
        let mut backoff = self.backoff();
        let message = self.shown(error);
        let storage = &self.runs.storage;
        match retry!(backoff, storage.defer(&self.id, &self.owner, &message)) {
            Ok(()) => {
                self.lease.ended();
                event!(WARN, "run deferred", run = &*self.id, error = message);
            }
            Err(_) => self.release(error).await,
        }
    }
}
