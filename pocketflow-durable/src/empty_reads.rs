//! The fields that the rest of a flow reads and that are empty.

use std::collections::BTreeMap;

use pocketflow::{Error, Graph, Place, Position, Store, Unfilled};
use serde_json::value::RawValue;

use crate::state::Durable;
use crate::stored_run::StoredRun;

/// A read of a field that is empty.
pub(crate) struct EmptyRead {
    pub(crate) node: String,
    pub(crate) field: &'static str,
    pub(crate) skipped: bool,
    /// Where the run is.
    pub(crate) at: String,
}

/// The reads of empty fields in the rest of the flow.
pub(crate) fn empty_reads<S: Durable>(
    flow: &'static Graph,
    store: &'static Store,
    run: &StoredRun<'_>,
    position: Option<&Position>,
    state: &str,
    shared: &S,
) -> Vec<EmptyRead> {
    // A state that cannot be read is rejected for that reason.
    let (Some(position), Ok(texts)) = (
        position,
        serde_json::from_str::<BTreeMap<String, &RawValue>>(state),
    ) else {
        return Vec::new();
    };
    let filled = |index: usize| {
        let field = &store.fields[index];
        if field.skipped {
            return shared.is_filled(index);
        }
        !field.late
            || field
                .names()
                .any(|name| texts.get(name).is_some_and(|text| text.get() != "null"))
    };
    // The step at the position is done, unless the run waits before it, at an `await`.
    let taken = run.taken(position);
    let at = position
        .flows
        .iter()
        .map(|flow| flow.place.as_str())
        .collect::<Vec<_>>()
        .join(" > ");
    let unfilled = flow
        .unfilled_from(&position.flows, taken, filled)
        .into_iter();
    let read = |read: Unfilled| EmptyRead {
        node: read.path.join(" > "),
        field: read.field,
        skipped: is_skipped(store, read.field),
        at: at.clone(),
    };
    unfilled.map(read).collect()
}

/// A field for which a flow waits and that serde skips.
pub(crate) fn waits_for_skipped(flow: &Graph, store: &Store) -> Option<&'static str> {
    flow.places.iter().find_map(|place| match place.node.flow {
        Some(inner) => waits_for_skipped(inner, store),
        None => place.node.waits.filter(|field| is_skipped(store, field)),
    })
}

/// A field on which a flow runs and that serde skips, and that flow.
pub(crate) fn runs_on_skipped(flow: &Graph, store: &Store) -> Option<(&'static str, &'static str)> {
    places_on_skipped(flow.places, store)
}

fn places_on_skipped(places: &[Place], store: &Store) -> Option<(&'static str, &'static str)> {
    places.iter().find_map(|place| {
        let on = place.node.on.filter(|on| is_skipped(store, on.field));
        let nested = || runs_on_skipped(place.node.flow?, store);
        on.map(|on| (on.field, on.graph.name))
            .or_else(nested)
            .or_else(|| places_on_skipped(place.fork, store))
    })
}

/// Whether serde skips a field.
fn is_skipped(store: &Store, name: &str) -> bool {
    let mut fields = store.fields.iter();
    fields.any(|field| field.name == name && field.skipped)
}

/// Rejects a run that cannot begin, because an input of the flow is empty: before it is stored.
///
/// # Errors
///
/// The error with which the run would end at its beginning.
pub fn refuse_empty_inputs<S: Durable>(flow: &'static Graph, shared: &S) -> Result<(), Error> {
    let is_empty = |input: &&&'static str| {
        let field = S::STORE.field(input);
        field.is_some_and(|field| !shared.is_filled(field))
    };
    match flow.inputs.iter().find(is_empty) {
        Some(input) => Err(flow.error(S::STORE.empty(input))),
        None => Ok(()),
    }
}
