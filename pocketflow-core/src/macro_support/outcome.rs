//! Converts what a node's functions return into the outcome of an exec.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::node::Failure;

/// What a fallback function returns: the same as `exec`, as a value or as a future.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the fallback returns `{Self}`, and `exec` returns `{R}`",
    label = "a fallback returns what `exec` returns"
)]
pub trait IntoOutcome<R, Kind> {
    /// The outcome.
    fn into_outcome(self) -> impl Future<Output = R> + Send;
}

/// As a value.
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

pin_project! {
    /// An async exec whose error becomes a [`Failure`]. The map is a function, so it takes no space.
    #[doc(hidden)]
    pub struct Outcome<F, M> {
        #[pin]
        exec: F,
        map: M,
    }
}

pin_project! {
    /// An async exec that cannot fail.
    #[doc(hidden)]
    pub struct Plain<F> {
        #[pin]
        exec: F,
    }
}

/// Adapts an async exec that cannot fail.
#[doc(hidden)]
pub fn plain<F: Future>(exec: F) -> Plain<F> {
    Plain { exec }
}

impl<F: Future> Future for Plain<F> {
    type Output = Result<F::Output, Failure>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().exec.poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Adapts an async exec.
#[doc(hidden)]
pub fn outcome<F, T, M>(exec: F, map: M) -> Outcome<F, M>
where
    F: Future,
    M: Fn(F::Output) -> Result<T, Failure>,
{
    Outcome { exec, map }
}

impl<F, T, M> Future for Outcome<F, M>
where
    F: Future,
    M: Fn(F::Output) -> Result<T, Failure>,
{
    type Output = Result<T, Failure>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.exec.poll(context) {
            Poll::Ready(output) => Poll::Ready((this.map)(output)),
            Poll::Pending => Poll::Pending,
        }
    }
}
