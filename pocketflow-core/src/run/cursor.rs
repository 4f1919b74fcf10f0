//! Where the walk of a flow is.

use super::context::FlowContext;
use super::contract::StepMode;
use super::error_edge::follow_error;
use super::flow::check_inputs;
use super::mode::Mode;
use super::policies::check_in_flow;
use crate::driver::{Frame, Site};
use crate::graph::{Graph, Target};
use crate::run_error::Error;
use crate::store::Shared;

/// The position of the walk in its flow. It knows where to start and where an action leads.
#[doc(hidden)]
pub struct Cursor<'a, M: Mode, T> {
    context: FlowContext<'a, M>,
    counts: T,
}

impl<'a, M: Mode, T: AsRef<[u32]> + AsMut<[u32]>> Cursor<'a, M, T> {
    pub(super) fn new(
        held: &'a M::Held,
        parent: Option<&'a Frame<'a>>,
        site: &'static Site,
        counts: T,
    ) -> Self {
        Self {
            context: FlowContext {
                held,
                frame: Frame { parent, site },
            },
            counts,
        }
    }

    /// Checks the inputs of the flow. Only a flow that has inputs calls this.
    ///
    /// # Errors
    ///
    /// If an input of the outermost flow of its store is empty.
    #[inline]
    pub fn check_inputs<S: Shared>(&self, graph: &'static Graph, shared: &S) -> Result<(), Error> {
        let parent = self.context.frame.parent;
        if parent.map_or(M::CHECKS_INPUTS, Frame::holds_inner_run) {
            check_inputs(graph, parent, shared)
                .map_err(|error| M::in_items(self.context.held, error))
        } else {
            Ok(())
        }
    }

    /// The place to start at.
    ///
    /// # Errors
    ///
    /// If a run resumes at a place that the flow does not have, or if the context of the outermost
    /// flow configures a node with a policy that makes no sense.
    #[inline]
    pub fn start<S: Shared>(
        &mut self,
        graph: &'static Graph,
        is_configured: bool,
    ) -> Result<usize, Error>
    where
        M: StepMode<S>,
    {
        let FlowContext { held, frame } = &self.context;
        if is_configured && frame.parent.is_none() {
            check_in_flow::<S, M>(graph, &self.context)?;
        }
        M::start(held, frame, graph, self.counts.as_mut())
    }

    /// Whether this flow is in no other.
    #[inline]
    pub fn is_outermost(&self) -> bool {
        self.context.frame.parent.is_none()
    }

    /// The context of the next step.
    #[inline]
    pub fn context(&mut self) -> &mut FlowContext<'a, M> {
        &mut self.context
    }

    /// What comes after an action: the index of a place, or that of an exit, where the exits are numbered
    /// after the places.
    ///
    /// An optimized build inlines it before it simplifies it, because only then does it see that the
    /// routes of the site are constants.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn next(&mut self, site: &'static Site, action: usize) -> usize {
        match site.next(action) {
            Ok(next) => next,
            Err(edge) => self.count(site.graph(), edge),
        }
    }

    /// [`next`](Self::next) in a flow with so many places that its code would take too much space.
    #[inline]
    pub fn next_of_many(&mut self, site: &'static Site, action: usize) -> usize {
        self.next(site, action)
    }

    /// What comes after a step that has failed: where its error edge leads. In a run with drivers, the
    /// step itself has followed that edge, so that its driver sees it.
    ///
    /// # Errors
    ///
    /// Returns the error if it is not the failure of a node.
    #[cold]
    pub fn fail<S: Shared>(
        &mut self,
        site: &'static Site,
        error: Error,
        shared: &mut S,
    ) -> Result<usize, Error> {
        if !M::FOLLOWS_ERRORS {
            return Err(error);
        }
        let way = follow_error(&self.context.frame(site), error, shared)?;
        Ok(self.next_of_many(site, way))
    }

    /// Takes a bounded edge, or the other one if its bound is reached.
    #[cold]
    fn count(&mut self, graph: &'static Graph, edge: usize) -> usize {
        let count = &mut self.counts.as_mut()[edge];
        let target = match graph.edges[edge].bound {
            Some(bound) if *count >= bound.max => bound.otherwise,
            _ => {
                *count += 1;
                M::edge_taken(self.context.held, &self.context.frame, self.counts.as_ref());
                graph.edges[edge].to
            }
        };
        match target {
            Target::Place(place) => place,
            Target::Exit(exit) => graph.places.len() + exit,
        }
    }
}
