//! The retry wrapper around `exec`.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::mode::{FlowContext, Mode, NodeMode, Recovery};
use crate::driver::Site;
use crate::error::{Error, NoRuntime, Stage, TimedOut};
use crate::node::{self, Attempt, Failure, Node, Reads};
use crate::store::Shared;

/// What a node works on during a execution, where, and how it is run.
#[doc(hidden)]
pub struct Execution<'v, 'p, S: 'static, H, N: Node<S, H>, M: Mode> {
    pub(super) node: &'v N,
    pub(super) shared: &'v S,
    pub(super) prep: &'v N::Prep<'p>,
    pub(super) context: &'v FlowContext<'v, M>,
    pub(super) site: &'static Site,
    pub(super) at: M::At<'v>,
}

impl<'v, S: 'static, H, N: Node<S, H>, M: Mode> Execution<'v, '_, S, H, N, M> {
    /// The node, for what its fields say of the work.
    pub fn node(&self) -> &'v N {
        self.node
    }
}

/// Whether anything follows a failed first attempt.
pub(super) const fn recovers<S: 'static, H, N: Node<S, H>>() -> bool {
    N::POLICY.attempts > 1 || N::POLICY.fallback
}

/// An error, as what follows a failed attempt.
#[cold]
pub(super) fn failed<'b, T: Send + 'b>(error: Error) -> Recovery<'b, T> {
    Box::pin(ready(Err(error)))
}

/// What `exec` reads, after `prep`.
#[inline]
pub(super) fn reads<S: 'static, H, N: Node<S, H>>(shared: &S) -> Reads<'_, N> {
    match N::reads(shared) {
        Ok(reads) => reads,
        Err(empty) => unfilled(empty),
    }
}

#[cold]
fn unfilled(_: Failure) -> ! {
    unreachable!("a step first checks that all of it is filled")
}

impl<S: 'static, H, N: Node<S, H>, M: Mode> Clone for Execution<'_, '_, S, H, N, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static, H, N: Node<S, H>, M: Mode> Copy for Execution<'_, '_, S, H, N, M> {}

impl<'v, 'p, S, H, N, M> Execution<'v, 'p, S, H, N, M>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    M: NodeMode<S, H, N>,
{
    /// The first attempt at an exec. `work` makes its key.
    pub(super) fn first_attempt<'w>(
        index: Option<usize>,
        work: Option<&'w dyn node::Work>,
    ) -> Attempt<'w> {
        Attempt::first_of(N::POLICY.attempts, index, work)
    }

    /// Whether this run does an item, or the branch.
    #[inline]
    pub(super) fn wanted(&self, item: Option<usize>) -> bool {
        !M::SKIPS || self.context.mode.wants(M::shorten(self.at), item)
    }

    /// One attempt, with nothing around it.
    #[inline]
    pub(super) fn attempt<'t>(
        self,
        item: N::Item<'v>,
        attempt: Attempt<'t>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send + use<'v, 'p, 't, S, H, N, M> {
        self.node
            .exec(reads::<S, H, N>(self.shared), self.prep, item, attempt)
    }

    /// What follows a failed first attempt: the others, and the fallback.
    #[cold]
    pub(super) fn recover<'b>(
        self,
        index: Option<usize>,
        item: N::Item<'v>,
        failure: Failure,
        work: Option<&'b dyn node::Work>,
    ) -> Recovery<'b, N::Exec>
    where
        Self: 'b,
    {
        // Known when this is compiled, so that no code is made for what a node does not have.
        if const { !recovers::<S, H, N>() } {
            return failed(self.error(index, 1, failure));
        }
        Box::pin(self.retry(index, item, failure, work))
    }

    /// The error of the last attempt.
    fn error(&self, index: Option<usize>, attempt: u32, failure: Failure) -> Error {
        let stage = Stage::Exec {
            attempt,
            attempts: N::POLICY.attempts,
        };
        self.context.attempted(self.site, index, stage, failure)
    }

    async fn retry(
        self,
        index: Option<usize>,
        item: N::Item<'v>,
        mut failure: Failure,
        work: Option<&dyn node::Work>,
    ) -> Result<N::Exec, Error> {
        let policy = N::POLICY;
        let mut number = 1;
        while number < policy.attempts && failure.may_retry() {
            let wait = policy.jittered_wait_after(number);
            if !wait.is_zero() {
                match timer(wait, "wait") {
                    Ok(timer) => timer.await,
                    Err(none) => return Err(self.error(index, number, Failure::last(none))),
                }
            }
            number += 1;
            let attempt = Self::first_attempt(index, work).again(number, failure.kept());
            match M::attempt(self, item, attempt).await {
                Ok(exec) => return Ok(exec),
                Err(again) => failure = again,
            }
        }
        let error = self.error(index, number, failure);
        // What the program lacks, a fallback would only hide.
        if !policy.fallback || error.cause().is::<NoRuntime>() {
            return Err(error);
        }
        self.node
            .fallback(
                reads::<S, H, N>(self.shared),
                self.prep,
                item,
                error.clone(),
            )
            .await
            .map_err(|failure| {
                // A fallback that only hands the error on has not failed.
                match failure.cause().downcast_ref::<Error>() {
                    Some(handed_on) if handed_on.is(&error) => error,
                    _ => Error::at_item(
                        self.context.frame(self.site).path(),
                        index,
                        Stage::Fallback,
                        failure.into_cause(),
                    ),
                }
            })
    }
}

pin_project! {
    /// An attempt that may take so long and no longer. The time starts at the first poll.
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
    exec: impl Future<Output = Result<T, Failure>> + Send,
) -> impl Future<Output = Result<T, Failure>> + Send {
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

/// A timer for an option of a node. Tokio panics where there is no runtime, and could name neither
/// the node nor the option.
fn timer(time: Duration, option: &'static str) -> Result<Sleep, NoRuntime> {
    match Handle::try_current() {
        Ok(_) => Ok(sleep(time)),
        Err(_) => Err(NoRuntime { option }),
    }
}

pin_project! {
    /// What the exec of a node returned, as the runtime takes it: an error of the user's as a failure. The map is a function, so it
    /// takes no room.
    #[doc(hidden)]
    pub struct Outcome<F, M> {
        #[pin]
        exec: F,
        map: M,
    }
}

pin_project! {
    /// [`Outcome`], of a node that cannot fail.
    #[doc(hidden)]
    pub struct Plain<F> {
        #[pin]
        exec: F,
    }
}

/// Takes what an async exec returns that cannot fail.
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

/// Takes what an async exec returns.
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
