//! Running a flow: the cursor, the walk over the graph, and the retry wrapper.

mod batch;
mod exec;
mod flow;
mod fork;
mod step;
mod wait;

pub use batch::{InFlight, Items, Work, in_parallel, in_sequence, once};
pub use exec::Visit as NodeVisit;
pub use flow::{Flow, Piece, Step, Walk, Walker, flow_step};
pub use fork::{Both, Branch, Finished, Part, fork_step};
pub use step::node_step;
pub use wait::{Waits, await_step};

use std::fmt;
use std::future::Future;

use crate::driver::{At, Direct, Driver, Position, Stack, Start, Visit};
use crate::error::{Error, Stage};
use crate::shared::Shared;

/// What the root of a run owns and passes down: the steps taken, and where to resume.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    steps: u64,
    resume: std::vec::IntoIter<Visit>,
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self { steps: position.steps, resume: position.visits.into_iter() }
    }
}

/// What a step is given: the driver, the cursor, and where it stands.
#[doc(hidden)]
#[derive(Debug)]
pub struct Cx<'a, D> {
    pub(crate) driver: &'a D,
    pub(crate) cursor: &'a mut Cursor,
    pub(crate) at: &'a At<'a>,
}

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
        F: Walk<S, D>,
        D: Driver<S>,
    {
        let Self { flow, driver } = self;
        async move { run(flow, &driver, shared, Cursor::default()).await }
    }

    /// Goes on at a position that [`At::position`] gave, on a store that is as it was then. The step at the position runs again.
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
        F: Walk<S, D>,
        D: Driver<S>,
    {
        let Self { flow, driver } = self;
        async move { run(flow, &driver, shared, Cursor::from(position)).await }
    }
}

/// Runs a flow with no driver: what the `run` of every flow does.
#[doc(hidden)]
pub fn run_direct<F, S>(flow: &F, shared: &mut S) -> impl Future<Output = Result<F::Exit, Error>> + Send
where
    S: Shared,
    F: Walk<S, Direct>,
{
    run(flow, &Direct, shared, Cursor::default())
}

fn run<F, S, D>(
    flow: &F,
    driver: &D,
    shared: &mut S,
    mut cursor: Cursor,
) -> impl Future<Output = Result<F::Exit, Error>> + Send
where
    S: Shared,
    F: Walk<S, D>,
    D: Driver<S>,
{
    async move {
        match driver.begin(F::GRAPH, shared).await? {
            Start::Fresh => {}
            Start::At(position) => cursor = Cursor::from(position),
            Start::Over(exit) => return Ok(F::exit(exit)),
        }
        for input in F::GRAPH.inputs {
            let field = S::STORE.field(input);
            if field.is_some_and(|field| !shared.is_filled(field)) {
                return Err(Error::new(vec![F::GRAPH.label()], Stage::Start, S::STORE.empty(input)));
            }
        }
        let exit = flow::walk(flow, driver, &mut cursor, None, shared).await?;
        Ok(F::exit(exit))
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
