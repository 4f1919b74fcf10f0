//! How a run begins or resumes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pocketflow::{Error, Failed, Graph, Place, Start, StepInfo};
use pocketflow_durable::hash::{OrderMatters, hash};
use pocketflow_durable::{
    BadField, Changed, Definition, Durable, Hints, Keeper, Refusal, StoredRun, encoding, resumes,
};

use super::local::{Local, Memory};
use super::{Burst, Key, Part, Pause};
use crate::pump::{Begun, Failure, Json, Outcome};
use crate::state::{Stored, text};

/// What a person can do about a run that does not fit the program.
pub(super) const HINTS: Hints = Hints {
    changed: "start a worker with the program that started it, and let the run go on with `retry`; or bring its state up to date with `RestateFlow::migrate`; or start over under another id",
    part: "no migration converts it, because it is a part of a step",
    run_again: |_, run| {
        format!(
            "let the program that began the step finish it, or start `{run}` over under another id"
        )
    },
};

/// A run that resumes: what is stored of it, its store, and the run around an inner run.
pub(super) struct Resuming<'a> {
    pub(super) stored: Stored<'a>,
    pub(super) store: String,
    pub(super) outer: Option<&'a str>,
}

impl Resuming<'_> {
    /// The run, for the question whether it fits this program.
    pub(super) fn run<'a>(&'a self, run: &'a str) -> StoredRun<'a> {
        StoredRun {
            run,
            definition: self.stored.definition.text(),
            state: &self.store,
            position: self.stored.position.map_or("null", Json::text),
            step: self.stored.step,
            action: self.stored.action,
            exit: None,
            outer: self.outer,
        }
    }
}

