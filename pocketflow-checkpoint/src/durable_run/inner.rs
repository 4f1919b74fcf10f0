//! The inner runs of a durable run: where a flow runs on a field of the store. Each is driven as a
//! durable run of its own, under the lease of the outermost run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow::{Error, Failed, Graph, Place, Position, Run, Start, StepInfo, Taken};
use pocketflow_durable::{Durable, encoding, position};

use super::begins_at::BeginsAt;
use super::retry::{Backoff, retry};
use super::{DurableRun, Memory};
use crate::causes::MovedOn;
use crate::events::event;
use crate::storage::{
    BeginOutcome, ItemKey, NewInnerRun, NewRun, RunRecord, Status, Storage, StorageError,
    StorageResult,
};

/// What an inner run is in.
pub(super) struct Outer {
    /// The run around it, and the step of that run.
    run: String,
    step: u64,
    /// Whether its failure goes to a field of the store around it, so that the others go on.
    pub(super) collects: bool,
    /// What the outermost run has read from the storage.
    outermost: Arc<Mutex<Memory>>,
}

/// The inner runs that are running in this process, by their ids.
pub(super) struct InnerRuns<E: Storage>(Mutex<HashMap<String, Arc<DurableRun<E>>>>);

impl<E: Storage> Default for InnerRuns<E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<E: Storage> InnerRuns<E> {
    /// The map is always consistent, so a poisoned lock does no harm.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<DurableRun<E>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the inner runs of a step, some of which may have been dropped before their end.
    pub(super) fn forget(&self, run: &str, step: u64) {
        let within = format!("{run}/{step}/");
        self.lock().retain(|id, _| !id.starts_with(&within));
    }
}

impl<E: Storage> DurableRun<E> {
    /// The inner run of a step. `None` for a step of this run.
    pub(super) fn inner_run(&self, info: &StepInfo<'_>) -> Option<Arc<Self>> {
        info.inner_run()?;
        self.inner_runs.lock().get(info.run_id()?).cloned()
    }

    /// The inner run that begins at this place.
    fn new_inner_run(&self, info: &StepInfo<'_>) -> Self {
        let id = info.run_id().expect("a durable run has an id");
        let inner = info.inner_run().expect("an inner run begins here");
        let around = inner.outer();
        let outer = Outer {
            run: around.run_id().unwrap_or(&self.id).to_owned(),
            step: around.step(),
            collects: inner.collects_failures(),
            outermost: self.memory.clone(),
        };
        Self {
            runs: self.runs.clone(),
            id: id.to_owned(),
            owner: self.owner.clone(),
            park: self.park,
            migration: None,
            claimed: None,
            lease: self.lease.clone(),
            keeper: Mutex::default(),
            memory: Arc::default(),
            inner_runs: InnerRuns::default(),
            secrets: self.secrets.clone(),
            outer: Some(outer),
            activity: self.activity.clone(),
        }
    }

    /// Begins or resumes the inner run at this place.
    pub(super) async fn begin_inner_run<S: Durable>(
        &self,
        flow: &'static Graph,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let inner = self.new_inner_run(info);
        let _working = self.activity.work();
        let start = inner.start_inner(flow, info, shared).await?;
        if !matches!(start, Start::Over(_)) {
            let id = inner.id.clone();
            self.inner_runs.lock().insert(id, Arc::new(inner));
        }
        Ok(start)
    }

    async fn start_inner<S: Durable>(
        &self,
        flow: &'static Graph,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let at = BeginsAt::inner_run(flow, info);
        let definition = self.definition(at, shared)?;
        let encoded = definition.encode();
        self.memory().definition.clone_from(&encoded);
        let state = self.encode(shared).map_err(|error| info.error(error))?;
        let begun = self.claim_inner(flow, &encoded, state).await;
        match begun.map_err(|error| info.error(error))? {
            None => Err(self.moved_on(info)),
            Some(BeginOutcome::New) => {
                event!(INFO, "run started", run = &*self.id, flow = flow.name);
                Ok(Start::Fresh)
            }
            Some(BeginOutcome::Known(record)) => {
                let resumed = self.resume(at, &record, &mut *shared)?;
                self.load(at, definition, *record, resumed, shared, &mut None)
                    .await
            }
        }
    }

    /// Stores a new inner run, or lets a known one run again. Returns `None` if the outermost run has
    /// moved on elsewhere.
    pub(super) async fn claim_inner(
        &self,
        flow: &Graph,
        definition: &str,
        state: String,
    ) -> StorageResult<Option<BeginOutcome>> {
        let Some(outer) = &self.outer else {
            return Ok(None);
        };
        if !self.take_lease_again().await? {
            return Ok(None);
        }
        let new = NewRun {
            flow: flow.name.into(),
            graph: definition.into(),
            state,
            position: String::from("null"),
        };
        let inner = NewInnerRun {
            outer: &outer.run,
            step: outer.step,
            new: &new,
        };
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        let begun = retry!(backoff, storage.begin_inner(&self.id, &self.owner, &inner))?;
        if let BeginOutcome::New = begun {
            self.memory().stored();
        }
        Ok(Some(begun))
    }

