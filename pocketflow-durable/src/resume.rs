//! Whether a known run can resume with this program, where, and with which state.

use pocketflow::{Graph, Position, Start};

use crate::causes::{BadState, Changed, OtherFlow, SkippedField};
use crate::definition::Definition;
use crate::empty_reads::{EmptyRead, empty_reads};
use crate::input::refuse_other_input;
use crate::migration::{Migration, Refusal, migrated, rename};
use crate::position;
use crate::state::{BadField, Durable, Hashes, Keeper};
use crate::stored_run::{Hints, StoredRun};

/// How a run resumes.
#[derive(Debug, Clone)]
pub struct Resumed {
    /// The stored state, migrated if necessary.
    pub state: String,
    /// Where it goes on.
    pub start: Start,
    /// The hashes of the run's input.
    pub input: Option<Hashes>,
}

/// How a stored run resumes with this flow. Of the caller's store, `shared`, only the fields that
/// serde skips matter. The others must not be other input than the run's, if `compares_input`.
///
/// It resumes at its position. [`StoredRun::start`] says whether the step there has finished, so that the
/// driver begins after it.
///
/// # Errors
///
/// [`Changed`], [`OtherFlow`], [`OtherInput`](crate::OtherInput) and [`SkippedField`] if the run does
/// not fit this program, [`BadState`] if what is stored cannot be read, and the error of the migration.
pub fn resumes<S: Durable>(
    flow: &'static Graph,
    stored: &StoredRun<'_>,
    migration: Option<&Migration>,
    compares_input: bool,
    hints: Hints,
    shared: &mut S,
) -> Result<Resumed, Refusal> {
    let was = Definition::decode(stored.definition).map_err(bad(stored, "the flow"))?;
    let now = Definition::of(flow, S::STORE);
    let resumption = Resumption {
        flow,
        stored,
        migration,
        compares_input,
        hints,
        same: was.is(&now),
        was,
        now,
    };
    match stored.exit {
        Some(exit) => resumption.finished(exit, shared),
        None => resumption.unfinished(shared),
    }
}

/// A stored run, and the program that resumes it.
struct Resumption<'a> {
    flow: &'static Graph,
    stored: &'a StoredRun<'a>,
    migration: Option<&'a Migration>,
    compares_input: bool,
    hints: Hints,
    /// The program that stored the run.
    was: Definition,
    /// This program.
    now: Definition,
    /// Whether both are the same.
    same: bool,
}

