//! The attempts for which a run waits, and which an earlier process has made.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use pocketflow::{Attempt, EarlierAttempts, Failure, StoredError};
use serde::{Deserialize, Serialize};

use crate::millis;

/// A wait between two attempts is stored if it is as long as this. A shorter one costs less than what is stored, and a run
/// that waits that long keeps its place in a worker.
pub const STORED_FROM: Duration = Duration::from_secs(5);

/// An exec that waits for another attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAttempt {
    /// The branch of a fork, counted from 0 in the order written.
    pub branch: Option<u32>,
    /// The [identity](pocketflow::Key::identity) of the item of a batch.
    pub item: Option<u64>,
    /// The path of the node in the flow, with the index of the item, for messages:
    /// `Shop > draft[3]`.
    pub path: String,
    /// The number of the next attempt, counted from 1.
    pub number: u32,
    /// How many attempts the node has.
    pub of: u32,
    /// Why the last attempt failed: the text of its error, of the source of that error, and so on.
    pub causes: Vec<String>,
}

/// The attempt for which a run waits.
///
/// It prints as `attempt 3 of 5 of Shop > pay, due at 2026-11-26 12:00:00Z`. With `{:#}`, the last error
/// follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAttempt {
    /// The path of the node in the flow, with the index of the item: `Shop > draft[3]`.
    pub path: String,
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How many attempts the node has.
    pub of: u32,
    /// When it begins.
    #[serde(with = "crate::millis")]
    pub due: SystemTime,
    /// Why the last attempt failed: the text of its error, of the source of that error, and so on.
    pub causes: Vec<String>,
}

impl fmt::Display for NextAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path, number, of, ..
        } = self;
        let due = millis::utc(self.due);
        write!(f, "attempt {number} of {of} of {path}, due at {due}")?;
        if f.alternate() {
            for cause in &self.causes {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

/// Which exec of a step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExecKey {
    /// The branch of a fork, counted from 0 in the order written.
    pub branch: Option<u32>,
    /// The [identity](pocketflow::Key::identity) of the item of a batch.
    pub item: Option<u64>,
}

impl ExecKey {
    /// That of an attempt, if its run has an id.
    pub fn of(attempt: Attempt<'_>) -> Option<Self> {
        let key = attempt.key()?;
        Some(Self {
            branch: key.branch.and_then(|branch| u32::try_from(branch).ok()),
            item: key.identity,
        })
    }
}

/// The stored attempts of the current step.
#[derive(Default)]
pub struct StoredAttempts {
    step: u64,
    attempts: HashMap<ExecKey, PendingAttempt>,
    /// When the first of the attempts is due for which this process does not wait.
    suspended_until: Option<SystemTime>,
}

impl StoredAttempts {
    /// Those of a step, as they are stored.
    pub fn new(step: u64, attempts: Vec<PendingAttempt>) -> Self {
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
    pub fn are_stored(&self, step: u64) -> bool {
        self.step == step && !self.attempts.is_empty()
    }

    /// The attempts that an earlier process has made.
    pub fn made(&mut self, step: u64, key: ExecKey) -> Option<EarlierAttempts> {
        let attempt = self.at(step).attempts.get(&key)?;
        Some(made_before(attempt.number, &attempt.causes))
    }

    /// Whether this attempt, or a later one, is stored.
    pub fn has(&mut self, step: u64, key: ExecKey, number: u32) -> bool {
        let stored = self.at(step).attempts.get(&key);
        stored.is_some_and(|stored| stored.number >= number)
    }

    /// Remembers an attempt that has been stored.
    pub fn keep(&mut self, step: u64, key: ExecKey, attempt: PendingAttempt) {
        self.at(step).attempts.insert(key, attempt);
    }

    /// This process does not wait for an attempt that is due then.
    pub fn suspend_until(&mut self, due: SystemTime) {
        let until = self.suspended_until.get_or_insert(due);
        *until = due.min(*until);
    }

    /// When the run may go on, if it has ended because it waits for attempts.
    pub fn suspended_until(&self) -> Option<SystemTime> {
        self.suspended_until
    }
}

/// The attempts that were made before the attempt with this number, the last of which failed with an
/// error with these [texts](causes).
pub fn made_before(number: u32, causes: &[String]) -> EarlierAttempts {
    EarlierAttempts {
        made: number.saturating_sub(1),
        failure: match StoredError::of(causes) {
            Some(error) => Failure::new(error),
            None => Failure::new("the last attempt failed"),
        },
    }
}

/// The texts of an error and its sources.
pub fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    StoredError::texts(error)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn attempt(number: u32, causes: &[&str]) -> PendingAttempt {
        PendingAttempt {
            branch: None,
            item: None,
            path: "Shop > pay".into(),
            number,
            of: 5,
            causes: causes.iter().map(|&cause| cause.to_owned()).collect(),
        }
    }

    const KEY: ExecKey = ExecKey {
        branch: None,
        item: None,
    };

    #[test]
    fn the_texts_of_an_error_come_back_as_an_error() {
        let mut stored = StoredAttempts::new(4, vec![attempt(3, &["no answer", "timed out"])]);
        let earlier = stored.made(4, KEY).unwrap();
        assert_eq!(earlier.made, 2);
        let made = made_before(3, &["no answer".to_owned(), "timed out".to_owned()]);
        let error = made.failure.cause();
        assert_eq!(causes(error), ["no answer", "timed out"]);
        assert_eq!(
            causes(made_before(2, &[]).failure.cause()),
            ["the last attempt failed"]
        );
    }

    #[test]
    fn attempts_belong_to_one_step() {
        let mut stored = StoredAttempts::new(4, vec![attempt(3, &[])]);
        assert!(stored.are_stored(4) && !stored.are_stored(5));
        assert!(stored.has(4, KEY, 3) && !stored.has(4, KEY, 4));
        let item = ExecKey {
            item: Some(7),
            ..KEY
        };
        assert!(stored.made(4, item).is_none());
        stored.keep(4, item, attempt(2, &[]));
        assert!(stored.has(4, item, 1));
        assert!(stored.made(5, KEY).is_none());
        assert!(!stored.has(4, KEY, 1), "the step is over");
    }

    #[test]
    fn the_first_attempt_that_is_due_says_how_long_the_run_is_suspended() {
        let mut stored = StoredAttempts::default();
        assert_eq!(stored.suspended_until(), None);
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for seconds in [20, 10, 30] {
            stored.suspend_until(at(seconds));
        }
        assert_eq!(stored.suspended_until(), Some(at(10)));
    }
}
