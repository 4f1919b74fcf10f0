//! The waits between attempts. A long one is stored, so that the run goes on at that attempt after a
//! restart.

use std::time::{Duration, SystemTime};

use pocketflow::{Attempt, Call, EarlierAttempts, Error, StepInfo};
use pocketflow_durable::{ExecKey, STORED_FROM, causes};
use tokio::time::Instant;

use super::DurableRun;
use super::retry::retry;
use super::wait::Deadline;
use crate::causes::Parked;
use crate::events::event;
use crate::storage::{
    DueAttempt, NextAttempt, PendingAttempt, Storage, StorageError, StorageResult,
};

impl<E: Storage> DurableRun<E> {
    /// The attempts at an exec that an earlier process has made.
    pub(super) fn made_earlier(
        &self,
        info: &StepInfo<'_>,
        first: Attempt<'_>,
    ) -> Option<EarlierAttempts> {
        let key = ExecKey::of(first)?;
        self.memory().attempts.made(info.step(), key)
    }

    /// Waits for an attempt: in memory if that is short, and otherwise until the time that is stored. A
    /// parked run ends instead.
    pub(super) async fn wait_for_attempt<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        time: Duration,
        call: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        let (step, number) = (info.step(), next.number());
        let key = ExecKey::of(next);
        let is_stored = |key| self.memory().attempts.has(step, key, number);
        let Some(key) = key.filter(|key| time >= STORED_FROM || is_stored(*key)) else {
            return call.call().await;
        };
        let item = next.item().map(|item| format!("[{item}]"));
        let last = next.last_error().map(|error| causes(&*error));
        let attempt = PendingAttempt {
            branch: key.branch,
            item: key.item,
            path: format!("{info}{}", item.unwrap_or_default()),
            number,
            of: next.of(),
            causes: self.secrets.out_of_all(last.unwrap_or_default()),
        };
        let due = self.keep_attempt(step, &attempt, time).await;
        let due = due.map_err(|error| info.error(error))?;
        self.memory().attempts.keep(step, key, attempt.clone());
        if due.left.is_zero() {
            return Ok(());
        }
        let (run, seconds) = (&*self.id, due.left.as_secs());
        event!(
            INFO,
            "attempt waits",
            run = run,
            step = step,
            attempt = number,
            of = attempt.of,
            seconds = seconds
        );
        if self.park && due.left >= STORED_FROM {
            self.memory().attempts.suspend_until(due.at);
            return Err(info.suspend(self.parked_until(attempt, due)));
        }
        self.until_due(info, step, &attempt, due).await
    }

    fn parked_until(&self, attempt: PendingAttempt, due: DueAttempt) -> Parked {
        Parked {
            run: self.id.clone(),
            field: String::new(),
            wait: String::new(),
            outermost: self.outer.as_ref().map(|_| self.lease.run().to_owned()),
            until: Some(due.at),
            attempt: Some(NextAttempt {
                path: attempt.path,
                number: attempt.number,
                of: attempt.of,
                due: due.at,
                causes: attempt.causes,
            }),
        }
    }

    /// Waits in memory. A clock that is set back does not make that longer.
    async fn until_due(
        &self,
        info: &StepInfo<'_>,
        step: u64,
        attempt: &PendingAttempt,
        mut due: DueAttempt,
    ) -> Result<(), Error> {
        let (begun, whole) = (Instant::now(), due.left);
        loop {
            Deadline::after(due.left).passed().await;
            let left = whole.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            // Only the clock of the system says that the time is over: the machine has slept, or the
            // clock was set. The storage has a clock of its own, and decides.
            let stored = self.keep_attempt(step, attempt, whole).await;
            due = stored.map_err(|error| info.error(error))?;
            if due.left.is_zero() {
                return Ok(());
            }
            due.left = due.left.min(left);
        }
    }

    async fn keep_attempt(
        &self,
        step: u64,
        attempt: &PendingAttempt,
        time: Duration,
    ) -> StorageResult<DueAttempt> {
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        retry!(
            backoff,
            storage.keep_attempt(&self.id, &self.owner, step, attempt, time)
        )
    }

    /// Stores that nothing is left of the step but attempts that are due later, or releases the lease.
    pub(super) async fn park_for_attempts(&self, due: SystemTime, error: &Error) {
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        self.lease.releasing();
        match retry!(backoff, storage.wait_to_retry(&self.id, &self.owner, due)) {
            Ok(()) => {
                self.lease.ended();
                let (run, step) = (&*self.id, self.memory().step);
                event!(INFO, "run parked", run = run, wait = "", step = step);
            }
            // An earlier call may have released it before its answer was lost.
            Err(StorageError::LeaseLost { .. }) => self.lease.ended(),
            Err(_) => self.release(error).await,
        }
    }

    /// Stores that this inner run waits for an attempt, if that is why it has ended.
    pub(super) async fn park_inner_for_attempts(&self) -> StorageResult<()> {
        let due = self.memory().attempts.suspended_until();
        let Some(due) = due else { return Ok(()) };
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        retry!(backoff, storage.wait_to_retry(&self.id, &self.owner, due))
    }
}
