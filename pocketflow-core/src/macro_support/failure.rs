//! How the error of a node becomes a [`Failure`].

use std::error::Error as StdError;

use crate::node::Failure;
use crate::run_error::{BoxError, Cause};

/// An error that a node returned. `__kind` tells reports and errors apart: for a report it is this
/// inherent method, and for an error it is the method of [`PlainError`]. It borrows the error,
/// because a compiler before 1.95 warns about unreachable code after an expression whose type has no
/// values, such as `Infallible`.
#[doc(hidden)]
pub struct ReturnedError<'a, E>(pub &'a E);

impl<E: AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static> ReturnedError<'_, E> {
    /// A report, such as `anyhow::Error`.
    pub fn __kind(self) -> IsReport {
        IsReport
    }
}

/// The case of [`ReturnedError`] that is an error.
#[doc(hidden)]
pub trait PlainError: Sized {
    /// An error, or a value that converts into one.
    fn __kind(self) -> IsError;
}

impl<E> PlainError for ReturnedError<'_, E> {
    fn __kind(self) -> IsError {
        IsError
    }
}

/// The kind of a report.
#[doc(hidden)]
pub struct IsReport;

/// The kind of an error.
#[doc(hidden)]
pub struct IsError;

/// The errors that a node may return: reports, and all types that convert into `Box<dyn Error +
/// Send + Sync>`.
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
        Failure::with_cause(Cause::of_report(self), retry)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoFailure<IsError> for E {
    fn into_failure(self, _: IsError, retry: bool) -> Failure {
        Failure::with_cause(Cause::of_error(self), retry)
    }
}
