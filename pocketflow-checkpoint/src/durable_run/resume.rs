//! Whether a known run can resume with this program, where, and with which state.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use pocketflow::{Field, Graph, Position, Start, Store};
use serde_json::Value;
use serde_json::value::RawValue;

use super::definition::Definition;
use super::position;
use crate::causes::{BadState, Changed, OtherFlow, OtherInput, SkippedField};
use crate::state::{BadField, Durable, Hashes, Keeper, encoding};
use crate::storage::{RunRecord, Status};

/// Converts a stored state of an older program.
pub(crate) type Migration =
    Box<dyn Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>> + Send + Sync>;

type Refusal = Box<dyn StdError + Send + Sync>;

/// How a run resumes.
#[derive(Clone)]
pub(crate) struct Resumed {
    /// The stored state, migrated if necessary.
    pub(crate) state: String,
    pub(crate) start: Start,
    /// The hashes of the run's input.
    pub(crate) input: Option<Hashes>,
}

/// How a stored run resumes with this flow. Of the caller's store, `shared`, only the fields that
/// serde skips matter.
pub(crate) fn resumes<S: Durable>(
    flow: &'static Graph,
    record: &RunRecord,
    migration: Option<&Migration>,
    shared: &mut S,
) -> Result<Resumed, Refusal> {
    let run = &record.run;
    let bad = |what: &str| {
        let (run, what) = (run.clone(), what.to_owned());
        move |source| BadState {
            run: run.clone(),
            doing: "read",
            what: what.clone(),
            source,
        }
    };
    let bad_field =
        |whose: &str, error: BadField| bad(&format!("{}{whose}", error.what()))(error.source);
    let (was, now) = (
        Definition::decode(&record.graph).map_err(bad("the flow"))?,
        Definition::of(flow, S::STORE),
    );
    let over = record.status == Status::Finished;
    if over {
        // A migration is responsible for the names.
        if !now.is_version_of(&was, migration.is_some()) {
            let (ran, asked) = (was.flow().to_owned(), now.flow().to_owned());
            return Err(OtherFlow {
                run: run.clone(),
                ran,
                asked,
            }
            .into());
        }
        refuse_other_input(flow, record, was.input.as_ref(), &record.state, shared)?;
    }
    let mut position = match record.position.as_str() {
        _ if over => None,
        "null" => None,
        json => Some(position::decode(json).map_err(bad("the position"))?),
    };
    // In a finished run, only the store counts.
    let mut conflicts = if over {
        Vec::new()
    } else {
        was.conflicts(&now)
    };
    let same = was.is(&now);
    let mut state = record.state.clone();
    let read = Keeper::check(&state, shared);
    let look = |position: Option<&Position>, state: &str, shared: &S| {
        let mut empty = unfilled(flow, S::STORE, record, position, state, shared);
        // The checks of the same program cover its reads, except those of fields that are not
        // stored.
        empty.retain(|read| !same || read.skipped);
        empty
    };
    let mut empty = look(position.as_ref(), &state, shared);
    let may_go_on = conflicts.is_empty() && read.is_ok() && empty.is_empty();
    match migration {
        _ if may_go_on => {}
        Some(migration) => {
            state = migrated(&state, migration, bad("the store"))?;
            Keeper::check(&state, shared)
                .map_err(|error| bad_field(" in the migrated state", error))?;
            // A migration is responsible for the names, but every field that is read must still
            // have a value.
            conflicts.clear();
            if let Some(position) = &mut position {
                rename(position, flow);
            }
            empty = look(position.as_ref(), &state, shared);
        }
        None => {
            if let Err(error) = read {
                if same {
                    return Err(bad_field("", error).into());
                }
                conflicts.push(match error.field {
                    // Serde's message contains the name.
                    Some(field) if error.source.to_string().contains(field) => {
                        format!("the stored state does not fit the store of this program: {}", error.source)
                    }
                    Some(field) => {
                        format!(
                            "the stored state does not fit the store of this program: `{field}`: {}",
                            error.source
                        )
                    }
                    None => {
                        format!("the stored state does not fit the store of this program: {}", error.source)
                    }
                });
            }
        }
    }
    if let Some(Read { node, field, .. }) = empty.iter().find(|read| read.skipped) {
        return Err(SkippedField {
            run: run.clone(),
            node: node.clone(),
            field: (*field).to_owned(),
        }
        .into());
    }
    conflicts.extend(empty.iter().map(|Read { node, field, at, .. }| {
        format!("`{node}` reads the field `{field}`, which is empty; the run stands at `{at}`, and nothing fills it from there on")
    }));
    if !conflicts.is_empty() {
        return Err(Changed {
            run: run.clone(),
            conflicts,
        }
        .into());
    }
    if !over {
        refuse_other_input(flow, record, was.input.as_ref(), &state, shared)?;
    }
    let start = match (over, position) {
        (true, _) => {
            let exit = record.exit.as_deref().unwrap_or("default");
            let Some(index) = flow.exits.iter().position(|name| *name == exit) else {
                let conflicts = vec![format!("the exit \"{exit}\", at which it ended, is gone")];
                return Err(Changed {
                    run: run.clone(),
                    conflicts,
                }
                .into());
            };
            Start::Over(index)
        }
        (false, Some(position)) => Start::At(position),
        (false, None) => Start::Fresh,
    };
    Ok(Resumed {
        state,
        start,
        input: was.input,
    })
}

