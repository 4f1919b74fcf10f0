//! Runs without a driver.

use std::future::Future;

use super::exec::{Execution, recovers};
use super::flow::{Cursor, Flow, Walk, given};
use super::mode::{Failed, FlowContext, ItemMode, Mode, NodeMode, Recovery, StepBody, StepMode};
use crate::driver::{Direct, Frame, Site};
use crate::error::{Error, Stage};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::store::Shared;

impl Mode for Direct {
    const SKIPS: bool = false;

    type Failed = Failure;

    #[cold]
    fn failed(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        attempts: u32,
        failed: Failed<Failure>,
    ) -> Error {
        match failed {
            Failed::Prep(failure) => context.attempted(site, None, Stage::Prep, failure),
            Failed::First(failure) => {
                let stage = Stage::Exec {
                    attempt: 1,
                    attempts,
                };
                context.attempted(site, None, stage, failure)
            }
            Failed::Recovery(error) => error,
            Failed::Post(empty) => context.failed(site, Stage::Post, empty),
        }
    }

    type At<'a> = ();

    #[inline]
    fn shorten<'b, 'a: 'b>((): ()) {}

    type Way<'a> = ();

    #[inline]
    fn way(_: Frame<'_>) {}

    type Branch<'a> = ();

    #[inline]
    fn branch((): (), (): &()) {}

    #[inline]
    fn at_branch((): &()) {}

    #[inline]
    fn start<S: Shared>(
        &self,
        frame: &Frame<'_>,
        graph: &'static Graph,
        shared: &S,
        _: &mut [u32],
    ) -> Result<usize, Error> {
        if frame.parent.is_none() {
            given(graph, shared)?;
        }
        Ok(0)
    }

    #[inline]
    fn counted(&self, _: &Frame<'_>, _: &[u32]) {}
}

impl<S: Shared> StepMode<S> for Direct {
    #[inline]
    fn step<'a, A>(
        _: &'a FlowContext<'a, Self>,
        _: &'static Site,
        shared: &'a mut S,
        act: A,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        A: StepBody<S, Self> + 'a,
    {
        act.act((), shared)
    }

    #[inline]
    fn flow<'a, F>(
        &'a self,
        flow: &'a F,
        parent: Option<&'a Frame<'a>>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        F: Flow + Walk<S, Self>,
    {
        flow.walk(Cursor::new::<F>(self, parent), shared)
    }

    #[inline]
    fn wants(&self, (): (), _: Option<usize>) -> bool {
        true
    }
}

impl<S, H, N> NodeMode<S, H, N> for Direct
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
{
    const RECOVERS: bool = recovers::<S, H, N>();

    #[inline]
    fn first<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        let attempt = Attempt::first_of(N::POLICY.attempts, index, None);
        execution.node.exec(reads, execution.prep, item, attempt)
    }

    #[cold]
    fn recover<'b, 'v, 'p>(
        execution: Execution<'v, 'p, S, H, N, Self>,
        index: Option<usize>,
        item: N::Item<'v>,
        failed: Failure,
    ) -> Recovery<'b, N::Exec>
    where
        Execution<'v, 'p, S, H, N, Self>: 'b,
    {
        execution.recover(index, item, failed, None)
    }

    #[inline]
    fn attempt<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        execution.attempt(item, attempt)
    }
}

impl<S, H, N> ItemMode<S, H, N> for Direct
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
{
    #[inline]
    fn item<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        Self::first(execution, reads, index, item)
    }
}
