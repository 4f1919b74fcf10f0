//! The path down to a step: the flows around it, and its place in each.

use super::site::Site;
use crate::graph::Graph;
use crate::run_error::{Cause, Error, Stage};

/// A stack frame of a run: the site in one running flow, and the frame of the flow around it. A run
/// without drivers stores nothing else about its path.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub(crate) parent: Option<&'a Frame<'a>>,
    pub(crate) site: &'static Site,
}

impl Frame<'_> {
    /// How many flows are around this one.
    pub(crate) fn depth(&self) -> usize {
        self.parent.map_or(0, |parent| 1 + parent.depth())
    }

    /// The names from the outermost flow down to this site.
    pub(crate) fn path(&self) -> Vec<&'static str> {
        let mut path = Self::above(self.parent, self.site.graph());
        path.push(self.site.name());
        path
    }

    /// The names down to a flow. The last is the name of the flow's place in the flow around it, or
    /// the name of the flow if it is the outermost.
    pub(crate) fn above(parent: Option<&Frame<'_>>, graph: &Graph) -> Vec<&'static str> {
        parent.map_or_else(|| vec![graph.label()], Frame::path)
    }

    #[cold]
    pub(crate) fn error(&self, stage: Stage, cause: impl Into<Cause>) -> Error {
        Error::new(self.path(), stage, cause)
    }
}
