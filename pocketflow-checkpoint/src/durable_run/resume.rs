//! Whether a known run can resume with this program, where, and with which state.

use std::error::Error as StdError;

use pocketflow::{Graph, Position, Start};

use super::definition::Definition;
use super::empty_reads::{EmptyRead, empty_reads};
use super::input::refuse_other_input;
use super::migration::{Migration, migrated, rename};
use super::position;
use crate::causes::{BadState, Changed, OtherFlow, SkippedField};
use crate::state::{BadField, Durable, Hashes, Keeper};
use crate::storage::{RunRecord, Status};

/// Why a run cannot resume.
pub(super) type Refusal = Box<dyn StdError + Send + Sync>;

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
/// serde skips matter. The others must not be other input than the run's, if `compares_input`.
pub(crate) fn resumes<S: Durable>(
    flow: &'static Graph,
    record: &RunRecord,
    migration: Option<&Migration>,
    compares_input: bool,
    shared: &mut S,
) -> Result<Resumed, Refusal> {
    let was = Definition::decode(&record.graph).map_err(bad(record, "the flow"))?;
    let now = Definition::of(flow, S::STORE);
    let resumption = Resumption {
        flow,
        record,
        migration,
        compares_input,
        same: was.is(&now),
        was,
        now,
    };
    match record.status {
        Status::Finished => resumption.finished(shared),
        _ => resumption.unfinished(shared),
    }
}

/// A stored run, and the program that resumes it.
struct Resumption<'a> {
    flow: &'static Graph,
    record: &'a RunRecord,
    migration: Option<&'a Migration>,
    compares_input: bool,
    /// The program that stored the run.
    was: Definition,
    /// This program.
    now: Definition,
    /// Whether both are the same.
    same: bool,
}

