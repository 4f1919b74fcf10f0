//! Where the walk of a flow is.

use super::context::FlowContext;
use super::mode::Mode;
use crate::driver::{Frame, Site};
use crate::graph::{Graph, Target};
use crate::run_error::Error;
use crate::store::Shared;

/// The position of the walk in its flow. It knows where to start and where an action leads.
#[doc(hidden)]
#[derive(Debug)]
pub struct Cursor<'a, M, T> {
    context: FlowContext<'a, M>,
    counts: T,
}

impl<'a, M: Mode, T: AsRef<[u32]> + AsMut<[u32]>> Cursor<'a, M, T> {
    pub(super) fn new(
        mode: &'a M,
        parent: Option<&'a Frame<'a>>,
        site: &'static Site,
        counts: T,
    ) -> Self {
        Self {
            context: FlowContext {
                mode,
                frame: Frame { parent, site },
            },
            counts,
        }
    }

    /// The place to start at.
    ///
    /// # Errors
    ///
    /// If an input of the outermost flow is empty, or if a run resumes at a place that the flow
    /// does not have.
    #[inline]
    pub fn start<S: Shared>(&mut self, graph: &'static Graph, shared: &S) -> Result<usize, Error> {
        self.context
            .mode
            .start(&self.context.frame, graph, shared, self.counts.as_mut())
    }

    /// The context of the next step.
    #[inline]
    pub fn context(&mut self) -> &mut FlowContext<'a, M> {
        &mut self.context
    }

    /// What comes after an action: the index of a place, or that of an exit, counted on from the
    /// places.
    #[inline]
    pub fn next(&mut self, site: &'static Site, action: usize) -> usize {
        match site.next(action) {
            Ok(next) => next,
            Err(edge) => self.count(site.graph(), edge),
        }
    }

    /// Takes a bounded edge, or the other one if its bound is reached.
    #[cold]
    fn count(&mut self, graph: &'static Graph, edge: usize) -> usize {
        let count = &mut self.counts.as_mut()[edge];
        let target = match graph.edges[edge].bound {
            Some(bound) if *count >= bound.max => bound.otherwise,
            _ => {
                *count += 1;
                self.context
                    .mode
                    .edge_taken(&self.context.frame, self.counts.as_ref());
                graph.edges[edge].to
            }
        };
        match target {
            Target::Place(place) => place,
            Target::Exit(exit) => graph.places.len() + exit,
        }
    }
}
