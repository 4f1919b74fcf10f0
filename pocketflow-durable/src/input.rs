//! Checks that a run is started again with the same input.

use pocketflow::{Field, Graph, Store};
use serde_json::Value;

use crate::causes::OtherInput;
use crate::migration::Refusal;
use crate::state::{Durable, Hashes, Keeper};
use crate::stored_run::StoredRun;

/// Returns an error if the caller gives a field a value that differs from the run's input. `state`
/// is the state of the run, migrated if necessary.
///
/// A field that equals the store's default is not part of the input, so a run resumes, and returns
/// its result, without the input. Nor is a field that the flow may change, unless the run has
/// finished and its input had a value for it: a program that starts its run again may have the
/// store as an earlier step left it.
pub(crate) fn refuse_other_input<S: Durable>(
    flow: &Graph,
    run: &StoredRun<'_>,
    was: Option<&Hashes>,
    state: &str,
    shared: &mut S,
) -> Result<(), Refusal> {
    // A run of an older version of this crate has no hashes.
    let Some(was) = was else { return Ok(()) };
    let over = run.exit.is_some();
    let hashes = |store: &mut S| Keeper::hashes(store).map_err(|error| error.source);
    let blank = || {
        Ok::<_, serde_json::Error>(
            S::blank()
                .as_mut()
                .map(hashes)
                .transpose()?
                .unwrap_or_default(),
        )
    };
    let (now, blank, again) = (hashes(shared)?, blank()?, blank()?);
    let differs = |field: &&'static Field| {
        let name = field.name;
        let (was, now, blank, again) = (
            was.get(name),
            now.get(name),
            blank.get(name),
            again.get(name),
        );
        // A default that differs each time, such as a random number or the time of day, cannot be
        // compared.
        was.is_some()
            && was != now
            && now != blank
            && blank == again
            && (over && was != blank || !writes(flow, S::STORE, name))
    };
    let mut differ: Vec<_> = S::STORE
        .fields
        .iter()
        .filter(differs)
        .map(|field| field.name)
        .collect();
    if differ.is_empty() {
        return Ok(());
    }
    // A store that already contains the result is not other input.
    let value = |json: &str| serde_json::from_str::<Value>(json).ok();
    if over
        && Keeper::default()
            .write(shared)
            .is_ok_and(|now| value(&now) == value(state))
    {
        return Ok(());
    }
    // A field that the flow does not change is in the state as it was given, or as a migration or
    // another type has changed it.
    let mut stored = S::blank();
    if let Some(stored) = stored.as_mut().filter(|_| !over) {
        Keeper::read(state, stored).map_err(|error| error.source)?;
        let stored = hashes(stored)?;
        differ.retain(|name| stored.get(*name) != now.get(*name));
    }
    if differ.is_empty() {
        return Ok(());
    }
    let fields = differ.into_iter().map(str::to_owned).collect();
    Err(OtherInput {
        run: run.run.to_owned(),
        fields,
    }
    .into())
}

/// Whether any node of a flow may change a field.
fn writes(flow: &Graph, store: &Store, field: &str) -> bool {
    let Some(field) = store.field(field) else {
        return false;
    };
    let changes = |set: &[u64]| {
        set.get(field / 64)
            .is_some_and(|word| word >> (field % 64) & 1 == 1)
    };
    flow.places.iter().any(|place| match place.node.flow {
        Some(inner) => writes(inner, store, store.fields[field].name),
        None => changes(place.node.possible_writes),
    })
}
