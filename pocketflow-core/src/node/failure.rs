use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::run_error::{BoxError, Cause, Error};
use crate::store::Store;

/// Why an attempt failed, and whether to retry.
///
/// A driver that fails an attempt itself makes one from an error or a text, with `?`, with `into`,
/// or with [`new`](Self::new):
///
/// ```
/// use pocketflow::Failure;
///
/// let failure: Failure = "the model is busy".into();
/// assert!(failure.may_retry());
///
/// let failure = Failure::new(std::fmt::Error).without_retry();
/// assert!(failure.cause().is::<std::fmt::Error>());
/// assert!(!failure.may_retry());
/// ```
#[derive(Debug)]
pub struct Failure {
    cause: Cause,
    next: Next,
    /// How long to wait before the next attempt, in milliseconds: 0 if the policy says that.
    after: u32,
}

/// What may come after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Another attempt, or else the fallback.
    Attempt,
    /// The fallback.
    Fallback,
    /// The end of the exec, whose error is the cause.
    Error,
    /// The end of the run. A fallback or an error edge would only hide a mistake in the program.
    End,
}

impl Failure {
    /// The failure of an attempt with this error, which is worth another attempt.
    ///
    /// Give it the error itself. An `anyhow::Error` that is converted hides the type of the error in
    /// it, so use [`of_report`](Self::of_report) for that.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self::with_cause(Cause::of_error(error), true)
    }

    /// The failure of an attempt with a report, such as an `anyhow::Error`.
    pub fn of_report(
        report: impl AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static,
    ) -> Self {
        Self::with_cause(Cause::of_report(report), true)
    }

    /// The same failure, after which the node is not tried again. Its fallback runs, if it has one.
    #[must_use]
    pub fn without_retry(self) -> Self {
        match self.next {
            Next::Attempt => Self {
                next: Next::Fallback,
                ..self
            },
            Next::Fallback | Next::Error | Next::End => self,
        }
    }

    /// The failure with which a whole exec ends: this error is the error of the node, after all its
    /// attempts and its fallback. Neither another attempt nor the fallback follows.
    ///
    /// It is for a driver that gives back how an exec has ended before, or that makes one up. The
    /// error comes from [`StepInfo::failure`](crate::StepInfo::failure).
    pub fn ending(error: Error) -> Self {
        Self {
            next: Next::Error,
            ..Self::new(error)
        }
    }

    pub(crate) fn with_cause(cause: Cause, retry: bool) -> Self {
        let next = if retry { Next::Attempt } else { Next::Fallback };
        Self {
            cause,
            next,
            after: 0,
        }
    }

    /// The same failure, with the wait before the next attempt. It replaces the wait of the node's
    /// policy, without jitter, and is at most the node's `max_wait`.
    ///
    /// `retry_after` of a node calls this with what an error says, such as the header `Retry-After`.
    #[must_use]
    pub fn retry_after(self, wait: Option<Duration>) -> Self {
        let millis = wait.map_or(0, |wait| wait.as_millis().max(1));
        Self {
            after: u32::try_from(millis).unwrap_or(u32::MAX),
            ..self
        }
    }

    /// The wait before the next attempt, if the failure says how long it is.
    pub(crate) fn wait(&self) -> Option<Duration> {
        (self.after > 0).then(|| Duration::from_millis(self.after.into()))
    }

    /// The error that the node returned, or [`TimedOut`](crate::TimedOut).
    pub fn cause(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.cause.error()
    }

    /// Whether the node's `retry_if` allows another attempt.
    pub fn may_retry(&self) -> bool {
        self.next == Next::Attempt
    }

    /// Whether the run ends, even if the node has a fallback.
    pub(crate) fn ends_the_run(&self) -> bool {
        self.next == Next::End
    }

    /// The error of the node, if a driver has made it.
    pub(crate) fn ends_with(&self) -> Option<&Error> {
        match self.next {
            Next::Error => self.cause().downcast_ref(),
            Next::Attempt | Next::Fallback | Next::End => None,
        }
    }

    /// A failure that this library reports.
    #[doc(hidden)]
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::with_cause(Cause::of_error(error), true)
    }

    /// A failure that ends the run, without a retry and without the fallback.
    pub(crate) fn last(error: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            cause: Cause::of_error(error),
            next: Next::End,
            after: 0,
        }
    }

    /// A late field is empty, although the checks of the flow passed.
    #[doc(hidden)]
    #[cold]
    pub fn empty(store: &'static Store, field: &'static str) -> Self {
        Self::of(store.empty(field))
    }

    /// The report that this was made from, if it is of this type.
    pub(crate) fn report<R: 'static>(&self) -> Option<&R> {
        self.cause.report()
    }

    /// The same failure, after the node's `retry_if` has decided about it.
    pub(crate) fn retried(self, retry: Option<bool>) -> Self {
        match retry {
            Some(false) => self.without_retry(),
            Some(true) | None => self,
        }
    }

    pub(crate) fn kept(&self) -> &Cause {
        &self.cause
    }

    pub(crate) fn into_cause(self) -> Cause {
        self.cause
    }
}

impl<E: Into<BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// The error's text; with `{:#}`, followed by what caused it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause())?;
        let mut source = self.cause().source().filter(|_| f.alternate());
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
