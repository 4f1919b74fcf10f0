//! The walk of a flow over its graph.

use std::future::Future;

use super::mode::{FlowContext, Mode, StepMode};
use super::runner::{FlowRunner, Forked, Runner};
use crate::checks::Sound;
use crate::driver::{Frame, Site};
use crate::error::{Error, Stage};
use crate::graph::{Describe, Graph, Target};
use crate::store::Shared;

/// How a step comes by its node, and by where it stands. A node without fields is made on the spot,
/// so its closure takes no room in the future.
#[doc(hidden)]
pub trait StepSource<'a, N: ?Sized + 'a>: Copy + Send + Sync + 'a {
    /// The node.
    fn node(self) -> &'a N;

    /// Where it stands.
    fn site(self) -> &'static Site;

    /// Both.
    fn both(self) -> (&'a N, &'static Site);
}

impl<'a, N, G> StepSource<'a, N> for G
where
    N: ?Sized + 'a,
    G: Fn() -> (&'a N, &'static Site) + Copy + Send + Sync + 'a,
{
    #[inline(always)]
    fn node(self) -> &'a N {
        self().0
    }

    #[inline(always)]
    fn site(self) -> &'static Site {
        self().1
    }

    #[inline(always)]
    fn both(self) -> (&'a N, &'static Site) {
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
    type EdgeCounts: AsRef<[u32]> + AsMut<[u32]> + Send + Sync;

    /// Before any edge has been taken.
    #[doc(hidden)]
    const NO_COUNTS: Self::EdgeCounts;

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
        cursor: Cursor<'_, M, <Self as Flow>::EdgeCounts>,
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
pub trait CheckedWalk<S, M, Checks> {
    /// [`Walk::walk`].
    fn walk(
        &self,
        cursor: Cursor<'_, M, <Self as Flow>::EdgeCounts>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        Self: Flow;
}

#[diagnostic::do_not_recommend]
impl<F, S, M> CheckedWalk<S, M, Sound<1>> for F {
    fn walk(
        &self,
        _: Cursor<'_, M, <Self as Flow>::EdgeCounts>,
        _: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        Self: Flow,
    {
        async { unreachable!("a flow with a failed check does not compile") }
    }
}

/// A chunk of a large [`Walk`], which rustc checks faster in chunks.
#[doc(hidden)]
pub trait WalkChunk<S, M, const I: usize> {
    /// Walks from `place` until it leaves the chunk; returns what comes next.
    fn chunk(
        &self,
        cursor: &mut Cursor<'_, M, <Self as Flow>::EdgeCounts>,
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
        context: &'a mut FlowContext<'_, M>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        G: StepSource<'a, F>,
        F: 'a,
    {
        // The steps inside find their way up from here; no other step is asked where it is unless
        // it fails.
        context.frame.site = get.site();
        let context: &'a FlowContext<'_, M> = context;
        context.mode.flow(get.node(), Some(&context.frame), shared)
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
                Frame::above(None, graph),
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
pub struct Cursor<'a, M, T> {
    context: FlowContext<'a, M>,
    counts: T,
}

impl<'a, M: Mode, T: AsRef<[u32]> + AsMut<[u32]>> Cursor<'a, M, T> {
    pub(super) fn new<F: Flow<EdgeCounts = T>>(mode: &'a M, parent: Option<&'a Frame<'a>>) -> Self {
        let site = const { &Site::of_flow(&F::GRAPH) };
        Self {
            context: FlowContext {
                mode,
                frame: Frame { parent, site },
            },
            counts: F::NO_COUNTS,
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
        self.context
            .mode
            .start(&self.context.frame, graph, shared, self.counts.as_mut())
    }

    /// What the next step is given.
    #[inline]
    pub fn context(&mut self) -> &mut FlowContext<'a, M> {
        &mut self.context
    }

    /// What comes after an action: a place, or an exit counted on from the places.
    #[inline]
    pub fn next(&mut self, site: &'static Site, action: usize) -> usize {
        match site.next(action) {
            Ok(next) => next,
            Err(edge) => self.count(site.graph(), edge),
        }
    }

    /// Takes a bounded edge, or leaves it for the other.
    #[cold]
    fn count(&mut self, graph: &'static Graph, edge: usize) -> usize {
        let count = &mut self.counts.as_mut()[edge];
        let target = match graph.edges[edge].bound {
            Some(bound) if *count >= bound.max => bound.otherwise,
            _ => {
                *count += 1;
                self.context
                    .mode
                    .counted(&self.context.frame, self.counts.as_ref());
                graph.edges[edge].to
            }
        };
        match target {
            Target::Place(place) => place,
            Target::Exit(exit) => graph.places.len() + exit,
        }
    }
}
