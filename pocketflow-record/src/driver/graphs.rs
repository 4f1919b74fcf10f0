//! Graphs as events, and what the driver needs to know about them.

use std::collections::BTreeSet;
use std::time::Duration;

use pocketflow as core;
use pocketflow::ConfidentialPart;

use crate::event::{Bound, EachField, Edge, ErrorEdge, Graph, Kind, Place, Target};

/// Describes a graph. `inner` gives the number of a graph inside it. The time and the number of the graph
/// itself are not set.
pub(super) fn describe(
    graph: &'static core::Graph,
    inner: &mut impl FnMut(&'static core::Graph) -> u64,
) -> Graph {
    let store = graph.store();
    Graph {
        at: 0,
        graph: 0,
        name: graph.name.into(),
        fingerprint: fingerprint(graph.fingerprint()),
        store: store.name.into(),
        context: store.context.map(Into::into),
        inputs: owned(graph.inputs),
        exits: owned(graph.exits),
        places: graph.places.iter().map(|it| place(it, inner)).collect(),
        edges: graph.edges.iter().map(edge).collect(),
    }
}

/// A fingerprint as text.
pub(super) fn fingerprint(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn place(place: &core::Place, inner: &mut impl FnMut(&'static core::Graph) -> u64) -> Place {
    let node = place.node;
    let kind = kind(place);
    let flow = node.flow.or(node.on.map(|on| on.graph));
    let each = node.on.and_then(|on| on.each);
    let fields = |sets: &[u64]| names(node.store, sets);
    // A nested flow has no set of possible writes.
    let writes = [node.possible_writes, node.writes, node.assigns, node.clears];
    let writes: BTreeSet<usize> = writes
        .iter()
        .flat_map(|sets| indices(node.store, sets))
        .collect();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Place {
        name: place.name.into(),
        kind,
        node: (kind == Kind::Node).then(|| node.name.into()),
        reads: fields(node.reads),
        optional_reads: fields(node.optional_reads),
        writes: writes
            .into_iter()
            .map(|field| node.store.fields[field].name.to_owned())
            .collect(),
        actions: owned(node.actions),
        flow: flow.map(&mut *inner),
        field: node.on.map(|on| on.field.into()),
        each: each.map(|each| EachField {
            parallel: (each.parallel != usize::MAX).then_some(each.parallel as u64),
            failures: each.failures.map(|failures| failures.name.into()),
        }),
        waits: node.waits.map(Into::into),
        within_ms: node.within.map(millis),
        sleeps_ms: node.sleeps.map(millis),
        fork: place.fork.iter().map(|it| self::place(it, inner)).collect(),
    }
}

fn kind(place: &core::Place) -> Kind {
    let node = place.node;
    match node.on {
        _ if !place.fork.is_empty() => Kind::Fork,
        Some(on) if on.each.is_some() => Kind::Each,
        Some(_) => Kind::On,
        None if node.flow.is_some() => Kind::Flow,
        None if node.waits.is_some() => Kind::Await,
        None if node.sleeps.is_some() => Kind::Sleep,
        None => Kind::Node,
    }
}

/// The indices of the fields in sets that are written one after the other.
fn indices<'a>(store: &'static core::Store, sets: &'a [u64]) -> impl Iterator<Item = usize> + 'a {
    let words = store.fields.len().div_ceil(64).max(1);
    let bits = sets.iter().enumerate().flat_map(move |(word, bits)| {
        let from = word % words * 64;
        (0..64)
            .filter(move |bit| bits >> bit & 1 == 1)
            .map(move |bit| from + bit)
    });
    bits.filter(|field| *field < store.fields.len())
}

fn names(store: &'static core::Store, sets: &[u64]) -> Vec<String> {
    let fields: BTreeSet<usize> = indices(store, sets).collect();
    let fields = fields.into_iter();
    fields
        .map(|field| store.fields[field].name.to_owned())
        .collect()
}

/// Whether a set has a field.
pub(super) fn has(set: &[u64], field: usize) -> bool {
    set.get(field / 64)
        .is_some_and(|word| word >> (field % 64) & 1 == 1)
}

fn edge(edge: &core::Edge) -> Edge {
    Edge {
        from: edge.from,
        action: edge.action.into(),
        to: target(edge.to),
        bound: edge.bound.map(|bound| Bound {
            max: bound.max,
            otherwise: target(bound.otherwise),
        }),
        error: edge.error.map(|error| ErrorEdge {
            field: error.field.map(Into::into),
        }),
        written: edge.written,
    }
}

pub(super) fn target(target: core::Target) -> Target {
    match target {
        core::Target::Place(place) => Target::Place(place),
        core::Target::Exit(exit) => Target::Exit(exit),
    }
}

/// What the driver needs to know about the outermost flow of a run.
pub(super) struct Facts {
    /// Its `MAX_STEPS`.
    pub(super) max_steps: Option<u64>,
    /// For each field of the store, what is confidential in it.
    pub(super) fields: Vec<ConfidentialPart>,
}

impl Facts {
    pub(super) fn of<S: core::Shared>(graph: &'static core::Graph) -> Self {
        Self {
            max_steps: graph.step_bound(),
            fields: ConfidentialPart::of::<S>(),
        }
    }

    /// Whether anything is confidential in any field.
    pub(super) fn redacts(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| *field != ConfidentialPart::Nothing)
    }
}
