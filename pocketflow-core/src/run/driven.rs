//! Runs with drivers.

use std::future::Future;
use std::marker::PhantomData;

use super::NoSuchPlace;
use super::exec::{self, Execution, reads};
use super::flow::{Cursor, Flow, Walk};
use super::mode::{Failed, FlowContext, ItemMode, Mode, NodeMode, Recovery, StepBody, StepMode};
use super::once::{Erased, Once, Pinned};
use crate::driver::seam::{AroundExec, AroundItem};
use crate::driver::{
    At, AttemptCall, Call, Driver, ExecCall, Frame, ItemCall, ItemId, Lends, Root, Site, Taken,
    TakenElsewhere,
};
use crate::error::{Error, Stage};
use crate::graph::{Graph, Position};
use crate::node::{self, Attempt, Failure, Key, Node, Reads};
use crate::store::Shared;

/// A driver, and what a run keeps for it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Driven<D, K> {
    driver: D,
    root: Root,
    seam: PhantomData<fn() -> K>,
}

impl<D, K> Driven<D, K> {
    pub(super) fn new(driver: D, position: Position) -> Self {
        Self {
            driver,
            root: Root::new(position),
            seam: PhantomData,
        }
    }

    fn at<'a>(&'a self, frame: &'a Frame<'a>, run: Option<&'a str>) -> At<'a> {
        At {
            frame,
            root: &self.root,
            run,
            step: self.root.steps(),
        }
    }
}

impl<D: Send + Sync, K> Mode for Driven<D, K> {
    const SKIPS: bool = true;

    type Failed = Error;

    #[cold]
    fn failed(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        _: u32,
        failed: Failed<Error>,
    ) -> Error {
        match failed {
            Failed::Prep(failure) => context.attempted(site, None, Stage::Prep, failure),
            Failed::First(error) | Failed::Recovery(error) => error,
            Failed::Post(empty) => context.failed(site, Stage::Post, empty),
        }
    }

    type At<'a> = &'a At<'a>;

    fn shorten<'b, 'a: 'b>(at: &'a At<'a>) -> &'b At<'b> {
        at
    }

    type Way<'a> = Frame<'a>;

    fn way(frame: Frame<'_>) -> Frame<'_> {
        frame
    }

    type Branch<'a> = At<'a>;

    fn branch<'a>(at: &'a At<'a>, frame: &'a Frame<'_>) -> At<'a> {
        At { frame, ..*at }
    }

    fn at_branch<'b>(branch: &'b At<'_>) -> &'b At<'b> {
        branch
    }

    /// The inputs were looked at before any driver was told of the flow: a run that cannot begin
    /// has not failed.
    fn start<S: Shared>(
        &self,
        frame: &Frame<'_>,
        graph: &'static Graph,
        _: &S,
        taken: &mut [u32],
    ) -> Result<usize, Error> {
        let mut start = 0;
        if let Some((position, deeper)) = self.root.resume() {
            let known = graph.place(&position.place).filter(|place| {
                position.flow == graph.label() && deeper == graph.places[*place].node.flow.is_some()
            });
            let Some(place) = known else {
                let path = Frame::above(frame.parent, graph);
                let place = format!("{} > {}", position.flow, position.place);
                return Err(Error::new(path, Stage::Start, NoSuchPlace { place }));
            };
            for (taken, stored) in taken.iter_mut().zip(position.taken) {
                *taken = stored;
            }
            start = place;
        }
        self.root.set_taken(frame.depth(), taken);
        Ok(start)
    }

    fn counted(&self, frame: &Frame<'_>, taken: &[u32]) {
        self.root.set_taken(frame.depth(), taken);
    }
}

