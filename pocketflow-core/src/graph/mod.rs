//! The graph of a flow, as a constant: what is checked, what is run, and what is drawn.

mod description;
pub(crate) mod fork;
mod mermaid;
#[cfg(test)]
pub(crate) mod sample;

pub(crate) use description::UNKNOWN;
pub use description::{Describe, Description, NodeInfo, Sets, Stands};
pub use fork::{Of, together, union};

use crate::checks::message::{START, hash, hash_number};
use crate::shared::Store;

/// The graph of a flow: its places, its edges, its exits. A flow has it as the constant `GRAPH`,
/// and it prints as a [Mermaid](https://mermaid.js.org/syntax/flowchart.html) flowchart.
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
    /// The flow's name; empty for a flow that was written as an expression.
    pub name: &'static str,
    /// The places, the start first.
    pub places: &'static [Place],
    /// The edges, in the order in which they are written; those that nobody wrote come last.
    pub edges: &'static [Edge],
    /// The names of the exits.
    pub exits: &'static [&'static str],
    /// The late fields that are filled when the flow starts.
    pub inputs: &'static [&'static str],
}

/// A place in a graph: a node, or a nested flow, under a name.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The name in the flow.
    pub name: &'static str,
    /// What stands there; for a fork, what its nodes are together.
    pub node: &'static NodeInfo,
    /// The nodes of a fork, which work at the same time; empty for any other place.
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
    /// Whether somebody wrote it: a place without an edge ends the flow.
    pub written: bool,
}

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
    /// The first place whose node is known: its store is the flow's.
    pub(crate) const fn first(&self) -> usize {
        let mut place = 0;
        while place < self.places.len() {
            if !self.places[place].node.is_unknown() {
                return place;
            }
            place += 1;
        }
        0
    }

    /// Whether no node is known, and so neither is the store.
    pub(crate) const fn is_unknown(&self) -> bool {
        self.places[self.first()].node.is_unknown()
    }

    /// The store that the flow runs on.
    #[doc(hidden)]
    pub const fn store(&self) -> &'static Store {
        self.places[self.first()].node.store
    }

    /// Whether the node of this place works on the store of the flow.
    pub(crate) const fn is_native(&self, place: usize) -> bool {
        self.places[place].node.store.hash == self.store().hash
    }

    /// The index of the place with this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.name == name)
    }

    /// A number that changes with the names, edges, bounds, exits and inputs of the graph, nested
    /// flows included: the 64-bit FNV-1a hash (Fowler, Noll, Vo) of their text. Kept with a
    /// [`Position`](crate::Position), it shows that a flow has changed.
    pub const fn fingerprint(&self) -> u64 {
        let mut sum = hash(START, self.name);
        let mut index = 0;
        while index < self.places.len() {
            sum = hash(sum, self.places[index].name);
            if let Some(flow) = self.places[index].node.flow {
                sum = hash_number(sum, flow.fingerprint());
            }
            index += 1;
        }
        index = 0;
        while index < self.edges.len() {
            let Edge {
                from,
                action,
                to,
                bound,
                ..
            } = self.edges[index];
            sum = hash(hash_number(sum, from as u64), action);
            sum = self.hash_target(sum, to);
            if let Some(bound) = bound {
                sum = self.hash_target(hash_number(sum, bound.max as u64), bound.otherwise);
            }
            index += 1;
        }
        index = 0;
        while index < self.inputs.len() {
            sum = hash(sum, self.inputs[index]);
            index += 1;
        }
        sum
    }

    const fn hash_target(&self, sum: u64, target: Target) -> u64 {
        match target {
            Target::Place(place) => hash(hash_number(sum, 0), self.places[place].name),
            Target::Exit(exit) => hash(hash_number(sum, 1), self.exits[exit]),
        }
    }
}

#[cfg(test)]
mod tests;
