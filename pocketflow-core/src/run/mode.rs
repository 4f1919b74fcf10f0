//! How a flow is run: directly, or with drivers around its steps.

use std::future::Future;
use std::pin::Pin;

use super::exec::Execution;
use super::flow::{Flow, Walk};
use crate::driver::{Frame, Site};
use crate::error::{Cause, EmptyField, Error, Stage};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::store::Shared;

/// A way to run flows: [`Direct`](crate::Direct), which adds nothing to the steps, neither time nor
/// room in the future; or [`Driven`](super::Driven), with a driver around them.
#[doc(hidden)]
pub trait Mode: Sized + Send + Sync {
    /// Whether [`StepMode::wants`] may say no.
    const SKIPS: bool;

    /// Why the first part of an exec failed.
    type Failed: Send;

    /// The error of a failed step. It knows nothing of the node, so it is compiled once.
    fn failed(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        attempts: u32,
        failed: Failed<Self::Failed>,
    ) -> Error;

    /// What of a place is shown around a step there.
    type At<'a>: Copy + Send + Sync;

    /// The same, for a shorter time.
    fn shorten<'b, 'a: 'b>(at: Self::At<'a>) -> Self::At<'b>;

    /// What is kept of the way to a node of a fork.
    type Way<'a>: Send + Sync;

    /// The way to a node of a fork.
    fn way(frame: Frame<'_>) -> Self::Way<'_>;

    /// What a node of a fork has of the place.
    type Branch<'a>: Send + Sync;

    /// A node of the fork that stands there.
    fn branch<'a>(at: Self::At<'a>, way: &'a Self::Way<'_>) -> Self::Branch<'a>;

    /// What is shown of it.
    fn at_branch<'b>(branch: &'b Self::Branch<'_>) -> Self::At<'b>;

    /// Where to start in a flow that stands there: where a run resumes, also how often the bounded
    /// edges were taken.
    ///
    /// # Errors
    ///
    /// Where an input of the outermost flow is empty, and where a run resumes at a place that the
    /// flow does not have.
    fn start<S: Shared>(
        &self,
        frame: &Frame<'_>,
        graph: &'static Graph,
        shared: &S,
        taken: &mut [u32],
    ) -> Result<usize, Error>;

    /// A bounded edge has been taken.
    fn counted(&self, frame: &Frame<'_>, taken: &[u32]);
}

/// Why a step failed. Every node makes one, and none makes an error of it.
#[doc(hidden)]
#[derive(Debug)]
pub enum Failed<F> {
    /// In `prep`.
    Prep(Failure),
    /// In the first part of an exec that nothing follows.
    First(F),
    /// In what follows the first part.
    Recovery(Error),
    /// In `post`.
    Post(EmptyField),
}

/// Work that is one step of a flow.
#[doc(hidden)]
pub trait StepBody<S, M: Mode>: Send {
    /// Does it, and returns the index of the action taken.
    fn act(
        self,
        at: M::At<'_>,
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
    fn wants(&self, at: Self::At<'_>, item: Option<usize>) -> bool;
}

/// What a mode does around the exec of a node.
#[doc(hidden)]
pub trait NodeMode<S: 'static, H, N: Node<S, H>>: StepMode<S> {
    /// Whether anything follows a failed first part, except that it is the error of the step.
    const RECOVERS: bool;

    /// The first part of an exec: all there is to it if it succeeds at once.
    fn first<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Self::Failed>> + Send;

    /// What follows a failed first part. Boxed and cold, so that an exec that succeeds pays neither
    /// time nor room for it.
    fn recover<'b, 'v, 'p>(
        execution: Execution<'v, 'p, S, H, N, Self>,
        index: Option<usize>,
        item: N::Item<'v>,
        failed: Self::Failed,
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
    /// What [`first`](NodeMode::first) is for a node that is alone in its step.
    fn item<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Self::Failed>> + Send;
}

/// What follows a failed attempt.
pub(crate) type Recovery<'v, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'v>>;

/// How a flow is run, and where it stands: what a step is given. The site of the frame is that of
/// the nested flow that is under way.
#[doc(hidden)]
#[derive(Debug)]
pub struct FlowContext<'a, M> {
    pub(crate) mode: &'a M,
    pub(crate) frame: Frame<'a>,
}

impl<'a, M> FlowContext<'a, M> {
    /// The way to a site of this flow.
    pub(crate) fn frame(&self, site: &'static Site) -> Frame<'a> {
        Frame {
            parent: self.frame.parent,
            site,
        }
    }

    #[cold]
    pub(crate) fn failed(
        &self,
        site: &'static Site,
        stage: Stage,
        cause: impl Into<Cause>,
    ) -> Error {
        self.frame(site).failed(stage, cause)
    }

    /// The error of an attempt. It knows nothing of the node, so it is compiled once.
    #[cold]
    pub(super) fn attempted(
        &self,
        site: &'static Site,
        item: Option<usize>,
        stage: Stage,
        failure: Failure,
    ) -> Error {
        Error::at_item(self.frame(site).path(), item, stage, failure.into_cause())
    }
}
