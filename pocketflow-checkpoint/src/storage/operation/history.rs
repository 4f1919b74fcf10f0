//! The history of a run, forks from it, and its removal.

use std::time::SystemTime;

use super::{OpResult, Operation, all, find, first, head, state};
use crate::storage::data::{Checkpoint, CheckpointState, Status};
use crate::storage::error::StorageError;
use crate::storage::rules::{self, Availability, LeaseObservation};
use crate::storage::transaction::{Lock, Transaction, values};
use crate::storage::{millis, sql};

pub(crate) struct History {
    pub(crate) run: String,
}

impl Operation for History {
    type Output = Vec<Checkpoint>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        format!("read the history of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<Checkpoint>, T> {
        let run = &*self.run;
        rules::run_id(run)?;
        let steps = all(tx, sql::HISTORY, values![run], rules::step).await?;
        // In this order, a run that is removed in between needs no lock.
        if steps.is_empty() && first(tx, sql::HEAD, values![run]).await?.is_none() {
            return Err(rules::unknown(run).into());
        }
        Ok(steps)
    }
}

/// Reads what a run looked like after a step.
pub(crate) struct ReadCheckpoint {
    pub(crate) run: String,
    pub(crate) step: u64,
}

impl Operation for ReadCheckpoint {
    type Output = Option<CheckpointState>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        format!("read step {} of run `{}`", self.step, self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Option<CheckpointState>, T> {
        rules::run_id(&self.run)?;
        let step = rules::number("step", self.step)?;
        let Some(row) = first(tx, sql::CHECKPOINT, values![&self.run, step]).await? else {
            return Ok(None);
        };
        let (mut kept, version) = rules::step_state(row)?;
        kept.state = state::whole(tx, &self.run, kept.state, version).await?;
        Ok(Some(kept))
    }
}

/// Copies a run, as it was after a step, to a new run.
pub(crate) struct Fork {
    pub(crate) run: String,
    pub(crate) step: u64,
    pub(crate) new_run: String,
}

impl Operation for Fork {
    type Output = ();

    fn describe(&self) -> String {
        format!("fork run `{}` at step {}", self.run, self.step)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let (run, new_run) = (&*self.run, &*self.new_run);
        rules::id("new run", new_run)?;
        head(tx, run, Lock::Shared).await?.outermost(run)?;
        let step = rules::number("step", self.step)?;
        let exists = || StorageError::Exists {
            run: new_run.to_owned(),
        };
        if find(tx, new_run, Lock::Shared).await?.is_some() {
            return Err(exists().into());
        }
        let kept = first(tx, sql::CHECKPOINT, values![run, step]).await?;
        if kept.is_none() {
            return Err(StorageError::NoCheckpoint {
                run: run.to_owned(),
                step: self.step,
            }
            .into());
        }
        let now = tx.now().await?;
        if tx
            .execute(sql::FORK_RUN, values![run, step, new_run, now])
            .await?
            == 0
        {
            // Another transaction has made the new run in between.
            return Err(exists().into());
        }
        for copy in [sql::FORK_HISTORY, sql::FORK_TEXTS, sql::FORK_WAITS] {
            tx.execute(copy, values![run, step, new_run]).await?;
        }
        Ok(())
    }
}

pub(crate) struct Remove {
    pub(crate) run: String,
    pub(crate) observed: Option<LeaseObservation>,
}

impl Operation for Remove {
    type Output = Availability<()>;

    fn describe(&self) -> String {
        format!("remove run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Availability<()>, T> {
        let head = head(tx, &self.run, Lock::Exclusive).await?;
        head.outermost(&self.run)?;
        let lease = head.idle(&self.run, None, T::CLOCK, self.observed.as_ref())?;
        if let Availability::Free(()) = lease {
            tx.execute(sql::REMOVE, values![&self.run]).await?;
        }
        Ok(lease)
    }
}

/// Removes the runs with a status that have not changed since a time.
pub(crate) struct Prune {
    pub(crate) status: Status,
    pub(crate) before: SystemTime,
    /// How many are removed at most.
    pub(crate) limit: Option<u32>,
}

impl Operation for Prune {
    type Output = u64;

    fn describe(&self) -> String {
        format!("remove the old runs that are {}", self.status)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<u64, T> {
        if matches!(self.status, Status::Running | Status::Waiting) {
            return Err(StorageError::Invalid {
                what: "status of runs that are removed by their age",
                value: self.status.to_string(),
                why: "such a run is not over; write finished, failed, stuck or cancelled",
            }
            .into());
        }
        let (status, before) = (self.status.as_str(), millis::from_time(self.before));
        let limit = self.limit.map_or(i64::MAX, i64::from);
        tx.execute(T::PRUNE, values![status, before, limit]).await
    }
}