impl Resumption<'_> {
    /// A finished run returns its result. Only its store counts, and not its position.
    fn finished<S: Durable>(self, shared: &mut S) -> Result<Resumed, Refusal> {
        let record = self.record;
        // A migration is responsible for the names.
        if !self.now.is_version_of(&self.was, self.migration.is_some()) {
            return Err(OtherFlow {
                run: record.run.clone(),
                ran: self.was.flow().to_owned(),
                asked: self.now.flow().to_owned(),
            }
            .into());
        }
        self.refuse_other_input(&record.state, shared)?;
        let state = match (Keeper::check(&record.state, shared), self.migration) {
            (Ok(()), _) => record.state.clone(),
            (Err(_), Some(migration)) => self.migrate(migration, shared)?,
            (Err(error), None) => return Err(self.changed(vec![self.misfit(error)?])),
        };
        let exit = record.exit.as_deref().unwrap_or("default");
        let index = self.flow.exits.iter().position(|name| *name == exit);
        let index = index.ok_or_else(|| {
            let conflict = format!("the exit \"{exit}\", at which it ended, is gone");
            self.changed(vec![conflict])
        })?;
        Ok(self.resumed(state, Start::Over(index)))
    }

    /// An unfinished run resumes at its position, if the rest of the flow fits it.
    fn unfinished<S: Durable>(self, shared: &mut S) -> Result<Resumed, Refusal> {
        let record = self.record;
        let mut position = match record.position.as_str() {
            "null" => None,
            json => Some(position::decode(json).map_err(bad(record, "the position"))?),
        };
        let mut conflicts = self.was.conflicts(&self.now);
        let mut state = record.state.clone();
        let read = Keeper::check(&state, shared);
        let mut empty = self.empty_reads(position.as_ref(), &state, shared);
        match (self.migration, read) {
            (_, Ok(())) if conflicts.is_empty() && empty.is_empty() => {}
            (Some(migration), _) => {
                state = self.migrate(migration, shared)?;
                // A migration is responsible for the names, but every field that is read must still
                // have a value.
                conflicts.clear();
                if let Some(position) = &mut position {
                    rename(position, self.flow);
                }
                empty = self.empty_reads(position.as_ref(), &state, shared);
            }
            (None, Err(error)) => conflicts.push(self.misfit(error)?),
            (None, Ok(())) => {}
        }
        if let Some(read) = empty.iter().find(|read| read.skipped) {
            return Err(SkippedField {
                run: record.run.clone(),
                node: read.node.clone(),
                field: read.field.to_owned(),
            }
            .into());
        }
        conflicts.extend(empty.iter().map(|EmptyRead { node, field, at, .. }| {
            format!("`{node}` reads the field `{field}`, which is empty: the run is at `{at}`, and nothing fills the field after that")
        }));
        if !conflicts.is_empty() {
            return Err(self.changed(conflicts));
        }
        self.refuse_other_input(&state, shared)?;
        Ok(self.resumed(state, position.map_or(Start::Fresh, Start::At)))
    }

    fn refuse_other_input<S: Durable>(&self, state: &str, shared: &mut S) -> Result<(), Refusal> {
        if self.record.outer.is_some() {
            return self.refuse_other_item(shared);
        }
        let input = self.was.input.as_ref().filter(|_| self.compares_input);
        refuse_other_input(self.flow, self.record, input, state, shared)
    }

    /// Within a step, the store around an inner run does not change, so the item that it runs on is the
    /// one that it began with.
    fn refuse_other_item<S: Durable>(&self, shared: &mut S) -> Result<(), Refusal> {
        let now = Keeper::hashes(shared).map_err(|error| error.source)?;
        let was = self.was.input.iter().flatten();
        let differs = |(field, was): &(&String, &String)| {
            let now = now.get(*field);
            now.is_some_and(|now| now != *was)
        };
        let differ: Vec<_> = was
            .filter(differs)
            .map(|(field, _)| format!("`{field}`"))
            .collect();
        if differ.is_empty() {
            return Ok(());
        }
        let conflict = format!(
            "it began with another item: {} had another value",
            differ.join(", ")
        );
        Err(self.changed(vec![conflict]))
    }

    /// The reads of empty fields in the rest of the flow. The checks of the same program cover its
    /// reads, except those of fields that are not stored.
    fn empty_reads<S: Durable>(
        &self,
        position: Option<&Position>,
        state: &str,
        shared: &S,
    ) -> Vec<EmptyRead> {
        let mut empty = empty_reads(self.flow, S::STORE, self.record, position, state, shared);
        empty.retain(|read| !self.same || read.skipped);
        empty
    }

    /// The migrated state, which fits the store.
    fn migrate<S: Durable>(
        &self,
        migration: &Migration,
        shared: &mut S,
    ) -> Result<String, Refusal> {
        let record = self.record;
        let state = migrated(&record.state, migration, bad(record, "the store"))?;
        Keeper::check(&state, shared).map_err(|error| {
            let what = format!("{} in the migrated state", error.what());
            bad(record, &what)(error.source)
        })?;
        Ok(state)
    }

    /// The conflict of a state that does not fit the store. If the program is the same, the state
    /// is damaged.
    fn misfit(&self, error: BadField) -> Result<String, BadState> {
        if self.same {
            return Err(bad(self.record, &error.what())(error.source));
        }
        let why = match error.field {
            // Serde's message can contain the name.
            Some(field) if !error.source.to_string().contains(field) => {
                format!("`{field}`: {}", error.source)
            }
            _ => error.source.to_string(),
        };
        Ok(format!(
            "the stored state does not fit the store of this program: {why}"
        ))
    }

    fn changed(&self, mut conflicts: Vec<String>) -> Refusal {
        let run = self.record.run.clone();
        if let Some(outer) = &self.record.outer {
            conflicts.push(format!(
                "no migration converts it, because it is a part of a step: remove the stored inner runs of that step with \
                 `Checkpoints::drop_items`, or with `pocketflow runs drop-items {outer}`, so that they run again"
            ));
        }
        Changed { run, conflicts }.into()
    }

    fn resumed(self, state: String, start: Start) -> Resumed {
        Resumed {
            state,
            start,
            input: self.was.input,
        }
    }
}

/// The error that a part of a stored run cannot be read.
fn bad(record: &RunRecord, what: &str) -> impl Fn(serde_json::Error) -> BadState {
    let (run, what) = (record.run.clone(), what.to_owned());
    move |source| BadState {
        run: run.clone(),
        doing: "read",
        what: what.clone(),
        source,
    }
}
