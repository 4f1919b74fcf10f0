use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, ready};

use crate::error::{BoxError, Cause};
use crate::store::Store;

/// Why an attempt failed, and whether another is worth a try.
#[derive(Debug)]
pub struct Failure {
    cause: Cause,
    retry: bool,
}

impl Failure {
    /// The error that the node returned, or [`TimedOut`](crate::TimedOut).
    pub fn cause(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.cause.error()
    }

    /// Whether the node's `retry_if` lets it be tried again.
    pub fn may_retry(&self) -> bool {
        self.retry
    }

    /// A failure of this library's own.
    #[doc(hidden)]
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            cause: Cause::of_error(error),
            retry: true,
        }
    }

    /// A failure after which no other attempt is worth a try.
    pub(crate) fn last(error: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            cause: Cause::of_error(error),
            retry: false,
        }
    }

    /// That a late field is empty, against the flow's proof.
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

/// An error that a node returned. `__kind` tells a report, by this inherent method, from an error,
/// by the method of [`RaisePlain`].
#[doc(hidden)]
pub struct Raised<E>(pub E);

impl<E: AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static> Raised<E> {
    /// A report, such as `anyhow::Error`.
    pub fn __kind(self) -> (E, IsReport) {
        (self.0, IsReport)
    }
}

/// The other side of [`Raised`].
#[doc(hidden)]
pub trait RaisePlain<E>: Sized {
    /// An error, or what may become one.
    fn __kind(self) -> (E, IsError);
}

impl<E> RaisePlain<E> for Raised<E> {
    fn __kind(self) -> (E, IsError) {
        (self.0, IsError)
    }
}

/// The kind of a report.
#[doc(hidden)]
pub struct IsReport;

/// The kind of an error.
#[doc(hidden)]
pub struct IsError;

/// The errors that a node may return: reports, and all that convert into `Box<dyn Error + Send +
/// Sync>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a node",
    label = "this error does not convert into `Box<dyn std::error::Error + Send + Sync>`",
    note = "return `anyhow::Result`, or an error that is `Send + Sync` and implements `std::error::Error`"
)]
pub trait IntoFailure<Kind>: Sized {
    /// The failure of an attempt.
    fn into_failure(self, kind: Kind, retry: bool) -> Failure;
}

#[diagnostic::do_not_recommend]
impl<E: AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static> IntoFailure<IsReport> for E {
    fn into_failure(self, _: IsReport, retry: bool) -> Failure {
        Failure {
            cause: Cause::of_report(self),
            retry,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoFailure<IsError> for E {
    fn into_failure(self, _: IsError, retry: bool) -> Failure {
        Failure {
            cause: Cause::of_error(self),
            retry,
        }
    }
}

/// What the exec of a batch returns where its results go nowhere.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the batch returns a `{Self}` for each item, and names no field to store them in",
    label = "one of these for each item",
    note = "store them in a `Vec`, in the order of the items: `#[node(…, writes = field)]`"
)]
pub trait Nothing {
    /// Nothing to do.
    const NOTHING: () = ();
}

#[diagnostic::do_not_recommend]
impl Nothing for () {}

/// What a type whose name ends in `Result` is taken to be.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "a node is fallible where the last name of its type is `Result`",
    note = "give the type of a plain value another name"
)]
pub trait Fallible {
    /// What it holds when all is well.
    type Value;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
}

/// What a fallback function returns: what `exec` returns, at once or as a future.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the fallback returns `{Self}`, and `exec` returns `{R}`",
    label = "a fallback returns what `exec` returns"
)]
pub trait IntoOutcome<R, Kind> {
    /// The outcome.
    fn into_outcome(self) -> impl Future<Output = R> + Send;
}

/// At once.
#[doc(hidden)]
pub enum Now {}

/// As a future.
#[doc(hidden)]
pub enum Later {}

impl<R: Send> IntoOutcome<R, Now> for R {
    fn into_outcome(self) -> impl Future<Output = R> + Send {
        ready(self)
    }
}

impl<R, F: Future<Output = R> + Send> IntoOutcome<R, Later> for F {
    fn into_outcome(self) -> impl Future<Output = R> + Send {
        self
    }
}
