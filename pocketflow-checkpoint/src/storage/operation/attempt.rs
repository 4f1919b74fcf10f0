//! The attempts for which a run waits.

use std::time::{Duration, SystemTime};

use super::{OpResult, Operation, all, fenced, first};
use crate::storage::data::{DueAttempt, PendingAttempt};
use crate::storage::rules;
use crate::storage::transaction::{Lock, Transaction, values};
use crate::storage::{millis, sql};

/// Stores that an exec waits for another attempt.
pub(crate) struct KeepAttempt {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) step: u64,
    pub(crate) attempt: PendingAttempt,
    pub(crate) wait: Duration,
}

impl Operation for KeepAttempt {
    type Output = DueAttempt;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        let Self { run, step, .. } = self;
        format!("let step {step} of run `{run}` wait for another attempt")
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<DueAttempt, T> {
        let (run, attempt) = (&*self.run, &self.attempt);
        // Those of the items of one step can be stored at the same time, as the items can.
        let head = fenced(tx, run, &self.owner, Lock::Shared).await?;
        // A call that was dropped may come after the step has been stored.
        head.before(run, self.step)?;
        let step = rules::number("step", self.step)?;
        let (branch, item) = rules::attempt_columns(attempt);
        let (number, of) = (i64::from(attempt.number), i64::from(attempt.of));
        let known = first(tx, sql::ATTEMPT_AT, values![run, step, branch, &item]).await?;
        if let Some(mut row) = known
            && row.int(0)? >= number
        {
            return Ok(DueAttempt::new(row.int(1)?, head.now));
        }
        let due = head.now.saturating_add(millis::from_duration(self.wait));
        let path = rules::text(&attempt.path);
        let causes = serde_json::to_string(&attempt.causes).expect("texts are JSON");
        let row = values![run, step, branch, item, path, number, of, due, causes];
        tx.execute(sql::KEEP_ATTEMPT, row).await?;
        Ok(DueAttempt::new(due, head.now))
    }
}

/// Reads the attempts for which the items and branches of a step wait.
pub(crate) struct Attempts {
    pub(crate) run: String,
    pub(crate) step: u64,
}

impl Operation for Attempts {
    type Output = Vec<PendingAttempt>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        let Self { run, step } = self;
        format!("read the attempts of step {step} of run `{run}`")
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<PendingAttempt>, T> {
        rules::run_id(&self.run)?;
        let step = rules::number("step", self.step)?;
        all(tx, sql::ATTEMPTS, values![&self.run, step], rules::attempt).await
    }
}

/// Lets a run wait for nothing but an attempt.
pub(crate) struct WaitToRetry {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) due: SystemTime,
}

impl Operation for WaitToRetry {
    type Output = ();
    const ALONE: bool = true;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("let run `{}` wait for another attempt", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = fenced(tx, &self.run, &self.owner, Lock::Exclusive).await?;
        let row = values![&self.run, head.now, millis::from_time(self.due)];
        tx.execute(sql::WAIT_TO_RETRY, row).await?;
        Ok(())
    }
}
