//! The contract of a step: what a mode does around the steps, the execs and the items of a run.

use std::future::Future;
use std::pin::Pin;

use super::context::FlowContext;
use super::execution::Execution;
use super::flow::{Flow, Walk};
use super::inner::{Item, Outer};
use super::mode::Mode;
use super::pause::AttemptPause;
use crate::driver::{Frame, Site};
use crate::node::{Attempt, Failure, Node, Reads};
use crate::run::step_future::StepFuture;
use crate::run_error::Error;
use crate::store::Shared;

/// The work of a step: of a node, a fork or an `await(field)`.
#[doc(hidden)]
pub trait StepBody<S, M: Mode>: Send {
    /// Does the work, and returns the index of the action taken.
    fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture;
}

/// What a mode does around each step and each flow.
#[doc(hidden)]
pub trait StepMode<S: Shared>: Mode {
    /// Borrows the context of the run.
    fn lend(held: &Self::Held) -> S::Context<'_>;

    /// Runs a step.
    fn step<'a, A>(
        context: &'a FlowContext<'a, Self>,
        site: &'static Site,
        shared: &'a mut S,
        act: A,
    ) -> impl StepFuture
    where
        A: StepBody<S, Self> + 'a;

    /// Runs a flow, nested or outermost.
    fn flow<'a, F>(
        held: &'a Self::Held,
        flow: &'a F,
        parent: Option<&'a Frame<'a>>,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>;

    /// Runs a flow on an inner store.
    fn inner<'a, F>(
        outer: Outer<'a, Self>,
        item: Option<Item<'a>>,
        flow: &'a F,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>;

    /// Waits between two attempts.
    fn pause<'a>(
        pause: AttemptPause<'a, Self>,
        info: Self::Info<'a>,
        next: Attempt<'a>,
    ) -> impl StepFuture<()>;

    /// Whether this run does an item of a batch, or a branch of a fork.
    fn wants(held: &Self::Held, info: Self::Info<'_>, item: Option<usize>) -> bool;
}

/// What a mode does around the exec of a node.
#[doc(hidden)]
pub trait NodeMode<S: Shared, H, N: Node<S, H>>: StepMode<S> {
    /// Whether [`recover`](Self::recover) can turn a failed [`exec`](Self::exec) into a result.
    const RECOVERS: bool;

    /// Runs an exec. In a direct run this is the first attempt; in a driven run, all of them.
    /// No lifetime appears only in `Reads`, for Rust 1.91 and older: see
    /// [`StepSource`](super::runner::StepSource).
    fn exec<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec, Self::ExecFailure>;

    /// Recovers from a failed [`exec`](Self::exec): the further attempts, and the fallback. It is
    /// boxed and cold, so it costs an exec that succeeds neither time nor space.
    fn recover<'b, 'v, 'p>(
        execution: Execution<'v, 'p, S, H, N, Self>,
        index: Option<usize>,
        item: N::Item<'v>,
        failed: Self::ExecFailure,
    ) -> Recovery<'b, N::Exec>
    where
        Execution<'v, 'p, S, H, N, Self>: 'b;

    /// Makes one attempt.
    fn attempt<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl StepFuture<N::Exec, Failure>;
}

/// What a mode does around the items of a batch, and the branches of a fork.
#[doc(hidden)]
pub trait ItemMode<S: Shared, H, N: Node<S, H>>: NodeMode<S, H, N> {
    /// Runs the exec of an item or of a branch, as [`exec`](NodeMode::exec) does for a node that is
    /// alone in its step.
    fn item<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec, Self::ExecFailure>;
}

/// The future of the attempts after the first, and of the fallback.
pub(crate) type Recovery<'v, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'v>>;
