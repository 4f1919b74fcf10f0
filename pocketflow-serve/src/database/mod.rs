//! A database of durable runs.

mod definition;
mod facts;
mod recorded;
mod redaction;

use std::future::Future;
use std::pin::Pin;

use pocketflow_checkpoint::{
    Checkpoint, CheckpointState, Checkpoints, InnerRecord, RunRecord, RunSummary, Storage,
    StorageResult,
};

pub(crate) use definition::Definition;
pub(crate) use facts::{Facts, millis, status};
pub(crate) use recorded::{Past, recorded};
pub(crate) use redaction::Redaction;

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = StorageResult<T>> + Send + 'a>>;

/// The operations that the page needs, for any storage.
pub(crate) trait Database: Send + Sync {
    /// A text that changes with the database, or `None` if the storage has none.
    fn version(&self) -> Answer<'_, Option<String>>;
    fn list(&self) -> Answer<'_, Vec<RunSummary>>;
    fn show<'a>(&'a self, run: &'a str) -> Answer<'a, Option<RunRecord>>;
    fn history<'a>(&'a self, run: &'a str) -> Answer<'a, Vec<Checkpoint>>;
    fn checkpoint<'a>(&'a self, run: &'a str, step: u64) -> Answer<'a, Option<CheckpointState>>;
    fn inner_runs<'a>(&'a self, run: &'a str) -> Answer<'a, Vec<InnerRecord>>;
    fn fill<'a>(&'a self, run: &'a str, wait: &'a str, json: &'a str) -> Answer<'a, ()>;
    fn retry<'a>(&'a self, run: &'a str) -> Answer<'a, ()>;
    fn cancel<'a>(&'a self, run: &'a str) -> Answer<'a, ()>;
    fn release<'a>(&'a self, run: &'a str) -> Answer<'a, ()>;
    fn rewind<'a>(&'a self, run: &'a str, step: u64) -> Answer<'a, ()>;
    fn fork<'a>(&'a self, run: &'a str, step: u64, new: &'a str) -> Answer<'a, ()>;
    fn edit<'a>(&'a self, run: &'a str, field: &'a str, json: &'a str) -> Answer<'a, ()>;
}

impl<E: Storage> Database for Checkpoints<E> {
    fn version(&self) -> Answer<'_, Option<String>> {
        Box::pin(self.storage().version())
    }

    fn list(&self) -> Answer<'_, Vec<RunSummary>> {
        Box::pin(Self::list(self, None))
    }

    fn show<'a>(&'a self, run: &'a str) -> Answer<'a, Option<RunRecord>> {
        Box::pin(self.storage().show(run))
    }

    fn history<'a>(&'a self, run: &'a str) -> Answer<'a, Vec<Checkpoint>> {
        Box::pin(Self::history(self, run))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, step: u64) -> Answer<'a, Option<CheckpointState>> {
        Box::pin(self.storage().checkpoint(run, step))
    }

    fn inner_runs<'a>(&'a self, run: &'a str) -> Answer<'a, Vec<InnerRecord>> {
        Box::pin(self.storage().inner_runs(run))
    }

    fn fill<'a>(&'a self, run: &'a str, wait: &'a str, json: &'a str) -> Answer<'a, ()> {
        Box::pin(Self::fill(self, run, wait, json))
    }

    fn retry<'a>(&'a self, run: &'a str) -> Answer<'a, ()> {
        Box::pin(Self::retry(self, run))
    }

    fn cancel<'a>(&'a self, run: &'a str) -> Answer<'a, ()> {
        Box::pin(Self::cancel(self, run))
    }

    fn release<'a>(&'a self, run: &'a str) -> Answer<'a, ()> {
        Box::pin(self.release_lease(run))
    }

    fn rewind<'a>(&'a self, run: &'a str, step: u64) -> Answer<'a, ()> {
        Box::pin(Self::rewind(self, run, step))
    }

    fn fork<'a>(&'a self, run: &'a str, step: u64, new: &'a str) -> Answer<'a, ()> {
        Box::pin(Self::fork(self, run, step, new))
    }

    fn edit<'a>(&'a self, run: &'a str, field: &'a str, json: &'a str) -> Answer<'a, ()> {
        Box::pin(Self::edit(self, run, field, json))
    }
}
