//! The description of a flow: its places, its edges, and the node at each place.

mod description;
mod field_sets;
mod fingerprint;
pub(crate) mod fork;
mod mermaid;
mod node_info;
mod on_field;
mod position;
#[cfg(test)]
pub(crate) mod sample;
mod short;

pub use description::{CheckPolicy, Describe, Description, Handled, NodeOrFlow};
pub use field_sets::FieldSets;
pub use fork::ForkSets;
pub use node_info::NodeInfo;
pub(crate) use node_info::UNKNOWN;
pub use on_field::{Each, FailuresField, OnField};
pub use position::{FlowPosition, Position};

use crate::store::Store;

/// The graph of a flow: its places, edges and exits. A flow has its graph as the constant `GRAPH`,
/// which prints as a [Mermaid](https://mermaid.js.org/syntax/flowchart.html) flowchart.
///
/// ```
/// # use pocketflow::{Shared, flow, node};
/// # #[derive(Shared, Default)] struct Article { topic: String, outline: Option<String>, text: Option<String> }
/// # #[node(Article, writes = outline)] fn outline(topic: &str) -> String { topic.into() }
/// # #[node(Article, writes = text)] fn draft(outline: &str) -> String { outline.into() }
/// flow! { Write { outline >> draft; } }
///
/// assert_eq!(Write::GRAPH.places[1].name, "draft");
/// println!("{}", Write::GRAPH);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Graph {
    /// The flow's name. It is empty for a flow that is written as an expression.
    pub name: &'static str,
    /// The places, starting with the first one of the flow.
    pub places: &'static [Place],
    /// The edges, in the order in which they are written. The implicit edges to the end come last.
    pub edges: &'static [Edge],
    /// The names of the exits.
    pub exits: &'static [&'static str],
    /// The late fields that are filled when the flow starts.
    pub inputs: &'static [&'static str],
}

/// A place in a graph: a node, a nested flow, or a flow of another store on a field, with its name in
/// the flow.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The name in the flow.
    pub name: &'static str,
    /// The node, or for a fork, all its nodes combined.
    pub node: &'static NodeInfo,
    /// The nodes of a fork, which run at the same time. It is empty for any other place.
    pub fork: &'static [Place],
}

/// An edge: where a place's action leads.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// The index of the place.
    pub from: usize,
    /// The action.
    pub action: &'static str,
    /// Where it leads.
    pub to: Target,
    /// How often a run may take it, for `max N else …`.
    pub bound: Option<Bound>,
    /// For the edge that the flow takes if the place has failed: what becomes of the failure. The
    /// action of such an edge is `error`.
    pub error: Option<ErrorEdge>,
    /// Whether the edge is written in the flow. A place without edges has an implicit one, to the
    /// end.
    pub written: bool,
}

/// What becomes of the failure of a place that has an error edge: `pay - error(problem) >> refund;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorEdge {
    /// The late field that it fills, an `Option<Failed>`.
    pub field: Option<&'static str>,
}

/// The action of an error edge.
pub(crate) const ERROR: &str = "error";

/// The end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A place, by its index.
    Place(usize),
    /// An exit, by its index.
    Exit(usize),
}

/// The bound of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How often one run of the flow may take the edge.
    pub max: u32,
    /// Where the action leads after that.
    pub otherwise: Target,
}

impl Graph {
    /// Whether a node of it, or of a flow in it, has a policy that the context configures.
    #[doc(hidden)]
    pub const fn is_configured(&self) -> bool {
        let mut place = 0;
        while place < self.places.len() {
            let (node, fork) = (self.places[place].node, self.places[place].fork);
            if node.is_configured() {
                return true;
            }
            let mut branch = 0;
            while branch < fork.len() {
                if fork[branch].node.is_configured() {
                    return true;
                }
                branch += 1;
            }
            place += 1;
        }
        false
    }

    /// The first place whose node is known. Its store is the flow's store.
    pub(crate) const fn first_known(&self) -> usize {
        let mut place = 0;
        while place < self.places.len() {
            if !self.places[place].node.is_unknown() {
                return place;
            }
            place += 1;
        }
        0
    }

    /// Whether no node is known, so that the store is unknown as well.
    pub(crate) const fn is_unknown(&self) -> bool {
        self.places[self.first_known()].node.is_unknown()
    }

    /// The store that the flow runs on.
    #[doc(hidden)]
    pub const fn store(&self) -> &'static Store {
        self.places[self.first_known()].node.store
    }

    /// Whether the node of this place works on the store of the flow.
    pub(crate) const fn shares_store(&self, place: usize) -> bool {
        self.places[place].node.store.hash == self.store().hash
    }

    /// The name of a place, or the word for an exit.
    pub(crate) const fn target_name(&self, target: Target) -> &'static str {
        match target {
            Target::Place(place) => self.places[place].name,
            Target::Exit(_) => "end",
        }
    }

    /// The error edge of a place. It looks through all edges, so an analysis does not call it for
    /// every place.
    pub(crate) fn error_edge(&self, place: usize) -> Option<ErrorEdge> {
        let mut edges = self.edges.iter().filter(|edge| edge.from == place);
        edges.find_map(|edge| edge.error)
    }

    /// The index of the place with this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.name == name)
    }

    /// The flow's name as it appears in messages.
    pub(crate) const fn label(&self) -> &'static str {
        if self.name.is_empty() {
            "flow"
        } else {
            self.name
        }
    }
}

impl Edge {
    /// Where it leads, and where it leads after its bound.
    pub(crate) const fn targets(&self) -> [Option<Target>; 2] {
        match self.bound {
            Some(bound) => [Some(self.to), Some(bound.otherwise)],
            None => [Some(self.to), None],
        }
    }
}

impl Target {
    /// `==`, in a constant.
    pub(crate) const fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Place(a), Self::Place(b)) | (Self::Exit(a), Self::Exit(b)) => a == b,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
