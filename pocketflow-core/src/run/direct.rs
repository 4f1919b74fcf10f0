//! Runs without a driver.

use super::context::FlowContext;
use super::contract::{ItemMode, NodeMode, Recovery, StepBody, StepMode};
use super::exec::recovers;
use super::execution::Execution;
use super::flow::{Flow, Walk, cursor};
use super::mode::{Mode, StepFailure};
use crate::driver::{Direct, Frame, Site};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Stage};
use crate::store::Shared;

impl Mode for Direct {
    const SKIPS: bool = false;

    type ExecFailure = Failure;

    #[cold]
    fn step_error(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        attempts: u32,
        failed: StepFailure<Failure>,
    ) -> Error {
        match failed {
            StepFailure::Prep(failure) => context.attempt_error(site, None, Stage::Prep, failure),
            StepFailure::Exec(failure) => {
                let stage = Stage::Exec {
                    attempt: 1,
                    attempts,
                };
                context.attempt_error(site, None, stage, failure)
            }
            StepFailure::Recovery(error) => error,
            StepFailure::Post(empty) => context.error(site, Stage::Post, empty),
        }
    }

    type Info<'a> = ();

    #[inline]
    fn reborrow<'b, 'a: 'b>((): ()) {}

    type BranchFrame<'a> = ();

    #[inline]
    fn branch_frame(_: Frame<'_>) {}

    type BranchInfo<'a> = ();

    #[inline]
    fn branch((): (), (): &()) {}

    #[inline]
    fn branch_info((): &()) {}

    const CHECKS_INPUTS: bool = true;

    #[inline]
    fn start(&self, _: &Frame<'_>, _: &'static Graph, _: &mut [u32]) -> Result<usize, Error> {
        Ok(0)
    }

    #[inline]
    fn edge_taken(&self, _: &Frame<'_>, _: &[u32]) {}
}

impl<S: Shared> StepMode<S> for Direct {
    #[inline]
    fn step<'a, A>(
        _: &'a FlowContext<'a, Self>,
        _: &'static Site,
        shared: &'a mut S,
        act: A,
    ) -> impl StepFuture
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
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>,
    {
        flow.walk(cursor::<F, Self>(self, parent), shared)
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
    fn exec<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec, Failure> {
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
    ) -> impl StepFuture<N::Exec, Failure> {
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
        reads: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec, Failure> {
        Self::exec(execution, reads, index, item)
    }
}
