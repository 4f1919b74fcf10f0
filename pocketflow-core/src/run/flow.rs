//! A flow, and its walk over the graph.

use std::future::Future;

use super::cursor::Cursor;
use super::mode::Mode;
use crate::checks::Sound;
use crate::driver::{Frame, Site};
use crate::error::{Error, Stage};
use crate::graph::{Describe, Graph};
use crate::store::Shared;

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

/// Looks whether the inputs of a flow are there.
#[inline]
pub(super) fn check_inputs<S: Shared>(graph: &'static Graph, shared: &S) -> Result<(), Error> {
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

/// The cursor of a flow that is about to start.
#[inline]
pub(super) fn cursor<'a, F: Flow, M: Mode>(
    mode: &'a M,
    parent: Option<&'a Frame<'a>>,
) -> Cursor<'a, M, F::EdgeCounts> {
    let site = const { &Site::of_flow(&F::GRAPH) };
    Cursor::new(mode, parent, site, F::NO_COUNTS)
}
