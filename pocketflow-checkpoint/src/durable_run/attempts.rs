//! The waits between attempts. A long one is stored, so that the run goes on at that attempt after a
//! restart.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use pocketflow::{Attempt, Call, EarlierAttempts, Error, Failure, LastError, StepInfo};
use tokio::time::Instant;

use super::DurableRun;
use super::retry::retry;
use super::wait::Deadline;
use crate::causes::Parked;
use crate::events::event;
use crate::storage::{
    DueAttempt, NextAttempt, PendingAttempt, Storage, StorageError, StorageResult,
};

/// A wait is stored if it is as long as this. A shorter one costs less than what is stored, and a run
/// that waits that long keeps its place in a worker.
const STORED_FROM: Duration = Duration::from_secs(5);

/// Which exec of a step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ExecKey {
    branch: Option<u32>,
    /// The identity of the item.
    item: Option<u64>,
}

impl ExecKey {
    fn of(attempt: Attempt<'_>) -> Option<Self> {
        let key = attempt.key()?;
        Some(Self {
            branch: key.branch.and_then(|branch| u32::try_from(branch).ok()),
            item: key.identity,
        })
    }
}

/// The stored attempts of the current step.
#[derive(Default)]
pub(super) struct StoredAttempts {
    step: u64,
    attempts: HashMap<ExecKey, PendingAttempt>,
    /// When the first of the attempts is due for which this process does not wait.
    suspended_until: Option<SystemTime>,
}

impl StoredAttempts {
    pub(super) fn new(step: u64, attempts: Vec<PendingAttempt>) -> Self {
        let attempts = attempts.into_iter().map(|attempt| {
            let PendingAttempt { branch, item, .. } = attempt;
            (ExecKey { branch, item }, attempt)
        });
        Self {
            step,
            attempts: attempts.collect(),
            suspended_until: None,
        }
    }

    /// Forgets those of another step.
    fn at(&mut self, step: u64) -> &mut Self {
        if self.step != step {
            *self = Self::new(step, Vec::new());
        }
        self
    }

    /// Whether attempts of a step are stored.
    pub(super) fn are_stored(&self, step: u64) -> bool {
        self.step == step && !self.attempts.is_empty()
    }

    /// The attempts that an earlier process has made.
    fn made(&mut self, step: u64, key: ExecKey) -> Option<EarlierAttempts> {
        let attempt = self.at(step).attempts.get(&key)?;
        Some(EarlierAttempts {
            made: attempt.number.saturating_sub(1),
            failure: StoredError::read(&attempt.causes),
        })
    }

    /// Whether this attempt, or a later one, is stored.
    fn has(&mut self, step: u64, key: ExecKey, number: u32) -> bool {
        let stored = self.at(step).attempts.get(&key);
        stored.is_some_and(|stored| stored.number >= number)
    }

    fn keep(&mut self, step: u64, key: ExecKey, attempt: PendingAttempt) {
        self.at(step).attempts.insert(key, attempt);
    }

    fn suspend_until(&mut self, due: SystemTime) {
        let until = self.suspended_until.get_or_insert(due);
        *until = due.min(*until);
    }

    /// When the run may go on, if it has ended because it waits for attempts.
    pub(super) fn suspended_until(&self) -> Option<SystemTime> {
        self.suspended_until
    }
}

/// The error of an attempt that an earlier process made. Only its texts are known.
#[derive(Debug)]
struct StoredError {
    text: String,
    source: Option<Box<StoredError>>,
}

impl StoredError {
    fn read(causes: &[String]) -> Failure {
        let chain = causes.iter().rev().fold(None, |source, text| {
            let text = text.clone();
            Some(Box::new(StoredError { text, source }))
        });
        match chain {
            Some(error) => Failure::new(*error),
            None => Failure::new("the last attempt failed"),
        }
    }
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for StoredError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

/// The texts of an error and its sources.
fn causes(error: LastError<'_>) -> Vec<String> {
    let error: &dyn StdError = &*error;
    let mut causes = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes
}

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
        let attempt = PendingAttempt {
            branch: key.branch,
            item: key.item,
            path: format!("{info}{}", item.unwrap_or_default()),
            number,
            of: next.of(),
            causes: next.last_error().map(causes).unwrap_or_default(),
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
