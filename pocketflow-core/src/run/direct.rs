//! Runs without a driver.

use std::future::Future;

use super::exec::{Visit, recovers};
use super::flow::{Flow, Walk, Walker, given};
use super::mode::{Act, Failed, Here, ItemMode, Mode, NodeMode, Recovery, StepMode};
use crate::driver::{Direct, Spot, Trail};
use crate::error::{Error, Stage};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::store::Shared;

impl Mode for Direct {
    const SKIPS: bool = false;

    type Failed = Failure;

    #[cold]
    fn failed(
        here: &Here<'_, Self>,
        spot: &'static Spot,
        attempts: u32,
        failed: Failed<Failure>,
    ) -> Error {
        match failed {
            Failed::Prep(failure) => here.attempted(spot, None, Stage::Prep, failure),
            Failed::First(failure) => {
                let stage = Stage::Exec {
                    attempt: 1,
                    attempts,
                };
                here.attempted(spot, None, stage, failure)
            }
            Failed::Recovery(error) => error,
            Failed::Post(empty) => here.failed(spot, Stage::Post, empty),
        }
    }

    type At<'a> = ();

    #[inline]
    fn shorten<'b, 'a: 'b>((): ()) {}

    type Way<'a> = ();

    #[inline]
    fn way(_: Trail<'_>) {}

    type Branch<'a> = ();

    #[inline]
    fn branch((): (), (): &()) {}

    #[inline]
    fn at_branch((): &()) {}

    #[inline]
    fn start<S: Shared>(
        &self,
        trail: &Trail<'_>,
        graph: &'static Graph,
        shared: &S,
        _: &mut [u32],
    ) -> Result<usize, Error> {
        if trail.parent.is_none() {
            given(graph, shared)?;
        }
        Ok(0)
    }

    #[inline]
    fn counted(&self, _: &Trail<'_>, _: &[u32]) {}
}

impl<S: Shared> StepMode<S> for Direct {
    #[inline]
    fn step<'a, A>(
        _: &'a Here<'a, Self>,
        _: &'static Spot,
        shared: &'a mut S,
        act: A,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        A: Act<S, Self> + 'a,
    {
        act.act((), shared)
    }

    #[inline]
    fn flow<'a, F>(
        &'a self,
        flow: &'a F,
        parent: Option<&'a Trail<'a>>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        F: Flow + Walk<S, Self>,
    {
        flow.walk(Walker::new::<F>(self, parent), shared)
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
        visit: Visit<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        let attempt = Attempt::first_of(N::POLICY.attempts, index, None);
        visit.node.exec(reads, visit.prep, item, attempt)
    }

    #[cold]
    fn recover<'b, 'v, 'p>(
        visit: Visit<'v, 'p, S, H, N, Self>,
        index: Option<usize>,
        item: N::Item<'v>,
        failed: Failure,
    ) -> Recovery<'b, N::Exec>
    where
        Visit<'v, 'p, S, H, N, Self>: 'b,
    {
        visit.recover(index, item, failed, None)
    }

    #[inline]
    fn attempt<'v>(
        visit: Visit<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        visit.attempt(item, attempt)
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
        visit: Visit<'v, '_, S, H, N, Self>,
        reads: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        Self::first(visit, reads, index, item)
    }
}
