//! Runs without a driver.

use std::marker::PhantomData;

use super::context::FlowContext;
use super::contract::{ItemMode, NodeMode, Recovery, StepBody, StepMode};
use super::exec::recovers;
use super::execution::Execution;
use super::flow::{Flow, Walk, cursor};
use super::inner::{Item, Outer};
use super::mode::{Mode, StepFailure};
use super::pause::AttemptPause;
use crate::driver::{Frame, Site};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Stage};
use crate::store::InContext;

/// The mode of a run without a driver, in the context `C`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Undriven<C: ?Sized>(PhantomData<fn() -> PhantomData<C>>);

impl<C: ?Sized + Send + Sync> Mode for Undriven<C> {
    type Held = C;

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
    fn batch<'b, 'a: 'b>((): (), _: usize) {}

    #[inline]
    fn branch_info((): &()) {}

    type Above = ();

    type Group = ();

    #[inline]
    fn above(_: &C) {}

    #[inline]
    fn above_branch((): &()) {}

    #[inline]
    fn group_of_one((): &()) {}

    #[inline]
    fn group_of_each((): &(), _: usize) {}

    #[inline]
    fn group_of_fork((): &(), _: usize) {}

    /// Nothing waits in a plain run.
    #[inline]
    fn may_begin((): &(), in_flight: usize, width: usize) -> bool {
        in_flight < width
    }

    #[inline]
    fn begin((): &()) {}

    #[inline]
    fn close((): &()) {}

    const FOLLOWS_ERRORS: bool = true;

    const CHECKS_INPUTS: bool = true;

    #[inline]
    fn start(_: &C, _: &Frame<'_>, _: &'static Graph, _: &mut [u32]) -> Result<usize, Error> {
        Ok(0)
    }

    #[inline]
    fn edge_taken(_: &C, _: &Frame<'_>, _: &[u32]) {}
}

impl<S, C> StepMode<S> for Undriven<C>
where
    S: InContext<C>,
    C: ?Sized + Send + Sync,
{
    #[inline]
    fn lend(context: &C) -> S::Context<'_> {
        S::lend(context)
    }

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
        context: &'a C,
        flow: &'a F,
        parent: Option<&'a Frame<'a>>,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>,
    {
        flow.walk(cursor::<F, Self>(context, parent), shared)
    }

    #[inline]
    fn inner<'a, F>(
        outer: Outer<'a, Self>,
        _: Option<Item<'a>>,
        flow: &'a F,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>,
    {
        flow.walk(cursor::<F, Self>(outer.held, Some(outer.frame)), shared)
    }

    fn pause<'a>(pause: AttemptPause<'a, Self>, (): (), _: Attempt<'a>) -> impl StepFuture<()> {
        pause.in_memory()
    }

    #[inline]
    fn wants(_: &C, (): (), _: Option<usize>) -> bool {
        true
    }
}

impl<S, H, N, C> NodeMode<S, H, N> for Undriven<C>
where
    S: InContext<C>,
    H: 'static,
    N: Node<S, H>,
    C: ?Sized + Send + Sync,
{
    const RECOVERS: bool = recovers::<S, H, N>();

    #[inline]
    fn exec<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        reads: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec, Failure> {
        let attempt = execution.first_attempt(index, None);
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

impl<S, H, N, C> ItemMode<S, H, N> for Undriven<C>
where
    S: InContext<C>,
    H: 'static,
    N: Node<S, H>,
    C: ?Sized + Send + Sync,
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