/// Replaces the names of the flows in a position by their current names. Their places are found by
/// name.
fn rename(position: &mut Position, mut flow: &'static Graph) {
    for position in &mut position.flows {
        flow.name.clone_into(&mut position.flow);
        let place = flow.place(&position.place).map(|place| &flow.places[place]);
        let Some(inner) = place.and_then(|place| place.node.flow) else {
            return;
        };
        flow = inner;
    }
}

/// Returns an error if the caller gives a field another value than in the run's input. `state` is
/// the state of the run, migrated if necessary.
///
/// A field that equals the store's default is not part of the input, so a run resumes, and returns
/// its result, without the input. Nor is a field that the flow may change, unless the run has
/// finished and its input had a value for it: a program that starts its run again may have the
/// store as an earlier step left it.
fn refuse_other_input<S: Durable>(
    flow: &Graph,
    record: &RunRecord,
    was: Option<&Hashes>,
    state: &str,
    shared: &mut S,
) -> Result<(), Refusal> {
    // A run of an older version of this crate has no hashes.
    let Some(was) = was else { return Ok(()) };
    let over = record.status == Status::Finished;
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
        run: record.run.clone(),
        fields,
    }
    .into())
}

/// Whether a node of a flow may change a field.
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

/// A field for which a flow waits and that serde skips.
pub(crate) fn waits_for_skipped(flow: &Graph, store: &Store) -> Option<&'static str> {
    let skipped = |name: &str| {
        store
            .fields
            .iter()
            .any(|field| field.name == name && field.skipped)
    };
    flow.places.iter().find_map(|place| match place.node.flow {
        Some(inner) => waits_for_skipped(inner, store),
        None => place.node.waits.filter(|field| skipped(field)),
    })
}

/// A read of a field that is empty.
struct Read {
    node: String,
    field: &'static str,
    skipped: bool,
    at: String,
}

/// The reads of empty fields in the rest of the flow.
fn unfilled<S: Durable>(
    flow: &'static Graph,
    store: &'static Store,
    record: &RunRecord,
    position: Option<&Position>,
    state: &str,
    shared: &S,
) -> Vec<Read> {
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
    let taken = record
        .action
        .as_deref()
        .filter(|_| position.steps < record.step);
    let at = position
        .flows
        .iter()
        .map(|flow| flow.place.as_str())
        .collect::<Vec<_>>()
        .join(" > ");
    let unfilled = flow
        .unfilled_from(&position.flows, taken, filled)
        .into_iter();
    let skipped = |name: &str| {
        store
            .fields
            .iter()
            .any(|field| field.name == name && field.skipped)
    };
    let read = |read: pocketflow::Unfilled| Read {
        node: read.path.join(" > "),
        field: read.field,
        skipped: skipped(read.field),
        at: at.clone(),
    };
    unfilled.map(read).collect()
}

/// The state after a migration. A field that the migration does not change keeps its text, because
/// a `Value` cannot hold every number.
fn migrated(
    state: &str,
    migration: &Migration,
    bad: impl Fn(serde_json::Error) -> BadState,
) -> Result<String, Refusal> {
    let before: BTreeMap<String, &RawValue> = serde_json::from_str(state).map_err(&bad)?;
    let values: Value = serde_json::from_str(state).map_err(&bad)?;
    let Value::Object(after) = migration(values.clone())? else {
        return Err(bad(encoding::custom(
            "a migration returns an object with the fields of the store",
        ))
        .into());
    };
    let mut state: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    for (field, value) in &after {
        let text = match before.get(field) {
            Some(text) if values.get(field) == Some(value) => (*text).to_owned(),
            _ => serde_json::value::to_raw_value(value).map_err(&bad)?,
        };
        state.insert(field, text);
    }
    Ok(serde_json::to_string(&state).map_err(bad)?)
}