    /// Drives the inner run at this place to its end.
    pub(super) async fn run_inner<S: Durable, R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let _working = self.activity.work();
        let mut result = run.run(&mut *shared).await;
        let Some(inner) = self.inner_run(info) else {
            return result;
        };
        match &result {
            Ok(taken) => {
                let at = BeginsAt::inner_run(flow, info);
                if let Err(error) = inner.end(at, taken.action(), shared).await {
                    result = Err(error);
                }
            }
            Err(error) if !error.suspends() && !inner.has_settled() && self.lease.is_held() => {
                inner.fail_inner(error).await;
            }
            Err(error) if error.suspends() && !inner.has_settled() && self.lease.is_held() => {
                // Without a time that is stored, nobody would take the run up.
                if let Err(error) = inner.park_inner_for_attempts().await {
                    result = Err(info.error(error));
                }
            }
            Err(_) => {}
        }
        self.inner_runs.lock().remove(&inner.id);
        result
    }

    /// Whether this run, or the outermost run, has ended in a way that is stored already.
    fn has_settled(&self) -> bool {
        let outer = self.outer.as_ref();
        let outermost = outer.is_some_and(|outer| lock(&outer.outermost).settled);
        outermost || self.memory().settled
    }

    /// Another owner drives the run, whose outcome this process must not change.
    pub(super) fn settle(&self) {
        self.memory().settled = true;
        if let Some(outer) = &self.outer {
            lock(&outer.outermost).settled = true;
        }
    }

    /// The error of a run that has gone on elsewhere.
    pub(super) fn moved_on(&self, info: &StepInfo<'_>) -> Error {
        self.settle();
        info.error(MovedOn {
            run: self.lease.run().to_owned(),
        })
    }

    /// Stores that the inner run failed. A failure that goes to a field is stored as a whole, because
    /// the run does not run again. If this fails, the run runs again.
    async fn fail_inner(&self, error: &Error) {
        let mut backoff = self.backoff();
        if super::calls::is_gone(error) {
            backoff = Backoff::new(std::time::Duration::ZERO, &self.id);
        }
        let storage = &self.runs.storage;
        let collects = self.outer.as_ref().is_some_and(|outer| outer.collects);
        if collects && error.is_failure() {
            let (step, key) = (self.memory().step + 1, ItemKey::default());
            let failed = serde_json::to_string(&Failed::from(error)).expect("texts are JSON");
            let stored = retry!(
                backoff,
                storage.keep_item(&self.id, &self.owner, step, &key, &failed)
            );
            if stored.is_err() {
                return;
            }
        }
        let message = self.shown(error);
        let _ = retry!(backoff, storage.fail(&self.id, &self.owner, &message));
    }

    /// The error of an inner run that has failed already, and whose failure goes to a field. `items`
    /// are the stored items of its step; the failure is the only one without a key.
    pub(super) async fn failed_before(
        &self,
        at: BeginsAt<'_>,
        items: &[(ItemKey, String)],
        record: &RunRecord,
    ) -> Result<(), Error> {
        let collects = self.outer.as_ref().is_some_and(|outer| outer.collects);
        let mut items = items.iter();
        let failed = items.find(|(key, _)| *key == ItemKey::default());
        let (Some((_, json)), true, Some(info)) = (failed, collects, at.info) else {
            return Ok(());
        };
        let failed: Failed = encoding::read(json)
            .map_err(|source| info.error(self.bad("read", "the failure")(source)))?;
        if let Some(message) = &record.message {
            let message = self.secrets.out_of(message);
            let mut backoff = self.backoff();
            let storage = &self.runs.storage;
            retry!(backoff, storage.fail(&self.id, &self.owner, &message))
                .map_err(|error| info.error(error))?;
        }
        Err(info.failed(failed))
    }

    /// Adds the steps of the inner runs that have ended to the position. They do not run again, so
    /// nothing else counts them.
    pub(super) async fn count_inner_runs(
        &self,
        record: &RunRecord,
        start: Start,
    ) -> StorageResult<Start> {
        if record.inner_runs == 0 {
            return Ok(start);
        }
        let mut backoff = self.backoff();
        let inner = retry!(backoff, self.runs.storage.inner_runs(&self.id))?;
        let ended = inner.iter().filter(|run| run.status == Status::Finished);
        let steps = ended.map(|run| {
            let within = position::decode(&run.position).map(|position| position.inner_steps);
            run.step + within.unwrap_or_default()
        });
        let ended: u64 = steps.sum();
        let mut position = match start {
            Start::Fresh if ended > 0 => Position {
                steps: 0,
                inner_steps: 0,
                flows: Vec::new(),
            },
            Start::At(position) => position,
            start => return Ok(start),
        };
        position.inner_steps += ended;
        Ok(Start::At(position))
    }

    /// Stores that nothing is left but inner runs that wait, or releases the lease.
    pub(super) async fn park_for_inner_runs(&self, error: &Error) {
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        self.lease.releasing();
        match retry!(backoff, storage.wait_for_inner(&self.id, &self.owner)) {
            Ok(()) => self.lease.ended(),
            // An earlier call may have released it before its answer was lost.
            Err(StorageError::LeaseLost { .. }) => self.lease.ended(),
            Err(_) => self.release(error).await,
        }
    }
}

/// Whether a step consists of inner runs.
pub(super) fn holds_inner_runs(info: &StepInfo<'_>) -> bool {
    let graph = info.graph();
    let place = graph.place(info.name()).map(|place| &graph.places[place]);
    place.is_some_and(on_field)
}

/// Whether a flow runs on a field at this place, or in a branch of it.
fn on_field(place: &Place) -> bool {
    place.node.on.is_some() || place.fork.iter().any(on_field)
}

/// The memory is always consistent, so a poisoned lock does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
