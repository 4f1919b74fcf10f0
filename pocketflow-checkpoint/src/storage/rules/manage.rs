//! With which status what people do to a run is allowed.

use super::RunHead;
use crate::storage::data::Status;
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::owner;

impl RunHead {
    /// Whether the run is to be cancelled. `false` means that it was cancelled already.
    pub(crate) fn cancellable(&self, run: &str) -> StorageResult<bool> {
        match self.status {
            Status::Finished => Err(self.wrong_status(run, "cancelled")),
            status => Ok(status != Status::Cancelled),
        }
    }

    /// An inner run of a cancelled run goes on with it, or not at all.
    pub(crate) fn not_cancelled(&self, run: &str) -> StorageResult<()> {
        match self.status {
            Status::Cancelled => Err(StorageError::Cancelled {
                run: run.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// `had_attempts` tells whether something in the run waited for another attempt.
    pub(crate) fn retryable(&self, run: &str, had_attempts: bool) -> StorageResult<()> {
        match self.status {
            Status::Stuck | Status::Failed | Status::Cancelled => Ok(()),
            Status::Waiting if had_attempts && self.visit.is_none() && !self.is_owned() => Ok(()),
            // A worker could not resume it.
            Status::Running if self.message.is_some() && !self.is_owned() => Ok(()),
            _ => Err(self.wrong_status(run, "retried")),
        }
    }

    pub(crate) fn editable(&self, run: &str) -> StorageResult<()> {
        match self.status {
            Status::Finished => Err(self.wrong_status(run, "edited")),
            _ => Ok(()),
        }
    }

    pub(crate) fn leased(&self, run: &str) -> StorageResult<()> {
        match self.owner {
            Some(_) => Ok(()),
            None => Err(StorageError::NoLease {
                run: run.to_owned(),
            }),
        }
    }

    fn wrong_status(&self, run: &str, done: &'static str) -> StorageError {
        StorageError::WrongStatus {
            run: run.to_owned(),
            done,
            status: self.status,
        }
    }
}

/// Whether a run is running without a process that drives it.
pub(crate) fn is_orphaned(
    status: Status,
    owner: Option<&str>,
    lease_until: Option<i64>,
    now: i64,
) -> bool {
    status == Status::Running
        && owner.is_none_or(|owner| lease_until.unwrap_or(0) <= now || owner::is_dead(owner))
}
