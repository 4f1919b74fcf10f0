//! Runs with a driver.

use std::future::{Future, ready};
use std::marker::PhantomData;

use super::NoSuchPlace;
use super::exec::Visit;
use super::flow::{Walk, Walker};
use super::mode::{Act, Here, Mode, NodeMode, Recovery, StepMode};
use crate::driver::{At, Call, Driver, ExecDriver, Position, Root, Run, Spot, Trail};
use crate::error::{Error, Stage};
use crate::graph::Graph;
use crate::node::{self, Attempt, Failure, Node};
use crate::shared::Shared;

/// A driver, and what a run keeps for it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Driven<D> {
    driver: D,
    root: Root,
}

impl<D> Driven<D> {
    pub(super) fn new(driver: D, position: Position) -> Self {
        Self { driver, root: Root::new(position) }
    }

    fn at<'a>(&'a self, trail: &'a Trail<'a>, run: Option<&'a str>) -> At<'a> {
        At { trail, root: &self.root, run, step: self.root.steps() }
    }
}

impl<D: Send + Sync> Mode for Driven<D> {
    type At<'a> = &'a At<'a>;

    fn shorten<'b, 'a: 'b>(at: &'a At<'a>) -> &'b At<'b> {
        at
    }

    type Branch<'a> = At<'a>;

    fn branch<'a>(at: &'a At<'a>, trail: &'a Trail<'a>) -> At<'a> {
        At { trail, ..*at }
    }

    fn at_branch<'b>(branch: &'b At<'_>) -> &'b At<'b> {
        branch
    }

    // As in the trait, where the lifetime is an argument of a projection, it has to be one that is named early.
    fn work<'a>(at: &'a At<'a>) -> Option<&'a dyn node::Work>
    where
        'a: 'a,
    {
        Some(at)
    }

    /// The inputs were looked at before any driver was told of the flow: a run that cannot begin has not failed.
    fn start<S: Shared>(
        &self,
        trail: &Trail<'_>,
        graph: &'static Graph,
        _: &S,
        taken: &mut [u32],
    ) -> Result<usize, Error> {
        let mut start = 0;
        if let Some((visit, deeper)) = self.root.resume() {
            let known = graph.place(&visit.place).filter(|place| {
                visit.flow == graph.label() && deeper == graph.places[*place].node.flow.is_some()
            });
            let Some(place) = known else {
                let path = Trail::above(trail.parent, graph);
                let place = format!("{} > {}", visit.flow, visit.place);
                return Err(Error::new(path, Stage::Start, NoSuchPlace { place }));
            };
            for (taken, stored) in taken.iter_mut().zip(visit.taken) {
                *taken = stored;
            }
            start = place;
        }
        self.root.set_taken(trail.depth(), taken);
        Ok(start)
    }

    fn counted(&self, trail: &Trail<'_>, taken: &[u32]) {
        self.root.set_taken(trail.depth(), taken);
    }
}

impl<S, D> StepMode<S> for Driven<D>
where
    S: Send + Sync + 'static,
    D: Driver<S>,
{
    /// A nested flow is no step of its own: its nodes are.
    async fn step<'a, A>(
        here: &'a Here<'a, Self>,
        spot: &'static Spot,
        shared: &'a mut S,
        act: A,
    ) -> Result<usize, Error>
    where
        A: Act<S, Self> + 'a,
    {
        here.mode.root.step();
        let trail = here.trail(spot);
        let at = here.mode.at(&trail, here.mode.driver.run_id());
        here.mode.driver.step(&at, shared, Acting { act, at: &at, mode: PhantomData::<fn() -> Self> }).await
    }

    async fn flow<'a, F>(
        &'a self,
        flow: &'a F,
        parent: Option<&'a Trail<'a>>,
        shared: &'a mut S,
    ) -> Result<usize, Error>
    where
        F: Walk<S, Self>,
    {
        let at = parent.map(|parent| self.at(parent, self.driver.run_id()));
        self.driver.flow(F::GRAPH, at.as_ref(), shared, Walking { flow, mode: self, parent }).await
    }
}

/// A step, as a driver is given it.
struct Acting<'a, A, M> {
    act: A,
    at: &'a At<'a>,
    mode: PhantomData<fn() -> M>,
}

impl<S, A, D> Run<S> for Acting<'_, A, Driven<D>>
where
    S: Send,
    A: Act<S, Driven<D>>,
    D: Send + Sync,
{
    const ACTIONS: &'static [&'static str] = A::ACTIONS;

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        self.act.act(self.at, shared)
    }
}

/// A flow, as a driver is given it.
struct Walking<'a, F, M> {
    flow: &'a F,
    mode: &'a M,
    parent: Option<&'a Trail<'a>>,
}

impl<F, S, M> Run<S> for Walking<'_, F, M>
where
    F: Walk<S, M>,
    M: Mode,
{
    const ACTIONS: &'static [&'static str] = F::GRAPH.exits;

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        self.flow.walk(Walker::new::<F>(self.mode, self.parent), shared)
    }
}

impl<S, H, N, D> NodeMode<S, H, N> for Driven<D>
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Node<S, H>,
    D: ExecDriver<S, H, N>,
{
    type Failed = Error;

    fn first<'v>(
        visit: Visit<'v, '_, S, H, N, Self>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send {
        visit.here.mode.driver.exec(visit.at, index, Attempts { visit, index, item })
    }

    #[cold]
    fn recover<'b, 'v, 'p>(
        _: Visit<'v, 'p, S, H, N, Self>,
        _: Option<usize>,
        _: N::Item<'v>,
        failed: Error,
    ) -> Recovery<'b, N::Exec>
    where
        Visit<'v, 'p, S, H, N, Self>: 'b,
    {
        Box::pin(ready(Err(failed)))
    }

    fn attempt<'v>(
        visit: Visit<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        visit.here.mode.driver.attempt(visit.at, attempt, OneAttempt { visit, item, attempt })
    }
}

/// One exec, as a driver is given it: all its attempts, and the fallback.
struct Attempts<'v, 'p, S: 'static, H, N: Node<S, H>, D: Send + Sync> {
    visit: Visit<'v, 'p, S, H, N, Driven<D>>,
    index: Option<usize>,
    item: N::Item<'v>,
}

impl<S, H, N, D> Call for Attempts<'_, '_, S, H, N, D>
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Node<S, H>,
    D: ExecDriver<S, H, N>,
{
    type Output = Result<N::Exec, Error>;

    async fn call(self) -> Self::Output {
        let Self { visit, index, item } = self;
        match Driven::attempt(visit, item, visit.first_attempt(index)).await {
            Ok(exec) => Ok(exec),
            Err(failure) => visit.recover(index, item, failure).await,
        }
    }
}

/// One attempt, as a driver is given it.
struct OneAttempt<'v, 'p, 't, S: 'static, H, N: Node<S, H>, D: Send + Sync> {
    visit: Visit<'v, 'p, S, H, N, Driven<D>>,
    item: N::Item<'v>,
    attempt: Attempt<'t>,
}

impl<S, H, N, D> Call for OneAttempt<'_, '_, '_, S, H, N, D>
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Node<S, H>,
    D: ExecDriver<S, H, N>,
{
    type Output = Result<N::Exec, Failure>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.visit.attempt(self.item, self.attempt)
    }
}
