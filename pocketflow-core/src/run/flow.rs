//! The walk of a flow over its graph.

use std::future::Future;

use super::mode::{Here, Mode, StepMode};
use super::runner::{FlowRunner, Forked, Runner};
use crate::checks::Sound;
use crate::driver::{Spot, Trail};
use crate::error::{Error, Stage};
use crate::graph::{Describe, Graph, Target};
use crate::store::Shared;

/// How a step comes by its node, and by where it stands. A node without fields is made on the spot,
/// so its closure takes no room in the future.
#[doc(hidden)]
pub trait Get<'a, N: ?Sized + 'a>: Copy + Send + Sync + 'a {
    /// The node.
    fn node(self) -> &'a N;

    /// Where it stands.
    fn spot(self) -> &'static Spot;

    /// Both.
    fn both(self) -> (&'a N, &'static Spot);
}

impl<'a, N, G> Get<'a, N> for G
where
    N: ?Sized + 'a,
    G: Fn() -> (&'a N, &'static Spot) + Copy + Send + Sync + 'a,
{
    #[inline(always)]
    fn node(self) -> &'a N {
        self().0
    }

    #[inline(always)]
    fn spot(self) -> &'static Spot {
        self().1
    }

    #[inline(always)]
    fn both(self) -> (&'a N, &'static Spot) {
        self()
    }
}

/// A flow, as `flow!` declares it.
pub trait Flow: Describe + Send + Sync {
    /// Where it can end.
    type Exit;

    /// Its graph.
    const GRAPH: &'static Graph;

    /// How often each edge has been taken in a run, or nothing if no edge is bounded.
    #[doc(hidden)]
    type Taken: AsRef<[u32]> + AsMut<[u32]> + Send + Sync;

    /// Before any edge has been taken.
    #[doc(hidden)]
    const TAKEN: Self::Taken;

    /// The exit with this index in [`Graph::exits`].
    #[doc(hidden)]
    fn exit(index: usize) -> Self::Exit;
}

/// The state machine of a flow, as `flow!` writes it.
///
/// This trait and those it is made of have no supertraits: rustc looks at these wherever a flow
/// names the trait in a bound, and would report a node that is not `Send` at the flow as well.
#[doc(hidden)]
pub trait Walk<S, M> {
    /// Walks from the start, or from where a run resumes, to an exit.
    fn walk(
        &self,
        walker: Walker<'_, M, <Self as Flow>::Taken>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        Self: Flow;
}

/// What a [`Walk`] is made of, where its checks have passed: then `Checks` is `Sound<0>`, and it is
/// the machine that `flow!` writes.
///
/// Where a check has failed, `Checks` is a [`Sound`](crate::checks::Sound) of anything. That fits
/// the impl below as well, so that every flow can be run as far as rustc can tell, and a call adds
/// nothing to what the check has said.
#[doc(hidden)]
pub trait Machine<S, M, Checks> {
    /// [`Walk::walk`].
    fn walk(
        &self,
        walker: Walker<'_, M, <Self as Flow>::Taken>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        Self: Flow;
}

#[diagnostic::do_not_recommend]
impl<F, S, M> Machine<S, M, Sound<1>> for F {
    fn walk(
        &self,
        _: Walker<'_, M, <Self as Flow>::Taken>,
        _: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        Self: Flow,
    {
        async { unreachable!("a flow with a failed check does not compile") }
    }
}

/// A piece of a large [`Walk`], which rustc checks faster in pieces.
#[doc(hidden)]
pub trait Piece<S, M, const I: usize> {
    /// Walks from `place` until it leaves the piece; returns what comes next.
    fn piece(
        &self,
        walker: &mut Walker<'_, M, <Self as Flow>::Taken>,
        shared: &mut S,
        place: usize,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        Self: Flow;
}

impl<S, M, F> Runner<S, M, F> for FlowRunner
where
    S: Shared,
    M: Mode + StepMode<S>,
    F: Flow + Walk<S, M>,
{
    type Finished = ();

    #[inline]
    fn step<'a, G>(
        self,
        get: G,
        here: &'a mut Here<'_, M>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        G: Get<'a, F>,
        F: 'a,
    {
        // The steps inside find their way up from here; no other step is asked where it is unless
        // it fails.
        here.trail.spot = get.spot();
        let here: &'a Here<'_, M> = here;
        here.mode.flow(get.node(), Some(&here.trail), shared)
    }
}

/// No flow stands in a fork, which PF012 says in its own words.
impl<S, M: Mode, F> Runner<S, Forked<M>, F> for FlowRunner {
    type Finished = ();
}

/// Looks whether the inputs of a flow are there.
#[inline]
pub(super) fn given<S: Shared>(graph: &'static Graph, shared: &S) -> Result<(), Error> {
    for input in graph.inputs {
        let field = S::STORE.field(input);
        if field.is_some_and(|field| !shared.is_filled(field)) {
            return Err(Error::new(
                Trail::above(None, graph),
                Stage::Start,
                S::STORE.empty(input),
            ));
        }
    }
    Ok(())
}

/// What the state machine of a flow is given: where it is, and how it goes on.
#[doc(hidden)]
#[derive(Debug)]
pub struct Walker<'a, M, T> {
    here: Here<'a, M>,
    taken: T,
}

impl<'a, M: Mode, T: AsRef<[u32]> + AsMut<[u32]>> Walker<'a, M, T> {
    pub(super) fn new<F: Flow<Taken = T>>(mode: &'a M, parent: Option<&'a Trail<'a>>) -> Self {
        let spot = const { &Spot::of_flow(&F::GRAPH) };
        Self {
            here: Here {
                mode,
                trail: Trail { parent, spot },
            },
            taken: F::TAKEN,
        }
    }

    /// The place to start at.
    ///
    /// # Errors
    ///
    /// Where an input of the outermost flow is empty, and where a run resumes at a place that the
    /// flow does not have.
    #[inline]
    pub fn start<S: Shared>(&mut self, graph: &'static Graph, shared: &S) -> Result<usize, Error> {
        self.here
            .mode
            .start(&self.here.trail, graph, shared, self.taken.as_mut())
    }

    /// What the next step is given.
    #[inline]
    pub fn here(&mut self) -> &mut Here<'a, M> {
        &mut self.here
    }

    /// What comes after an action: a place, or an exit counted on from the places.
    #[inline]
    pub fn next(&mut self, spot: &'static Spot, action: usize) -> usize {
        match spot.next(action) {
            Ok(next) => next,
            Err(edge) => self.count(spot.graph(), edge),
        }
    }

    /// Takes a bounded edge, or leaves it for the other.
    #[cold]
    fn count(&mut self, graph: &'static Graph, edge: usize) -> usize {
        let taken = &mut self.taken.as_mut()[edge];
        let target = match graph.edges[edge].bound {
            Some(bound) if *taken >= bound.max => bound.otherwise,
            _ => {
                *taken += 1;
                self.here
                    .mode
                    .counted(&self.here.trail, self.taken.as_ref());
                graph.edges[edge].to
            }
        };
        match target {
            Target::Place(place) => place,
            Target::Exit(exit) => graph.places.len() + exit,
        }
    }
}
