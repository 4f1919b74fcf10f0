//! Finds an attempt that would wait for a place inside an attempt that holds one.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Budget;

/// The cause of an [`Error`](crate::Error) when a run inside a node's `exec` has the same
/// [`Limit`](crate::Limit) as the node. The error ends the inner run, without a retry and without the
/// fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NestedLimit;

impl fmt::Display for NestedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this attempt would wait for a place of a `Limit` while an attempt around it holds one: use the limit once, and choose the nodes that send the requests, with `Limit::node`",
        )
    }
}

impl StdError for NestedLimit {}

thread_local! {
    /// The limits of which the attempts that this thread is polling hold a place, from the
    /// outermost attempt to the innermost.
    static HELD: RefCell<Vec<*const Budget>> = const { RefCell::new(Vec::new()) };
}

/// Whether an attempt that is being polled holds a place.
pub(super) fn is_held(budget: &Budget) -> bool {
    HELD.with_borrow(|held| held.iter().any(|held| ptr::eq(*held, budget)))
}

/// Marks a limit as held for the time of a poll. A panic in the poll ends it as well.
struct Polling;

impl Polling {
    fn with(budget: &Budget) -> Self {
        HELD.with_borrow_mut(|held| held.push(budget));
        Self
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        HELD.with_borrow_mut(Vec::pop);
    }
}

pin_project! {
    /// An attempt that holds a place of a limit, if it is a limit of places.
    pub(super) struct Holding<'a, F> {
        budget: Option<&'a Budget>,
        #[pin]
        attempt: F,
    }
}

impl<'a, F> Holding<'a, F> {
    pub(super) fn new(budget: Option<&'a Budget>, attempt: F) -> Self {
        Self { budget, attempt }
    }
}

impl<F: Future> Future for Holding<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _polling = this.budget.map(Polling::with);
        this.attempt.poll(context)
    }
}
