//! How what a fallback returns becomes what `exec` returns.

use std::future::{Future, ready};

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
