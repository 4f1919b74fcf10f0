//! The result of a step or a flow.

use std::fmt;

use super::StepInfo;
use crate::graph::{ERROR, Edge, Graph, Target};

/// The action that a step took, or the exit that a flow reached, and where it leads.
///
/// ```
/// use pocketflow::{Action, StepInfo, Driver, Error, Run, Shared, Taken, flow, node};
/// use std::sync::Mutex;
///
/// /// Records the path of a run.
/// #[derive(Default)]
/// struct Way(Mutex<Vec<String>>);
///
/// impl<S: Shared> Driver<S> for Way {
///     async fn step<R: Run<S>>(&self, info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
///         let taken = run.run(shared).await?;
///         let next = taken.next().or(taken.exit()).unwrap_or_default();
///         self.0.lock().unwrap().push(format!("{info} - {:?} >> {next}", taken.action()));
///         Ok(taken)
///     }
/// }
///
/// # #[derive(Shared, Default)] struct Order { total_cents: u64 }
/// #[derive(Action)]
/// enum Verdict { Approved, Rejected }
///
/// #[node(Order)]
/// fn review(total_cents: &u64) -> Verdict {
///     if *total_cents < 100 { Verdict::Approved } else { Verdict::Rejected }
/// }
/// # #[node(Order)] fn pay(total_cents: &u64) {}
///
/// flow! { Checkout { review - "approved" >> pay; review - "rejected" >> end "declined"; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let way = Way::default();
/// Checkout.with(&way).run(&mut Order { total_cents: 50 }).await?;
/// Checkout.with(&way).run(&mut Order { total_cents: 500 }).await?;
/// assert_eq!(
///     way.0.into_inner().unwrap(),
///     [
///         "Checkout > review - \"approved\" >> pay",
///         "Checkout > pay - \"default\" >> default",
///         "Checkout > review - \"rejected\" >> declined",
///     ]
/// );
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Taken {
    graph: &'static Graph,
    /// `None` for the outermost flow of a run, which has no place in another flow.
    place: Option<usize>,
    index: usize,
    target: Target,
}

impl Taken {
    pub(crate) fn at(graph: &'static Graph, place: usize, index: usize, target: Target) -> Self {
        Self {
            graph,
            place: Some(place),
            index,
            target,
        }
    }

    pub(crate) fn over(graph: &'static Graph, exit: usize) -> Self {
        Self {
            graph,
            place: None,
            index: exit,
            target: Target::Exit(exit),
        }
    }

    /// The name of the action, or of the flow's exit.
    pub fn action(&self) -> &'static str {
        match self.place {
            Some(_) if self.failed() => ERROR,
            Some(place) => self.graph.places[place].node.actions[self.index],
            None => self.graph.exits[self.index],
        }
    }

    /// Whether the step has failed, and the flow goes on along its error edge. The action is then
    /// `error`.
    pub fn failed(&self) -> bool {
        self.place
            .is_some_and(|place| self.index == self.graph.places[place].node.actions.len())
    }

    /// The index of the action among the actions of its node, or of the exit in [`Graph::exits`]. An
    /// error edge counts as one more action.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The edge of the action. `None` if the outermost flow has ended.
    pub fn edge(&self) -> Option<&'static Edge> {
        let (from, action) = (self.place?, self.action());
        self.graph
            .edges
            .iter()
            .find(|edge| edge.from == from && edge.action == action)
    }

    /// Where the action leads: along the edge or, once a bounded edge is used up, to the target
    /// after `else`.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The name of the next place, if the action leads to one.
    pub fn next(&self) -> Option<&'static str> {
        match self.target {
            Target::Place(place) => Some(self.graph.places[place].name),
            Target::Exit(_) => None,
        }
    }

    /// The name of the exit that the flow reaches, if the action leads to one.
    pub fn exit(&self) -> Option<&'static str> {
        match self.target {
            Target::Place(_) => None,
            Target::Exit(exit) => Some(self.graph.exits[exit]),
        }
    }

    /// Whether this is an action of this place, or its error edge.
    pub(crate) fn is_of(&self, place: Option<usize>, actions: usize) -> bool {
        self.place == place && (self.index < actions || self.failed() && self.edge().is_some())
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, .. } = self;
        f.debug_struct("Taken")
            .field("action", &self.action())
            .field("target", target)
            .finish_non_exhaustive()
    }
}

/// The cause of an [`Error`](crate::Error) when a driver returns a [`Taken`] of another step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenElsewhere {
    pub(crate) action: &'static str,
}

impl fmt::Display for TakenElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a driver returned the action \"{}\" of another step: return what `run` returned, or `StepInfo::taken`",
            self.action
        )
    }
}

impl std::error::Error for TakenElsewhere {}

impl StepInfo<'_> {
    /// Finds an action of this step, or an exit of the nested flow at this place, by name. A driver
    /// that replaces the step returns it. Returns `None` if there is no such action.
    ///
    /// Where the place has an error edge, `error` is an action too. It does not fill the field of the
    /// edge.
    pub fn taken(&self, action: &str) -> Option<Taken> {
        if let Some(graph) = self.begun() {
            return graph.taken(action);
        }
        let actions = self.actions();
        let error_edge = || self.graph().error_edge(self.frame.site.place);
        let index = match actions.iter().position(|name| *name == action) {
            None if action == ERROR && error_edge().is_some() => actions.len(),
            index => index?,
        };
        Some(self.took(index))
    }

    /// The actions of the node at this place, or the exits of the nested flow here.
    pub fn actions(&self) -> &'static [&'static str] {
        if let Some(graph) = self.begun() {
            return graph.exits;
        }
        self.graph().places[self.frame.site.place].node.actions
    }

    pub(crate) fn took(&self, index: usize) -> Taken {
        let (graph, site) = (self.graph(), self.frame.site);
        let target = match site.next(index) {
            Ok(next) if next < graph.places.len() => Target::Place(next),
            Ok(next) => Target::Exit(next - graph.places.len()),
            Err(edge) => {
                let edge_of = &graph.edges[edge];
                match edge_of.bound {
                    Some(bound) if self.state.taken_of(self.frame, edge) >= bound.max => {
                        bound.otherwise
                    }
                    _ => edge_of.to,
                }
            }
        };
        Taken::at(graph, site.place, index, target)
    }
}

impl Graph {
    /// Finds an exit of this flow by name, if it is the outermost flow. A driver that replaces the
    /// flow returns it. For a nested flow, use [`StepInfo::taken`].
    pub fn taken(&'static self, exit: &str) -> Option<Taken> {
        Some(Taken::over(
            self,
            self.exits.iter().position(|name| *name == exit)?,
        ))
    }
}
