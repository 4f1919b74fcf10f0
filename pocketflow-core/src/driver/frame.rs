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
    /// that of the field it runs on, or the name of the flow if it is the outermost.
    pub(crate) fn above(parent: Option<&Frame<'_>>, graph: &Graph) -> Vec<&'static str> {
        let Some(parent) = parent else {
            return vec![graph.label()];
        };
        let mut path = Self::above(parent.parent, parent.site.graph());
        path.push(parent.inside());
        path
    }

    /// What the path of a step inside this place calls it: its field, if a flow runs on one there.
    pub(crate) fn inside(&self) -> &'static str {
        self.site
            .on()
            .map_or_else(|| self.site.name(), |on| on.field)
    }

    /// Whether a flow below this frame is a run on an inner store.
    pub(crate) fn holds_inner_run(&self) -> bool {
        self.site.on().is_some()
    }

    #[cold]
    pub(crate) fn error(&self, stage: Stage, cause: impl Into<Cause>) -> Error {
        Error::new(self.path(), stage, cause)
    }
}
