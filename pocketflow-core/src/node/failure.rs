use std::error::Error as StdError;
use std::fmt;

use crate::run_error::Cause;
use crate::store::Store;

/// Why an attempt failed, and whether to retry.
#[derive(Debug)]
pub struct Failure {
    cause: Cause,
    next: Next,
}

/// What may come after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Another attempt, or else the fallback.
    Attempt,
    /// The fallback.
    Fallback,
    /// The end of the run. A fallback or an error edge would only hide a mistake in the program.
    End,
}

impl Failure {
    pub(crate) fn new(cause: Cause, retry: bool) -> Self {
        let next = if retry { Next::Attempt } else { Next::Fallback };
        Self { cause, next }
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

    /// A failure that this library reports.
    #[doc(hidden)]
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Cause::of_error(error), true)
    }

    /// A failure that ends the run, without a retry and without the fallback.
    pub(crate) fn last(error: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            cause: Cause::of_error(error),
            next: Next::End,
        }
    }

    /// A late field is empty, although the checks of the flow passed.
    #[doc(hidden)]
    #[cold]
    pub fn empty(store: &'static Store, field: &'static str) -> Self {
        Self::of(store.empty(field))
    }

    pub(crate) fn kept(&self) -> &Cause {
        &self.cause
    }

    pub(crate) fn into_cause(self) -> Cause {
        self.cause
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
