//! What a mode does around the steps, the nodes and the items of a run.

use std::future::Future;
use std::pin::Pin;

use super::context::FlowContext;
use super::execution::Execution;
use super::flow::{Flow, Walk};
use super::mode::Mode;
use crate::driver::{Frame, Site};
use crate::error::Error;
use crate::node::{Attempt, Failure, Node, Reads};

/// Work that is one step of a flow.
#[doc(hidden)]
pub trait StepBody<S, M: Mode>: Send {
    /// Does it, and returns the index of the action taken.
    fn act(
        self,
        at: M::Info<'_>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// What a mode does around the steps on a store.
#[doc(hidden)]
pub trait StepMode<S>: Mode {
    /// Around a step.
    fn step<'a, A>(
        context: &'a FlowContext<'a, Self>,
        site: &'static Site,
        shared: &'a mut S,
        act: A,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        A: StepBody<S, Self> + 'a;

    /// Around a flow, the outermost one included.
    fn flow<'a, F>(
        &'a self,
        flow: &'a F,
        parent: Option<&'a Frame<'a>>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        F: Flow + Walk<S, Self>;

    /// Whether this run does an item of a batch, or a branch of a fork.
    fn wants(&self, at: Self::Info<'_>, item: Option<usize>) -> bool;
}

/// What a mode does around the exec of a node.
#[doc(hidden)]
pub trait NodeMode<S: 'static, H, N: Node<S, H>>: StepMode<S> {
    /// Whether anything follows a failed first part, except that it is the error of the step.
    const RECOVERS: bool;

    /// The first part of an exec: all there is to it if it succeeds at once.
    fn exec<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Self::ExecFailure>> + Send;

    /// What follows a failed first part. Boxed and cold, so that an exec that succeeds pays neither
    /// time nor room for it.
    fn recover<'b, 'v, 'p>(
        execution: Execution<'v, 'p, S, H, N, Self>,
        index: Option<usize>,
        item: N::Item<'v>,
        failed: Self::ExecFailure,
    ) -> Recovery<'b, N::Exec>
    where
        Execution<'v, 'p, S, H, N, Self>: 'b;

    /// One attempt.
    fn attempt<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send;
}

/// What a mode does around the items of a batch, and the branches of a fork.
#[doc(hidden)]
pub trait ItemMode<S: 'static, H, N: Node<S, H>>: NodeMode<S, H, N> {
    /// What [`exec`](NodeMode::exec) is for a node that is alone in its step.
    fn item<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Self::ExecFailure>> + Send;
}

/// What follows a failed attempt.
pub(crate) type Recovery<'v, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'v>>;
