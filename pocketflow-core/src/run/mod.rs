//! Running a flow: the walk over the graph, the steps, and the retry wrapper, in the two modes of a run.

mod batch;
mod crew;
mod direct;
mod driven;
mod exec;
mod flow;
mod fork;
mod mode;
mod or_else;
mod step;
mod wait;

pub use batch::{InFlight, Items, Work, in_parallel, in_sequence, once};
pub(crate) use driven::Driven;
pub use exec::{Visit as NodeVisit, outcome, within};
pub use flow::{Flow, Get, Piece, Step, Walk, Walker, flow_step};
pub use fork::{Both, Branch, Finished, Part, fork_step};
pub use mode::{Here, Mode, NodeMode, StepMode};
pub use step::{Kept, batch_step, node_step};
pub use wait::{Waits, await_step};

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::driver::{Direct, Driver, Position, Stack, Start};
use crate::error::Error;
use crate::shared::Shared;

/// A flow with its drivers: `Agent.with(StepLimit::new(50)).run(&mut shared).await`.
#[derive(Debug, Clone, Copy)]
#[must_use = "a flow does nothing until it is run"]
pub struct With<'f, F, D> {
    flow: &'f F,
    driver: D,
}

impl<'f, F: Flow, D> With<'f, F, D> {
    #[doc(hidden)]
    pub fn new(flow: &'f F, driver: D) -> Self {
        Self { flow, driver }
    }

    /// Adds a driver, inside those it already has.
    pub fn with<E>(self, driver: E) -> With<'f, F, Stack<D, E>> {
        With { flow: self.flow, driver: Stack(self.driver, driver) }
    }

    /// Runs the flow on a store, from its first node to an exit.
    ///
    /// The store is borrowed for as long as the future lives; dropping the future cancels the run and leaves the store as the
    /// last finished `post` left it.
    ///
    /// # Errors
    ///
    /// The final error of a node, or the error of a driver, as an [`Error`] that names the place.
    pub fn run<S>(self, shared: &mut S) -> impl Future<Output = Result<F::Exit, Error>> + Send
    where
        S: Shared,
        F: Walk<S, Driven<D>>,
        D: Driver<S>,
    {
        run_driven(self, shared, Position { steps: 0, visits: Vec::new() })
    }

    /// Goes on at a position that [`At::position`](crate::At::position) gave, on a store that is as it was then. The step at the position runs again.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); and a [`NoSuchPlace`] as the cause, before any node has run, where the flow has no such place.
    pub fn resume<S>(
        self,
        position: Position,
        shared: &mut S,
    ) -> impl Future<Output = Result<F::Exit, Error>> + Send
    where
        S: Shared,
        F: Walk<S, Driven<D>>,
        D: Driver<S>,
    {
        run_driven(self, shared, position)
    }
}

/// Runs a flow with no driver: what the `run` of every flow does.
#[doc(hidden)]
pub fn run_direct<F, S>(flow: &F, shared: &mut S) -> impl Future<Output = Result<F::Exit, Error>> + Send
where
    S: Shared,
    F: Walk<S, Direct>,
{
    Exit { walk: flow.walk(Walker::new::<F>(&Direct, None), shared), flow: PhantomData::<fn() -> F> }
}

pin_project! {
    /// A walk that ends at an exit of a flow.
    struct Exit<W, F> {
        #[pin]
        walk: W,
        flow: PhantomData<fn() -> F>,
    }
}

impl<W, F> Future for Exit<W, F>
where
    W: Future<Output = Result<usize, Error>>,
    F: Flow,
{
    type Output = Result<F::Exit, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().walk.poll(context).map_ok(F::exit)
    }
}

fn run_driven<F, S, D>(
    With { flow, driver }: With<'_, F, D>,
    shared: &mut S,
    mut position: Position,
) -> impl Future<Output = Result<F::Exit, Error>> + Send
where
    S: Shared,
    F: Walk<S, Driven<D>>,
    D: Driver<S>,
{
    async move {
        match driver.begin(F::GRAPH, shared).await? {
            Start::Fresh => {}
            Start::At(kept) => position = kept,
            Start::Over(exit) => return Ok(F::exit(exit)),
        }
        flow::given(F::GRAPH, shared)?;
        let driven = Driven::new(driver, position);
        driven.flow(flow, None, shared).await.map(F::exit)
    }
}

/// The cause of an [`Error`] where a [`Position`] does not fit the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchPlace {
    /// The place that was looked for.
    pub place: String,
}

impl fmt::Display for NoSuchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no place `{}` to resume at", self.place)
    }
}

impl std::error::Error for NoSuchPlace {}