impl Burst {
    pub(super) async fn begin<S: Durable>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let Some(info) = info else {
            let begun = self.begin_outermost(flow, shared).await;
            let (start, memory) = begun.map_err(|error| flow.error(error))?;
            self.runs()
                .insert(String::new(), Arc::new(Local::new(String::new(), memory)));
            return Ok(start);
        };
        self.begin_inner(flow, info, shared)
    }

    async fn begin_outermost<S: Durable>(
        &self,
        flow: &'static Graph,
        shared: &mut S,
    ) -> Result<(Start, Memory), Refusal> {
        let resuming = Resuming {
            stored: self.base.meta.stored(),
            store: self.base.store(),
            outer: None,
        };
        let begun = match (
            self.resume(flow, &self.run, &resuming, shared),
            &self.migration,
        ) {
            (Err(_), Some(migration)) => {
                self.knows_stored(resuming.stored.definition);
                self.begin_migrated(flow, &resuming, migration, shared)
                    .await?
            }
            (begun, _) => {
                let begun = begun?;
                if !self.only_looks() {
                    self.define::<S>(flow)
                        .map_err(|error| self.bad("read", "the flow", error))?;
                }
                begun
            }
        };
        Ok(begun)
    }

    /// Why a run cannot go on of whose state no store can be made.
    pub(crate) fn unmade<S: Durable>(
        &self,
        flow: &'static Graph,
        source: serde_json::Error,
    ) -> Refusal {
        let now = Definition::of(flow, S::STORE);
        match Definition::decode(self.base.meta.definition.text()) {
            Ok(was) if !was.is(&now) => {
                let mut conflicts = was.conflicts(&now);
                conflicts.push(BadField::from(source).misfit());
                Changed {
                    run: self.run.clone(),
                    conflicts,
                    help: HINTS.changed,
                }
                .into()
            }
            _ => self.bad("read", "the store", source).into(),
        }
    }

    /// Has the definition of this version of the flow recorded, if another one is stored.
    fn define<S: Durable>(&self, flow: &'static Graph) -> Result<(), serde_json::Error> {
        let was = Definition::decode(self.base.meta.definition.text())?;
        let mut now = Definition::of(flow, S::STORE);
        if !was.is(&now) {
            now.input = was.input;
            self.desk.defines(Json::new(now.encode())?);
        }
        Ok(())
    }

    fn begin_inner<S: Durable>(
        &self,
        flow: &'static Graph,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let id = self.inner_id(info);
        let inner = info.inner_run().expect("an inner run begins here");
        if self
            .portion
            .as_ref()
            .is_some_and(|portion| !portion.is_in(id))
        {
            return Err(info.suspend(Pause));
        }
        if inner.collects_failures() {
            self.failed_before(info, id, shared)?;
        }
        let run = &format!("{}/{id}", self.run);
        let (start, memory) = match self.base.log.inner.get(id) {
            None => {
                let memory = self.fresh(flow, run, shared);
                (Start::Fresh, memory.map_err(|error| info.error(error))?)
            }
            Some(inner) => {
                let resuming = Resuming {
                    stored: inner.stored(),
                    store: text(&inner.store),
                    outer: Some(&self.run),
                };
                let resumed = self.resume(flow, run, &resuming, shared);
                resumed.map_err(|error| info.error(error))?
            }
        };
        self.runs()
            .insert(id.to_owned(), Arc::new(Local::new(id.to_owned(), memory)));
        Ok(start)
    }

    /// The error of an inner run that has failed already, and whose failure goes to a field.
    fn failed_before<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        id: &str,
        shared: &mut S,
    ) -> Result<(), Error> {
        let key = Key {
            run: id.to_owned(),
            step: 0,
            part: Part::Failure,
        };
        match self.desk.wait(&key) {
            Some(Outcome::Failure(failure)) => Err(self.failed(info, &failure, shared)),
            _ => Ok(()),
        }
    }

    /// The error of an inner run with this failure. Its store becomes what it was.
    pub(super) fn failed<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        Failure { failed, store }: &Failure,
        shared: &mut S,
    ) -> Error {
        if let Err(error) = Keeper::read(store.text(), shared) {
            return info.error(self.bad_field("read", error));
        }
        match encoding::read::<Failed>(failed.text()) {
            Ok(failed) => info.failed(failed),
            Err(source) => info.error(self.bad("read", "the failure", source)),
        }
    }

    /// An inner run that has not begun before.
    fn fresh<S: Durable>(
        &self,
        flow: &'static Graph,
        run: &str,
        shared: &mut S,
    ) -> Result<Memory, Refusal> {
        let definition = Definition::of_run(run, flow, &BTreeMap::new(), shared)?;
        let mut keeper = Keeper::default();
        let store = keeper
            .write(shared)
            .map_err(|error| self.bad_field("store", error))?;
        keeper.stored();
        let begun = Begun {
            definition: Json::new(definition.encode())?,
            store: Json::new(store)?,
        };
        Ok(Memory {
            keeper,
            begun: Some(begun),
            ..Memory::default()
        })
    }

    /// Resumes a stored run.
    pub(super) fn resume<S: Durable>(
        &self,
        flow: &'static Graph,
        run: &str,
        resuming: &Resuming<'_>,
        shared: &mut S,
    ) -> Result<(Start, Memory), Refusal> {
        let stored = resuming.stored;
        let resumed = resumes(flow, &resuming.run(run), None, false, HINTS, shared)?;
        let read = |error| self.bad_field("read", error);
        Keeper::read(&resumed.state, shared).map_err(read)?;
        let mut keeper = Keeper::default();
        keeper.resume(&resumed.state, shared).map_err(read)?;
        let done = stored.action.map(|action| (stored.step, action.to_owned()));
        let start = match resumed.start {
            // At an `await`, the position is before the next step, and not at this one.
            Start::At(at) if done.is_some() && at.steps + 1 == stored.step => Start::After(at),
            start => start,
        };
        let memory = Memory {
            keeper,
            done,
            visits: stored.visits.clone(),
            ..Memory::default()
        };
        Ok((start, memory))
    }
}

/// Identifies the program, as far as the journal of a burst depends on it: the flow with its inner
/// flows, and what they read and write.
pub(crate) fn program<S: Durable>(flow: &'static Graph) -> String {
    let mut definitions = BTreeSet::from([Definition::of(flow, S::STORE).encode()]);
    inner_definitions(flow.places, &mut definitions);
    let hash = hash(&definitions, OrderMatters::Everywhere).expect("texts have a hash");
    format!("{hash:032x}")
}

fn inner_definitions(places: &[Place], definitions: &mut BTreeSet<String>) {
    for place in places {
        if let Some(nested) = place.node.flow {
            inner_definitions(nested.places, definitions);
        }
        inner_definitions(place.fork, definitions);
        let Some(inner) = place.node.on.map(|on| on.graph) else {
            continue;
        };
        let Some(first) = inner.places.first() else {
            continue;
        };
        if definitions.insert(Definition::of(inner, first.node.store).encode()) {
            inner_definitions(inner.places, definitions);
        }
    }
}
