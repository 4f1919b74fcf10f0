//! The way down to a step: the flows around it, and its place in each.

use crate::error::{Cause, Error, Stage};
use crate::graph::Graph;

/// A place of a graph, as `flow!` writes it down once for every step.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    pub graph: &'static Graph,
    pub place: usize,
    /// Which of a fork's nodes it is.
    pub branch: Option<usize>,
}

impl Spot {
    /// The places of a graph.
    pub const fn all<const P: usize>(graph: &'static Graph) -> [Self; P] {
        let mut all = [Self { graph, place: 0, branch: None }; P];
        let mut place = 0;
        while place < P {
            all[place] = Self { graph, place, branch: None };
            place += 1;
        }
        all
    }

    /// A node of a fork.
    pub const fn branch(graph: &'static Graph, place: usize, branch: usize) -> Self {
        Self { graph, place, branch: Some(branch) }
    }

    /// The name of the place, or of the node of a fork.
    pub(crate) fn name(&self) -> &'static str {
        let place = &self.graph.places[self.place];
        match self.branch {
            Some(branch) => place.fork[branch].name,
            None => place.name,
        }
    }
}

/// Where a run is: a spot in each of the flows that are under way. It is all that a plain run keeps of its way.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Trail<'a> {
    pub(crate) parent: Option<&'a Trail<'a>>,
    pub(crate) spot: &'static Spot,
}

impl Trail<'_> {
    /// How many flows are around the innermost.
    pub(crate) fn depth(&self) -> usize {
        self.parent.map_or(0, |parent| 1 + parent.depth())
    }

    /// The names from the outermost flow down to this spot.
    pub(crate) fn path(&self) -> Vec<&'static str> {
        let mut path = Self::above(self.parent, self.spot.graph);
        path.push(self.spot.name());
        path
    }

    /// The names down to a flow: that of the place at which it stands, or its own where it is the outermost.
    pub(crate) fn above(parent: Option<&Trail<'_>>, graph: &Graph) -> Vec<&'static str> {
        parent.map_or_else(|| vec![graph.label()], Trail::path)
    }

    #[cold]
    pub(crate) fn failed(&self, stage: Stage, cause: impl Into<Cause>) -> Error {
        Error::new(self.path(), stage, cause)
    }
}