impl Resumption<'_> {
    /// A finished run returns its result. Only its store counts, and not its position.
    fn finished<S: Durable>(self, exit: &str, shared: &mut S) -> Result<Resumed, Refusal> {
        let stored = self.stored;
        // A migration is responsible for the names.
        if !self.now.is_version_of(&self.was, self.migration.is_some()) {
            return Err(OtherFlow {
                run: stored.run.to_owned(),
                ran: self.was.flow().to_owned(),
                asked: self.now.flow().to_owned(),
            }
            .into());
        }
        self.refuse_other_input(stored.state, shared)?;
        // Serde drops a field that is gone, and its value with it.
        let has_changed = !self.was.field_conflicts(&self.now).is_empty();
        let state = match (Keeper::check(stored.state, shared), self.migration) {
            (Err(_), Some(migration)) => self.migrate(migration, shared)?,
            (Ok(()), Some(migration)) if has_changed => self.migrate(migration, shared)?,
            (Ok(()), _) => stored.state.to_owned(),
            (Err(error), None) => return Err(self.changed(vec![self.misfit(error)?])),
        };
        let index = self.flow.exits.iter().position(|name| *name == exit);
        let index = index.ok_or_else(|| {
            let conflict = format!("the exit \"{exit}\", at which it ended, is gone");
            self.changed(vec![conflict])
        })?;
        Ok(self.resumed(state, Start::Over(index)))
    }

    /// An unfinished run resumes at its position, if the rest of the flow fits it.
    fn unfinished<S: Durable>(self, shared: &mut S) -> Result<Resumed, Refusal> {
        let stored = self.stored;
        let mut position = match stored.position {
            "null" => None,
            json => Some(position::decode(json).map_err(bad(stored, "the position"))?),
        };
        let mut conflicts = self.was.conflicts(&self.now);
        let mut state = stored.state.to_owned();
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
                run: stored.run.to_owned(),
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
        if self.stored.outer.is_some() {
            return self.refuse_other_item(shared);
        }
        let input = self.was.input.as_ref().filter(|_| self.compares_input);
        refuse_other_input(self.flow, self.stored, input, state, shared)
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
        let mut empty = empty_reads(self.flow, S::STORE, self.stored, position, state, shared);
        empty.retain(|read| !self.same || read.skipped);
        empty
    }

    /// The migrated state, which fits the store.
    fn migrate<S: Durable>(
        &self,
        migration: &Migration,
        shared: &mut S,
    ) -> Result<String, Refusal> {
        let stored = self.stored;
        let state = migrated(stored.state, migration, bad(stored, "the store"))?;
        Keeper::check(&state, shared).map_err(|error| {
            let what = format!("{} in the migrated state", error.what());
            bad(stored, &what)(error.source)
        })?;
        Ok(state)
    }

    /// The conflict of a state that does not fit the store. If the program is the same, the state
    /// is damaged.
    fn misfit(&self, error: BadField) -> Result<String, BadState> {
        if self.same {
            return Err(bad(self.stored, &error.what())(error.source));
        }
        Ok(error.misfit())
    }

    fn changed(&self, mut conflicts: Vec<String>) -> Refusal {
        let run = self.stored.run.to_owned();
        if let Some(outer) = self.stored.outer {
            conflicts.push(format!(
                "{}: {}",
                self.hints.part,
                (self.hints.run_again)("inner runs of that step", outer)
            ));
        }
        Changed {
            run,
            conflicts,
            help: self.hints.changed,
        }
        .into()
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
fn bad(stored: &StoredRun<'_>, what: &str) -> impl Fn(serde_json::Error) -> BadState {
    let (run, what) = (stored.run.to_owned(), what.to_owned());
    move |source| BadState {
        run: run.clone(),
        doing: "read",
        what: what.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pocketflow::{Flow, Shared, node};
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::causes::OtherInput;

    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Tale {
        title: String,
        words: u32,
    }

    #[node(Tale, writes = words)]
    fn tell(title: &str, words: &u32) -> u32 {
        words + title.len() as u32
    }

    pocketflow::flow! { Story: Tale { tell; } }

    const HINTS: Hints = Hints {
        changed: "tell the old tale",
        part: "it is a part of a step",
        run_again: |what, run| format!("let the {what} of `{run}` run again"),
    };

    fn tale(title: &str) -> Tale {
        Tale {
            title: title.into(),
            words: 0,
        }
    }

    /// The refusal of a run on the tale `a` that is started again with another tale.
    fn refusal(exit: Option<&str>, outer: Option<&str>, again: &str) -> Option<Refusal> {
        let flow = <Story as Flow>::GRAPH;
        let mut store = tale("a");
        let definition = Definition::of_run("tale-1", flow, &BTreeMap::new(), &mut store).unwrap();
        let state = Keeper::default().write(&mut store).unwrap();
        let stored = StoredRun {
            run: "tale-1",
            definition: &definition.encode(),
            state: &state,
            position: "null",
            step: 0,
            action: None,
            exit,
            outer,
        };
        resumes(flow, &stored, None, true, HINTS, &mut tale(again)).err()
    }

    #[test]
    fn other_input_is_refused() {
        assert!(refusal(None, None, "a").is_none());
        assert!(refusal(None, None, "").is_none(), "a default store");
        let refused = refusal(None, None, "b").unwrap();
        let OtherInput { fields, .. } = refused.downcast_ref().unwrap();
        assert_eq!(fields, &["title"]);
        assert!(refusal(Some("default"), None, "a").is_none());
        assert!(refusal(Some("default"), None, "b").is_some());
        let gone = refusal(Some("sad"), None, "a").unwrap().to_string();
        assert!(
            gone.contains("the exit \"sad\", at which it ended, is gone"),
            "{gone}"
        );
    }

    #[test]
    fn another_item_is_refused_with_the_hint_of_the_driver() {
        assert!(refusal(None, Some("library-7"), "a").is_none());
        let refused = refusal(None, Some("library-7"), "b").unwrap();
        assert!(refused.to_string().ends_with("\nhelp: tell the old tale"));
        let Changed { conflicts, .. } = refused.downcast_ref().unwrap();
        assert_eq!(
            conflicts,
            &[
                "it began with another item: `title` had another value",
                "it is a part of a step: let the inner runs of that step of `library-7` run again"
            ]
        );
    }
}
