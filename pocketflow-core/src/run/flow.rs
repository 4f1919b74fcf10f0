//! The walk of a flow over its graph.

use std::future::Future;

use super::{Cursor, Cx, NoSuchPlace};
use crate::driver::{At, Driver, Run};
use crate::error::{Error, Stage};
use crate::graph::{Describe, Graph, Solution, Target};

/// What can stand in a flow over the store `S` and be driven by `D`: a node or a flow.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run on the store `{S}`",
    label = "not a node or a flow of `{S}`, or not to be driven by `{D}`"
)]
pub trait Step<S, D>: Send + Sync {
    /// Runs it, and returns the index of the action taken.
    fn step<'a>(
        &'a self,
        cx: Cx<'a, D>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// A flow, as `flow!` declares it.
pub trait Flow: Describe {
    /// Where it can end.
    type Exit;

    /// Its graph.
    const GRAPH: &'static Graph;

    /// The exit with this index in [`Graph::exits`].
    #[doc(hidden)]
    fn exit(index: usize) -> Self::Exit;
}

/// The state machine of a flow, as `flow!` writes it.
#[doc(hidden)]
pub trait Walk<S, D>: Flow {
    /// Walks from the start, or from where a run resumes, to an exit.
    fn walk(
        &self,
        walker: Walker<'_, D>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// A piece of a large [`Walk`], which rustc checks faster in pieces.
#[doc(hidden)]
pub trait Piece<S, D, const I: usize> {
    /// Walks from `place` until it leaves the piece; returns what comes next.
    fn piece(
        &self,
        walker: &mut Walker<'_, D>,
        shared: &mut S,
        place: usize,
    ) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// Runs a flow at its place: what the [`Step`] of every flow does.
#[doc(hidden)]
pub fn flow_step<'a, F, S, D>(
    flow: &'a F,
    cx: Cx<'a, D>,
    shared: &'a mut S,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, F, S, D>
where
    F: Walk<S, D>,
    S: Send + Sync + 'static,
    D: Driver<S>,
{
    walk(flow, cx.driver, cx.cursor, Some(cx.at), shared)
}

/// Runs a flow, nested at a place or outermost.
pub(super) fn walk<'a, F, S, D>(
    flow: &'a F,
    driver: &'a D,
    cursor: &'a mut Cursor,
    at: Option<&'a At<'a>>,
    shared: &'a mut S,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, F, S, D>
where
    F: Walk<S, D>,
    S: Send + Sync + 'static,
    D: Driver<S>,
{
    driver.flow(F::GRAPH, at, shared, Walking { flow, driver, cursor, at, run: driver.run_id() })
}

struct Walking<'a, F, D> {
    flow: &'a F,
    driver: &'a D,
    cursor: &'a mut Cursor,
    at: Option<&'a At<'a>>,
    run: Option<&'a str>,
}

impl<F, S, D> Run<S> for Walking<'_, F, D>
where
    F: Walk<S, D>,
    D: Send + Sync,
{
    const ACTIONS: &'static [&'static str] = F::GRAPH.exits;

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        let Self { flow, driver, cursor, at, run } = self;
        flow.walk(Walker::new(F::GRAPH, driver, cursor, at, run), shared)
    }
}

/// What the state machine of a flow is given: where it is, and how it goes on.
#[doc(hidden)]
#[derive(Debug)]
pub struct Walker<'a, D> {
    driver: &'a D,
    cursor: &'a mut Cursor,
    at: At<'a>,
}

impl<'a, D> Walker<'a, D> {
    fn new(
        graph: &'static Graph,
        driver: &'a D,
        cursor: &'a mut Cursor,
        parent: Option<&'a At<'a>>,
        run: Option<&'a str>,
    ) -> Self {
        let bounded = graph.edges.iter().any(|edge| edge.bound.is_some());
        let taken = vec![0; if bounded { graph.edges.len() } else { 0 }].into();
        Self { driver, cursor, at: At { parent, graph, place: 0, branch: None, run, step: 0, taken } }
    }

    /// The place to start at.
    ///
    /// # Errors
    ///
    /// Where a run resumes at a place that the flow does not have.
    pub fn start(&mut self) -> Result<usize, Error> {
        let Some(visit) = self.cursor.resume.next() else { return Ok(0) };
        let graph = self.at.graph;
        let known = graph.place(&visit.place).filter(|place| {
            let deeper = self.cursor.resume.len() > 0;
            visit.flow == graph.label() && deeper == graph.places[*place].node.flow.is_some()
        });
        let Some(place) = known else {
            let mut path = self.at.parent.map_or_else(Vec::new, At::path);
            if path.is_empty() {
                path.push(graph.label());
            }
            let place = format!("{} > {}", visit.flow, visit.place);
            return Err(Error::new(path, Stage::Start, NoSuchPlace { place }));
        };
        for (taken, stored) in self.at.taken.iter_mut().zip(visit.taken) {
            *taken = stored;
        }
        Ok(place)
    }

    /// Arrives at a place.
    #[inline]
    pub fn at(&mut self, place: usize) -> Cx<'_, D> {
        self.at.place = place;
        // A nested flow is no step of its own: its nodes are.
        if self.at.graph.places[place].node.flow.is_none() {
            self.cursor.steps += 1;
        }
        self.at.step = self.cursor.steps;
        Cx { driver: self.driver, cursor: self.cursor, at: &self.at }
    }

    /// What comes after an action: a place, or an exit counted on from the places.
    #[inline]
    pub fn next<const P: usize, const T: usize, const X: usize, const W: usize>(
        &mut self,
        solution: &Solution<P, T, X, W>,
        place: usize,
        action: usize,
    ) -> usize {
        let code = solution.next(place, action);
        match Solution::<P, T, X, W>::bounded(code) {
            Some(edge) => self.count(edge),
            None => code,
        }
    }

    /// Takes a bounded edge, or leaves it for the other.
    fn count(&mut self, edge: usize) -> usize {
        let graph = self.at.graph;
        let target = match graph.edges[edge].bound {
            Some(bound) if self.at.taken[edge] >= bound.max => bound.otherwise,
            _ => {
                self.at.taken[edge] += 1;
                graph.edges[edge].to
            }
        };
        match target {
            Target::Place(place) => place,
            Target::Exit(exit) => graph.places.len() + exit,
        }
    }
}
