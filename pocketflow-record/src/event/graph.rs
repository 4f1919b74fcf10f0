//! A graph in a record.

use serde::{Deserialize, Serialize};

use super::is_false;

/// The graph of a flow. It comes before the first run that uses it. The graphs of nested flows, and
/// those of flows on fields, come before the graph that refers to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Graph {
    /// When it was written.
    pub at: u64,
    /// Its number, which no other graph of the record has.
    pub graph: u64,
    /// The name of the flow. It is empty for a flow that is written as an expression.
    pub name: String,
    /// [`pocketflow::Graph::fingerprint`] as 16 hexadecimal digits.
    pub fingerprint: String,
    /// The name of the store.
    pub store: String,
    /// The type of the store's context, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The late fields that are filled when the flow starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// The names of the exits.
    pub exits: Vec<String>,
    /// The places, starting with the first one of the flow.
    pub places: Vec<Place>,
    /// The edges, in the order in which they are written.
    pub edges: Vec<Edge>,
}

/// A place, or a branch of a fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The name in the flow.
    pub name: String,
    /// What is there.
    pub kind: Kind,
    /// The name of the node, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The fields that it reads and that must be filled before it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// The fields that it may read, and that may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional_reads: Vec<String>,
    /// The fields that it may write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
    /// Its actions, or the exits of the flow at this place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// The number of the graph of the nested flow, or of the flow on a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<u64>,
    /// The field that the flow runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How the flow runs on every item of the field, for [`Kind::Each`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<EachField>,
    /// The late field that an `await(field)` waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// How long the `await` waits, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// How long a declared `sleep` sleeps, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleeps_ms: Option<u64>,
    /// The branches of a fork.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fork: Vec<Place>,
}

/// What is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A node.
    Node,
    /// A nested flow.
    Flow,
    /// A flow on a field: `Investigate.on(facts)`.
    On,
    /// A flow on every item of a field: `Summarize.each(documents)`.
    Each,
    /// `await(field)`
    Await,
    /// `sleep("1h")`
    Sleep,
    /// A fork.
    Fork,
}

/// How a flow runs on every item of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EachField {
    /// How many items may be in flight at a time. `None` for `parallel = unbounded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u64>,
    /// The field that collects the failures of items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<String>,
}

/// Where a place's action leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edge {
    /// The index of the place.
    pub from: usize,
    /// The action. That of an error edge is `error`.
    pub action: String,
    /// Where it leads.
    pub to: Target,
    /// How often a run may take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// For the edge that the flow takes if the place has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorEdge>,
    /// Whether the edge is written in the flow. A place without edges has an implicit one, to the end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub written: bool,
}

/// The end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A place, by its index in [`Graph::places`].
    Place(usize),
    /// An exit, by its index in [`Graph::exits`].
    Exit(usize),
}

/// The bound of an edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bound {
    /// How often one run of the flow may take the edge.
    pub max: u32,
    /// Where the action leads after that.
    pub otherwise: Target,
}

/// An error edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorEdge {
    /// The late field that it fills with the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