impl<S, D, K> StepMode<S> for Driven<D, K>
where
    S: Shared,
    D: Driver<S, K>,
    K: 'static,
{
    /// A nested flow is no step of its own: its nodes are.
    fn step<'a, A>(
        context: &'a FlowContext<'a, Self>,
        site: &'static Site,
        shared: &'a mut S,
        act: A,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        A: StepBody<S, Self> + 'a,
    {
        async move {
            let Self { driver, root, .. } = context.mode;
            root.step();
            let frame = context.frame(site);
            let at = context.mode.at(&frame, driver.run_id());
            let mut acting = Acting {
                act: Some(act),
                at: &at,
                mode: PhantomData::<fn() -> Self>,
            };
            let taken = driver.step(&at, shared, Erased::new(&mut acting)).await?;
            if !taken.is_of(Some(site.place), at.actions().len()) {
                return Err(at.error(TakenElsewhere {
                    action: taken.action(),
                }));
            }
            Ok(taken.index())
        }
    }

    fn flow<'a, F>(
        &'a self,
        flow: &'a F,
        parent: Option<&'a Frame<'a>>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        F: Flow + Walk<S, Self>,
    {
        async move {
            let at = parent.map(|parent| self.at(parent, self.driver.run_id()));
            let mut walking = Walking {
                flow,
                mode: self,
                parent,
                at: at.as_ref(),
            };
            let taken = self
                .driver
                .flow(F::GRAPH, at.as_ref(), shared, Erased::new(&mut walking))
                .await?;
            let place = parent.map(|parent| parent.site.place);
            if !taken.is_of(place, F::GRAPH.exits.len()) {
                let elsewhere = TakenElsewhere {
                    action: taken.action(),
                };
                return Err(Error::new(
                    Frame::above(parent, F::GRAPH),
                    Stage::Driver,
                    elsewhere,
                ));
            }
            Ok(taken.index())
        }
    }

    fn wants(&self, at: &At<'_>, item: Option<usize>) -> bool {
        self.driver.wants(at, item)
    }
}

/// A step, as a driver is given it.
struct Acting<'a, A, M> {
    act: Option<A>,
    at: &'a At<'a>,
    mode: PhantomData<fn() -> M>,
}

impl<S, A, D, K> Once<S> for Acting<'_, A, Driven<D, K>>
where
    S: Send,
    A: StepBody<S, Driven<D, K>>,
    D: Send + Sync,
{
    fn run<'r>(&'r mut self, shared: &'r mut S) -> Pinned<'r, Taken> {
        let (act, at) = (self.act.take(), self.at);
        Box::pin(async move {
            let act = act.expect("a driver can run a step only once");
            Ok(at.took(act.act(at, shared).await?))
        })
    }
}

/// A flow, as a driver is given it.
struct Walking<'a, F, M> {
    flow: &'a F,
    mode: &'a M,
    parent: Option<&'a Frame<'a>>,
    at: Option<&'a At<'a>>,
}

impl<F, S, M> Once<S> for Walking<'_, F, M>
where
    F: Flow + Walk<S, M>,
    S: Send,
    M: Mode,
{
    fn run<'r>(&'r mut self, shared: &'r mut S) -> Pinned<'r, Taken> {
        let Self {
            flow,
            mode,
            parent,
            at,
        } = *self;
        Box::pin(async move {
            let exit = flow.walk(Cursor::new::<F>(mode, parent), shared).await?;
            Ok(at.map_or_else(|| Taken::over(F::GRAPH, exit), |at| at.took(exit)))
        })
    }
}

impl<S, H, N, D, K> NodeMode<S, H, N> for Driven<D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
    /// A driver's call has recovered already, if it could.
    const RECOVERS: bool = false;

    /// What `exec` reads is borrowed anew for each attempt.
    fn first<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        _: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send {
        K::exec(
            &execution.context.mode.driver,
            execution.at,
            index,
            Attempts {
                execution,
                index,
                item,
                identity: None,
            },
        )
    }

    #[cold]
    fn recover<'b, 'v, 'p>(
        _: Execution<'v, 'p, S, H, N, Self>,
        _: Option<usize>,
        _: N::Item<'v>,
        failed: Error,
    ) -> Recovery<'b, N::Exec>
    where
        Execution<'v, 'p, S, H, N, Self>: 'b,
    {
        exec::failed(failed)
    }

    fn attempt<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        K::attempt(
            &execution.context.mode.driver,
            execution.at,
            attempt,
            OneAttempt {
                execution,
                item,
                attempt,
            },
        )
    }
}

