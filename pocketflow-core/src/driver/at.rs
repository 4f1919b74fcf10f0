//! Where a run is.

use std::fmt;

use crate::error::{BoxError, Cause, Error, Stage};
use crate::graph::Graph;
use crate::node::{Key, Work};

/// The place a run has arrived at: the flows around it, from the outermost on, and the place in the innermost.
///
/// It prints as a path: `Shop > Payment > authorize`.
#[derive(Debug)]
pub struct At<'a> {
    pub(crate) parent: Option<&'a At<'a>>,
    pub(crate) graph: &'static Graph,
    pub(crate) place: usize,
    /// The fork that this is a node of, and its number in it.
    pub(crate) branch: Option<(&'a At<'a>, usize)>,
    /// The name of the run, where a driver gives it one.
    pub(crate) run: Option<&'a str>,
    /// How many steps the run has taken, this one included.
    pub(crate) step: u64,
    /// How often each bounded edge of this flow has been taken; empty where no edge is bounded.
    pub(crate) taken: Box<[u32]>,
}

impl At<'_> {
    /// The innermost flow.
    pub fn graph(&self) -> &'static Graph {
        self.graph
    }

    /// The name of the place.
    pub fn name(&self) -> &'static str {
        match self.branch {
            Some((fork, branch)) => fork.graph.places[fork.place].fork[branch].name,
            None => self.graph.places[self.place].name,
        }
    }

    /// Whether this is one of the nodes of a fork, which are one step together.
    pub fn is_branch(&self) -> bool {
        self.branch.is_some()
    }

    /// The late field that this step waits for, if it is an `await(field)`.
    pub fn waits_for(&self) -> Option<&'static str> {
        self.graph.places[self.place].node.waits
    }

    /// Which of a fork's nodes this is, counted from 0.
    pub fn branch_number(&self) -> Option<usize> {
        self.branch.map(|(_, branch)| branch)
    }

    /// A node of the fork that stands here.
    pub(crate) fn branch(&self, branch: usize) -> At<'_> {
        let Self { parent, graph, place, run, step, .. } = *self;
        At { parent, graph, place, branch: Some((self, branch)), run, step, taken: Box::default() }
    }

    /// The place of the flow in the flow around it, if there is one.
    pub fn parent(&self) -> Option<&At<'_>> {
        self.parent
    }

    /// The number of this step in the run, counted from 1, those in nested flows included.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The names from the outermost flow down to this place.
    pub fn path(&self) -> Vec<&'static str> {
        let mut path = match self.parent {
            Some(parent) => parent.path(),
            None => vec![self.graph.label()],
        };
        path.push(self.name());
        path
    }

    /// An error of a driver at this place.
    pub fn error(&self, cause: impl Into<BoxError>) -> Error {
        self.failed(Stage::Driver, cause)
    }

    pub(crate) fn failed(&self, stage: Stage, cause: impl Into<Cause>) -> Error {
        Error::new(self.path(), stage, cause)
    }

    /// What it takes to start again at this place: see [`With::resume`](crate::With::resume).
    pub fn position(&self) -> Position {
        let mut visits = Vec::new();
        // A run resumes at a fork as a whole.
        let mut at = Some(self.branch.map_or(self, |(fork, _)| fork));
        while let Some(here) = at {
            visits.push(Visit {
                flow: here.graph.label().into(),
                fingerprint: here.graph.fingerprint(),
                place: here.name().into(),
                taken: here.taken.to_vec(),
            });
            at = here.parent;
        }
        visits.reverse();
        Position { steps: self.step - 1, visits }
    }
}

impl Work for At<'_> {
    fn key(&self) -> Option<Key<'_>> {
        Some(Key { run: self.run?, step: self.step, branch: self.branch_number(), item: None })
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent {
            Some(parent) => write!(f, "{parent} > {}", self.name()),
            None => write!(f, "{} > {}", self.graph.label(), self.name()),
        }
    }
}

impl Graph {
    /// An error of a driver at this flow, as [`At::error`] is one at a step.
    pub fn error(&self, cause: impl Into<BoxError>) -> Error {
        Error::new(vec![self.label()], Stage::Driver, cause)
    }

    /// The flow's name, as messages have it.
    pub(crate) fn label(&self) -> &'static str {
        if self.name.is_empty() { "flow" } else { self.name }
    }
}

/// A place in a run, by names, so that it can be stored: one [`Visit`] for every flow, the outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The steps taken before.
    pub steps: u64,
    /// The flows that are under way, from the outermost on.
    pub visits: Vec<Visit>,
}

/// Where a run begins: see [`Driver::begin`](crate::Driver::begin).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the flow's first node, or where [`With::resume`](crate::With::resume) says.
    Fresh,
    /// At this position; the step there runs again.
    At(Position),
    /// Nowhere: it is over, and came to the exit with this index in [`Graph::exits`].
    Over(usize),
}

/// A flow that is under way, in a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The flow's name.
    pub flow: String,
    /// [`Graph::fingerprint`] of the flow.
    pub fingerprint: u64,
    /// The name of the place it has arrived at.
    pub place: String,
    /// How often each of its bounded edges has been taken; empty where no edge is bounded.
    pub taken: Vec<u32>,
}
