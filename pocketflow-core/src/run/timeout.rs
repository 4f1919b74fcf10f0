//! The timeout of an attempt, and the timer of a wait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use crate::node::Failure;
use crate::run::step_future::StepFuture;
use crate::run_error::{NoRuntime, TimedOut};

pin_project! {
    /// An attempt with a time limit. The time starts at the first poll.
    struct Within<F> {
        #[pin]
        exec: F,
        #[pin]
        timer: Option<Sleep>,
        limit: Duration,
    }
}

/// Limits the time of an attempt.
#[doc(hidden)]
pub fn within<T>(
    limit: Duration,
    exec: impl StepFuture<T, Failure>,
) -> impl StepFuture<T, Failure> {
    Within {
        exec,
        timer: None,
        limit,
    }
}

impl<T, F: Future<Output = Result<T, Failure>>> Future for Within<F> {
    type Output = Result<T, Failure>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.timer.is_none() {
            match timer(*this.limit, "timeout") {
                Ok(timer) => this.timer.set(Some(timer)),
                Err(none) => return Poll::Ready(Err(Failure::last(none))),
            }
        }
        if let Poll::Ready(result) = this.exec.poll(context) {
            return Poll::Ready(result);
        }
        let limit = *this.limit;
        match this.timer.as_pin_mut() {
            Some(timer) => timer
                .poll(context)
                .map(|()| Err(Failure::of(TimedOut { limit }))),
            None => Poll::Pending,
        }
    }
}

/// A timer for an option of a node. Without a runtime tokio panics, and could name neither the node
/// nor the option.
pub(super) fn timer(time: Duration, option: &'static str) -> Result<Sleep, NoRuntime> {
    match Handle::try_current() {
        Ok(_) => Ok(sleep(time)),
        Err(_) => Err(NoRuntime { option }),
    }
}
