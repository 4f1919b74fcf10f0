//! A flow, and its walk over the graph.

use super::context::FlowContext;
use super::cursor::Cursor;
use super::mode::Mode;
use crate::checks::Sound;
use crate::driver::{Frame, Site};
use crate::graph::{Describe, Graph};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Stage};
use crate::store::Shared;

/// A flow, as `flow!` declares it.
pub trait Flow: Describe + Send + Sync {
    /// The exits of the flow, as an enum.
    type Exit;

    /// Its graph.
    const GRAPH: &'static Graph;

    /// How often each edge has been taken in a run. It is empty if no edge is bounded.
    #[doc(hidden)]
    type EdgeCounts: AsRef<[u32]> + AsMut<[u32]> + Send + Sync;

    /// The counts before any edge has been taken.
    #[doc(hidden)]
    const NO_COUNTS: Self::EdgeCounts;

    /// The exit with this index in [`Graph::exits`].
    #[doc(hidden)]
    fn exit(index: usize) -> Self::Exit;
}

/// The state machine of a flow, as `flow!` writes it.
///
/// This trait, [`CheckedWalk`] and [`WalkChunk`] have no supertraits. rustc checks supertraits
/// wherever a flow names the trait in a bound, so it would report a node that is not `Send` a
/// second time, at the flow.
#[doc(hidden)]
pub trait Walk<S, M: Mode> {
    /// Checks the policies of the nodes that the flow holds.
    fn check(&self, _context: &FlowContext<'_, M>) -> Result<(), Error> {
        Ok(())
    }

    /// Walks from the start, or from where a run resumes, to an exit.
    fn walk(
        &self,
        cursor: Cursor<'_, M, <Self as Flow>::EdgeCounts>,
        shared: &mut S,
    ) -> impl StepFuture
    where
        Self: Flow;
}

/// The [`Walk`] of a flow whose checks have passed. Then `Checks` is `Sound<0>`, and `flow!` has
/// written the impl.
///
/// If a check has failed, `Checks` is a [`Sound`](crate::checks::Sound) of an unknown number, which
/// fits the impl below as well. So rustc accepts a call of the flow's `run`, and reports only the
/// failed check.
#[doc(hidden)]
pub trait CheckedWalk<S, M: Mode, Checks> {
    /// [`Walk::check`].
    fn check(&self, _context: &FlowContext<'_, M>) -> Result<(), Error> {
        Ok(())
    }

    /// [`Walk::walk`].
    fn walk(
        &self,
        cursor: Cursor<'_, M, <Self as Flow>::EdgeCounts>,
        shared: &mut S,
    ) -> impl StepFuture
    where
        Self: Flow;
}

#[diagnostic::do_not_recommend]
impl<F, S, M: Mode> CheckedWalk<S, M, Sound<1>> for F {
    fn walk(&self, _: Cursor<'_, M, <Self as Flow>::EdgeCounts>, _: &mut S) -> impl StepFuture
    where
        Self: Flow,
    {
        async { unreachable!("a flow with a failed check does not compile") }
    }
}

/// A chunk of the places of a large [`Walk`], which rustc checks faster in chunks.
#[doc(hidden)]
pub trait WalkChunk<S, M: Mode, const I: usize> {
    /// Walks from `place` until it leaves the chunk, and returns what comes next.
    fn chunk(
        &self,
        cursor: &mut Cursor<'_, M, <Self as Flow>::EdgeCounts>,
        shared: &mut S,
        place: usize,
    ) -> impl StepFuture
    where
        Self: Flow;
}

/// Checks that the inputs of a flow are filled.
#[inline]
pub(super) fn check_inputs<S: Shared>(
    graph: &'static Graph,
    parent: Option<&Frame<'_>>,
    shared: &S,
) -> Result<(), Error> {
    for input in graph.inputs {
        let field = S::STORE.field(input);
        if field.is_some_and(|field| !shared.is_filled(field)) {
            return Err(Error::new(
                Frame::above(parent, graph),
                Stage::Start,
                S::STORE.empty(input),
            ));
        }
    }
    Ok(())
}

/// The cursor of a flow that is about to start.
#[inline]
pub(super) fn cursor<'a, F: Flow, M: Mode>(
    held: &'a M::Held,
    parent: Option<&'a Frame<'a>>,
) -> Cursor<'a, M, F::EdgeCounts> {
    let site = const { &Site::of_flow(&F::GRAPH) };
    Cursor::new(held, parent, site, F::NO_COUNTS)
}