impl<S, H, N, D, K> ItemMode<S, H, N> for Driven<D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundItem<D, S, H, N>,
{
    fn item<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        _: Reads<'_, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send {
        let id = index.map_or(ItemId::Branch, ItemId::Index);
        let call = OneItem(Attempts {
            execution,
            index,
            item,
            identity: None,
        });
        K::item(&execution.context.mode.driver, execution.at, id, call)
    }
}

/// The work of an attempt, for its key.
struct Identified<'a> {
    at: &'a At<'a>,
    identity: Option<u64>,
}

impl node::Work for Identified<'_> {
    fn key(&self) -> Option<Key<'_>> {
        let Self { at, identity } = *self;
        Some(Key {
            run: at.run?,
            step: at.step,
            branch: at.branch_number(),
            item: None,
            identity,
        })
    }
}

/// One exec, as a driver is given it: all its attempts, and the fallback.
struct Attempts<'v, 'p, S: 'static, H, N: Node<S, H>, D: Send + Sync, K> {
    execution: Execution<'v, 'p, S, H, N, Driven<D, K>>,
    index: Option<usize>,
    item: N::Item<'v>,
    identity: Option<u64>,
}

impl<S, H, N, D, K> Call for Attempts<'_, '_, S, H, N, D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        async move {
            let Self {
                execution,
                index,
                item,
                identity,
            } = self;
            let work = Identified {
                at: execution.at,
                identity,
            };
            let first = Execution::<S, H, N, Driven<D, K>>::first_attempt(index, Some(&work));
            match Driven::attempt(execution, item, first).await {
                Ok(exec) => Ok(exec),
                Err(failure) => execution.recover(index, item, failure, Some(&work)).await,
            }
        }
    }
}

impl<S, H, N, D, K> ExecCall<S, H, N> for Attempts<'_, '_, S, H, N, D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
}

/// An item, or a branch, as a driver is given it.
struct OneItem<'v, 'p, S: 'static, H, N: Node<S, H>, D: Send + Sync, K>(
    Attempts<'v, 'p, S, H, N, D, K>,
);

impl<S, H, N, D, K> Call for OneItem<'_, '_, S, H, N, D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        let Attempts {
            execution, index, ..
        } = self.0;
        K::exec(&execution.context.mode.driver, execution.at, index, self.0)
    }
}

impl<S, H, N, D, K> ItemCall<S, H, N> for OneItem<'_, '_, S, H, N, D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
    fn identify(&mut self, identity: u64) {
        self.0.identity = Some(identity);
    }
}

/// One attempt, as a driver is given it.
struct OneAttempt<'v, 'p, 't, S: 'static, H, N: Node<S, H>, D: Send + Sync, K> {
    execution: Execution<'v, 'p, S, H, N, Driven<D, K>>,
    item: N::Item<'v>,
    attempt: Attempt<'t>,
}

impl<S, H, N, D, K> Call for OneAttempt<'_, '_, '_, S, H, N, D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
    type Output = Result<N::Exec, Failure>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.execution.attempt(self.item, self.attempt)
    }
}

impl<S, H, N, D, K> AttemptCall<S, H, N> for OneAttempt<'_, '_, '_, S, H, N, D, K>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
{
}

impl<S: 'static, H, N: Node<S, H>, D: Send + Sync, K> Lends<S, H, N>
    for Attempts<'_, '_, S, H, N, D, K>
{
    fn reads(&self) -> Reads<'_, N> {
        reads::<S, H, N>(self.execution.shared)
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        lend(self.item)
    }
}

impl<S: 'static, H, N: Node<S, H>, D: Send + Sync, K> Lends<S, H, N>
    for OneItem<'_, '_, S, H, N, D, K>
{
    fn reads(&self) -> Reads<'_, N> {
        self.0.reads()
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        lend(self.0.item)
    }
}

impl<S: 'static, H, N: Node<S, H>, D: Send + Sync, K> Lends<S, H, N>
    for OneAttempt<'_, '_, '_, S, H, N, D, K>
{
    fn reads(&self) -> Reads<'_, N> {
        reads::<S, H, N>(self.execution.shared)
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        lend(self.item)
    }
}
