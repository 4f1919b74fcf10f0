//! Compares a step and the store with the record.

use std::collections::BTreeSet;

use pocketflow::{Error, Graph, StepInfo, StoredError, Taken};

use super::difference::{Differing, Differs};
use super::fields::{ReplayFields, Replayable};
use super::graphs;
use super::marks;
use super::values::{ValueDifference, shown};
use crate::event;
use crate::names;
use crate::{Ended, State};

/// Whether a text of the record stands for a value that is not in it.
pub(super) fn is_mark(text: &str) -> bool {
    ["{\"$redacted\"", "{\"$unwritable\""]
        .iter()
        .any(|mark| text.starts_with(mark))
}

/// The value of a field in a state. A field may have been renamed since.
pub(super) fn value_of<'s>(state: &'s State, field: &pocketflow::Field) -> Option<&'s str> {
    state
        .get(field.name)
        .or_else(|| field.names().find_map(|name| state.get(name)))
}

/// The field of the store with this name in the record.
pub(super) fn index_of<S: Replayable>(name: &str) -> Option<usize> {
    let is_it = |field: &pocketflow::Field| field.names().any(|known| known == name);
    S::STORE
        .field(name)
        .or_else(|| S::STORE.fields.iter().position(is_it))
}

/// Compares how a step ended.
pub(super) fn result(
    graph: &event::Graph,
    place: usize,
    then: &Ended,
    info: &StepInfo<'_>,
    now: &Result<Taken, Error>,
) -> Option<Differing> {
    if let (Ended::Taken(then), Ok(now)) = (then, now) {
        let then = edge_then(graph, place, then);
        let now = edge_now(info.graph(), info.name(), now);
        return (then != now).then(|| Differing::new(Differs::Edge, then, now));
    }
    let (then, now) = (
        match then {
            Ended::Taken(taken) => edge_then(graph, place, taken),
            Ended::Failed(failed) => failed.error.join(": "),
            Ended::Suspended(suspended) => format!("suspended: {}", suspended.error.join(": ")),
        },
        match now {
            Ok(now) => edge_now(info.graph(), info.name(), now),
            Err(error) if error.suspends() => {
                format!("suspended: {}", StoredError::texts(error).join(": "))
            }
            Err(error) => StoredError::texts(error).join(": "),
        },
    );
    (!marks::is_like(&then, &now))
        .then(|| Differing::new(Differs::Result, shown(&then), shown(&now)))
}

/// The edge that was taken, as the flow writes it.
fn edge_then(graph: &event::Graph, place: usize, taken: &event::Taken) -> String {
    let from = &graph.places[place].name;
    let Some(to) = taken.to else {
        return names::edge(from, &taken.action, taken.failed, "…");
    };
    let to = graphs::recorded_target(graph, to);
    names::edge(from, &taken.action, taken.failed, &to)
}

/// The edge that is taken, as the flow writes it.
fn edge_now(graph: &Graph, from: &str, taken: &Taken) -> String {
    let to = graphs::target(graph, taken.target());
    names::edge(from, taken.action(), taken.failed(), &to)
}

/// The fields that a step may change: those of its node, of its place and of its error edge, and those
/// that it changed in the record. At the end of a run, all fields are compared.
pub(super) fn changed<S: Replayable>(
    info: &StepInfo<'_>,
    ended: Option<&Ended>,
) -> BTreeSet<usize> {
    let graph = info.graph();
    let mut fields = BTreeSet::new();
    let mut add = |name: &str| fields.extend(index_of::<S>(name));
    if let Some(ended) = ended {
        ended.changes().fields().for_each(&mut add);
    }
    let place = info.place_number();
    let errors = graph.edges.iter().filter(|edge| edge.from == place);
    errors
        .filter_map(|edge| edge.error?.field)
        .for_each(&mut add);
    let at = &graph.places[place];
    let nodes = std::iter::once(at.node).chain(at.fork.iter().map(|branch| branch.node));
    for node in nodes {
        if let Some(on) = node.on {
            add(on.field);
            on.each
                .and_then(|each| each.failures)
                .iter()
                .for_each(|failures| add(failures.name));
        }
        node.waits.iter().for_each(|field| add(field));
        for (index, field) in S::STORE.fields.iter().enumerate() {
            let writes = node.possible_writes.get(index / 64);
            if writes.is_some_and(|word| word >> (index % 64) & 1 == 1) {
                add(field.name);
            }
        }
    }
    fields
}

/// What a record has for some fields, as texts.
pub(super) type Texts = Vec<Option<String>>;

/// What a state has for these fields.
pub(super) fn texts_of<S: Replayable>(fields: &BTreeSet<usize>, state: &State) -> Texts {
    let fields = fields.iter().map(|index| &S::STORE.fields[*index]);
    let texts = fields.map(|field| value_of(state, field).map(str::to_owned));
    texts.collect()
}

/// Compares fields of the store with the record. `before` is the record before the step.
pub(super) fn fields<S: Replayable>(
    fields: &BTreeSet<usize>,
    before: Option<&Texts>,
    then: &Texts,
    shared: &mut S,
) -> Vec<Differing> {
    let mut differs = Vec::new();
    for (at, (&index, then)) in fields.iter().zip(then).enumerate() {
        let field = &S::STORE.fields[index];
        let Some(recorded) = then.as_deref().filter(|text| !is_mark(text)) else {
            continue;
        };
        let Some(now) = ReplayFields::write(index, shared) else {
            continue;
        };
        let before = before.and_then(|before| before[at].as_deref());
        let whole = |then: String, now: String| ValueDifference {
            at: String::new(),
            before: before.map(shown),
            then,
            now,
        };
        let difference = match now {
            Err(error) => whole(shown(recorded), format!("JSON cannot hold it: {error}")),
            Ok(now) => {
                let then = marks::filled(recorded, &now);
                let shown_now = marks::hidden(recorded, &now);
                match ReplayFields::is_same(index, &then, &now, shared) {
                    Ok(true) => continue,
                    Ok(false) => ValueDifference::of(before, recorded, &shown_now),
                    // The store has nothing in place of a confidential part.
                    Err(_) if marks::first(field.name, &then).is_some() => {
                        ValueDifference::of(before, recorded, &shown_now)
                    }
                    Err(error) => whole(
                        format!("{} (not a value of today's type: {error})", shown(recorded)),
                        shown(&shown_now),
                    ),
                }
            }
        };
        differs.push(Differing {
            what: Differs::Field {
                name: field.name.to_owned(),
                at: difference.at,
            },
            before: difference.before,
            then: difference.then,
            now: difference.now,
        });
    }
    differs
}
