//! What has changed in the graph of a flow since it was recorded.

use std::collections::BTreeSet;

use pocketflow::{Graph, Target};

use super::difference::Plain;
use super::error::list;
use crate::Recording;
use crate::event;
use crate::names::{edge as written, end};

/// How many changes of a graph are listed.
const LISTED: usize = 8;

/// What has changed in a graph and in the graphs in it, in words: a note for each graph. There is none if
/// the fingerprint is the same.
pub(super) fn changes(recording: &Recording, then: &event::Graph, now: &Graph) -> Vec<String> {
    if then.fingerprint == format!("{:016x}", now.fingerprint()) {
        return Vec::new();
    }
    let mut changed = Vec::new();
    compare(recording, then, now, &mut changed);
    changed.retain(|graph| !graph.changes.is_empty());
    if changed.is_empty() {
        return vec!["the graph has changed".into()];
    }
    let notes = changed.iter().map(Changed::note);
    notes.collect()
}

/// What has changed in one graph.
struct Changed {
    flow: &'static str,
    changes: Vec<String>,
}

impl Changed {
    fn note(&self) -> String {
        let heading = format!("the graph of `{}` has changed:", self.flow);
        match &*self.changes {
            [only] => format!("{heading} {}", Plain(only)),
            all => {
                let mut note = heading;
                for change in all.iter().take(LISTED) {
                    note += &format!("\n{}", Plain(change));
                }
                if let Some(more) = all.len().checked_sub(LISTED + 1) {
                    note += &format!("\nand {} more", more + 1);
                }
                note
            }
        }
    }
}

fn compare(recording: &Recording, then: &event::Graph, now: &Graph, changed: &mut Vec<Changed>) {
    let flow = if now.name.is_empty() {
        "flow"
    } else {
        now.name
    };
    // A flow at several places is the same one.
    if changed.iter().any(|known| known.flow == flow) {
        return;
    }
    let at = changed.len();
    changed.push(Changed {
        flow,
        changes: Vec::new(),
    });
    let mut changes = Vec::new();
    let known: Vec<&str> = then.places.iter().map(|place| &*place.name).collect();
    let places: Vec<&str> = now.places.iter().map(|place| place.name).collect();
    let new: Vec<&str> = without(&places, &known);
    let gone: Vec<&str> = without(&known, &places);
    for (names, what) in [(new, "new"), (gone, "gone")] {
        if !names.is_empty() {
            let are = if names.len() == 1 { "is" } else { "are" };
            changes.push(format!("{} {are} {what}", list(&names)));
        }
    }
    for place in now.places {
        let Some(known) = then.places.iter().find(|known| known.name == place.name) else {
            continue;
        };
        if known
            .node
            .as_deref()
            .is_some_and(|node| node != place.node.name)
            && place.fork.is_empty()
        {
            let (name, node, was) = (place.name, place.node.name, known.node.as_deref());
            let was = was.unwrap_or_default();
            changes.push(format!("`{name}` is the node `{node}`, and was `{was}`"));
        }
        let branches: Vec<&str> = place.fork.iter().map(|branch| branch.name).collect();
        let were: Vec<&str> = known.fork.iter().map(|branch| &*branch.name).collect();
        if branches != were {
            let (name, now, were) = (place.name, list(&branches), list(&were));
            changes.push(format!(
                "the branches of `{name}` are {now}, and were {were}"
            ));
        }
        let inner = place.node.flow.or(place.node.on.map(|on| on.graph));
        let recorded = known.flow.and_then(|graph| recording.graph(graph));
        if let (Some(recorded), Some(inner)) = (recorded, inner) {
            compare(recording, recorded, inner, changed);
        }
    }
    compare_edges(then, now, &mut changes);
    let inputs: Vec<&str> = then.inputs.iter().map(|input| &**input).collect();
    if inputs != now.inputs {
        let (now, were) = (list(now.inputs), list(&inputs));
        changes.push(format!("its inputs are {now}, and were {were}"));
    }
    changed[at].changes = changes;
}

fn compare_edges(then: &event::Graph, now: &Graph, changes: &mut Vec<String>) {
    let known: BTreeSet<String> = (0..then.edges.len())
        .map(|edge| recorded_edge(then, edge))
        .collect();
    let edges: BTreeSet<String> = (0..now.edges.len())
        .map(|edge| edge_of(now, edge))
        .collect();
    for edge in edges.difference(&known) {
        changes.push(format!("the edge `{edge}` is new"));
    }
    for edge in known.difference(&edges) {
        changes.push(format!("the edge `{edge}` is gone"));
    }
}

fn without<'a>(names: &[&'a str], others: &[&str]) -> Vec<&'a str> {
    let names = names.iter().filter(|name| !others.contains(name));
    names.copied().collect()
}

/// An edge of the record, as a flow writes it.
fn recorded_edge(graph: &event::Graph, edge: usize) -> String {
    let edge = &graph.edges[edge];
    let from = &graph.places[edge.from].name;
    let to = recorded_target(graph, edge.to);
    let mut text = written(from, &edge.action, edge.error.is_some(), &to);
    if let Some(bound) = &edge.bound {
        let otherwise = recorded_target(graph, bound.otherwise);
        text += &format!(" max {} else {otherwise}", bound.max);
    }
    text
}

fn edge_of(graph: &Graph, edge: usize) -> String {
    let edge = &graph.edges[edge];
    let from = graph.places[edge.from].name;
    let mut text = written(
        from,
        edge.action,
        edge.error.is_some(),
        &target(graph, edge.to),
    );
    if let Some(bound) = &edge.bound {
        let otherwise = target(graph, bound.otherwise);
        text += &format!(" max {} else {otherwise}", bound.max);
    }
    text
}

/// Where an edge of the record leads, as a flow writes it.
pub(super) fn recorded_target(graph: &event::Graph, target: event::Target) -> String {
    match target {
        event::Target::Place(place) => graph.places[place].name.clone(),
        event::Target::Exit(exit) => end(&graph.exits[exit]),
    }
}

/// Where an edge leads, as a flow writes it.
pub(super) fn target(graph: &Graph, target: Target) -> String {
    match target {
        Target::Place(place) => graph.places[place].name.to_owned(),
        Target::Exit(exit) => end(graph.exits[exit]),
    }
}
