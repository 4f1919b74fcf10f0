//! Which edges of a flow have been taken.

use std::collections::BTreeSet;

use pocketflow::{Graph, StepInfo, Taken, Target};

use crate::names::{edge, end};

/// An edge that was taken, as the flow writes it, with the name of the flow.
pub(super) type TakenEdge = String;

/// The edges of a flow, of its nested flows, and of its flows on fields.
pub(super) struct Coverage {
    edges: BTreeSet<TakenEdge>,
}

impl Coverage {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut edges = BTreeSet::new();
        add_edges(graph, &mut edges);
        Self { edges }
    }

    pub(super) fn add(&mut self, taken: BTreeSet<TakenEdge>) {
        for edge in taken {
            self.edges.remove(&edge);
        }
    }

    pub(super) fn untaken(self) -> BTreeSet<TakenEdge> {
        self.edges
    }
}

fn add_edges(graph: &Graph, edges: &mut BTreeSet<TakenEdge>) {
    for edge in graph.edges {
        let from = graph.places[edge.from].name;
        let mut add = |to| {
            edges.insert(full(graph, from, edge.action, edge.error.is_some(), to));
        };
        add(edge.to);
        if let Some(bound) = edge.bound {
            add(bound.otherwise);
        }
    }
    let branches = graph.places.iter().flat_map(|place| place.fork);
    for place in graph.places.iter().chain(branches) {
        let inner = place.node.flow.or(place.node.on.map(|on| on.graph));
        if let Some(inner) = inner {
            add_edges(inner, edges);
        }
    }
}

/// The edge that a step took.
pub(super) fn taken(info: &StepInfo<'_>, taken: &Taken) -> Option<TakenEdge> {
    let graph = info.graph();
    Some(full(
        graph,
        info.name(),
        taken.action(),
        taken.failed(),
        taken.target(),
    ))
}

/// The edge that a step took, without the name of the flow.
pub(super) fn written(info: &StepInfo<'_>, taken: &Taken) -> String {
    let to = target(info.graph(), taken.target());
    edge(info.name(), taken.action(), taken.failed(), &to)
}

fn full(graph: &Graph, from: &str, action: &str, is_error: bool, to: Target) -> String {
    let name = if graph.name.is_empty() {
        "flow"
    } else {
        graph.name
    };
    format!(
        "{name}: {}",
        edge(from, action, is_error, &target(graph, to))
    )
}

/// Where an edge leads, as a flow writes it.
fn target(graph: &Graph, target: Target) -> String {
    match target {
        Target::Place(place) => graph.places[place].name.to_owned(),
        Target::Exit(exit) => end(graph.exits[exit]),
    }
}
