//! The calls of a run to its storage, with retries.

use std::time::Instant;

use pocketflow::{Error, Graph, StepInfo};
use pocketflow_durable::{BadState, Durable, position};

use super::DurableRun;
use super::retry::{Backoff, retry};
use super::shared::RunsShared;
use crate::events::event;
use crate::storage::{
    BeginOutcome, ItemKey, NewRun, RunRecord, StateChange, Step, Storage, StorageError,
    StorageResult,
};

impl<E: Storage> DurableRun<E> {
    pub(super) fn backoff(&self) -> Backoff<'_> {
        Backoff::new(self.runs.max_retry_time, &self.id)
    }

    /// The whole state of the store.
    pub(super) fn encode<S: Durable>(&self, shared: &mut S) -> Result<String, BadState> {
        let written = self.memory().keeper.write(shared);
        let state = written.map_err(|error| self.bad_field("store", error))?;
        self.secrets.learn(&state);
        Ok(state)
    }

    /// What has changed in the store since it was stored.
    pub(super) fn change<S: Durable>(&self, shared: &mut S) -> Result<StateChange, BadState> {
        let changed = self.memory().keeper.change(shared);
        let change = changed.map_err(|error| self.bad_field("store", error))?;
        self.secrets.learn(&change.fields);
        Ok(change)
    }

    pub(super) async fn show(&self) -> StorageResult<Option<RunRecord>> {
        let mut backoff = self.backoff();
        retry!(backoff, self.runs.storage.show(&self.id))
    }

    /// Takes the lease of a known run, or stores a new run.
    pub(super) async fn claim(
        &self,
        flow: &Graph,
        definition: &str,
        state: String,
    ) -> StorageResult<BeginOutcome> {
        let new = NewRun {
            flow: flow.name.into(),
            graph: definition.into(),
            state,
            position: String::from("null"),
        };
        let RunsShared { storage, lease, .. } = &*self.runs;
        self.lease.requested();
        let mut backoff = self.backoff();
        let begun = retry!(backoff, storage.begin(&self.id, &self.owner, *lease, &new));
        match &begun {
            Ok(begun) => {
                self.lease.acquired();
                if let BeginOutcome::New = begun {
                    self.memory().stored();
                }
            }
            // After any other error it is unknown.
            Err(
                StorageError::Alive { .. }
                | StorageError::Stuck { .. }
                | StorageError::Cancelled { .. },
            ) => self.lease.ended(),
            Err(_) => {}
        }
        begun
    }

    /// A run whose processes die, one after another, is not started again forever.
    pub(super) async fn check_crashes(&self, record: &RunRecord) -> StorageResult<()> {
        let Some(limit) = self
            .runs
            .max_crashes
            .filter(|limit| record.crashes >= u64::from(*limit))
        else {
            return Ok(());
        };
        let step = record.step + 1;
        let after = if record.path.is_empty() {
            String::new()
        } else {
            format!(", after `{}`", record.path)
        };
        let why = format!("{limit} processes in a row have died in its step {step}{after}");
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        retry!(backoff, storage.give_up(&self.id, &self.owner, &why))?;
        self.lease.ended();
        event!(ERROR, "run stuck", run = &*self.id, why = &*why);
        Err(StorageError::Stuck {
            run: self.id.clone(),
            why,
        })
    }

    /// Stores what an item or a branch returned.
    pub(super) async fn store_item(
        &self,
        info: &StepInfo<'_>,
        key: &ItemKey,
        json: &str,
    ) -> Result<(), Error> {
        let mut backoff = self.backoff();
        let (storage, step) = (&self.runs.storage, info.step());
        let start = Instant::now();
        let stored = retry!(
            backoff,
            storage.keep_item(&self.id, &self.owner, step, key, json)
        );
        if stored.is_ok() {
            let (run, micros) = (&*self.id, micros(start));
            event!(
                TRACE,
                "item stored",
                run = run,
                step = step,
                micros = micros
            );
        }
        stored.map_err(|error| info.error(error))
    }

    /// Stores a finished step, which may have had inner runs.
    pub(super) async fn commit<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        action: &str,
        inner_runs: bool,
        shared: &mut S,
    ) -> Result<(), Error> {
        let (had_inner_runs, attempts) = {
            let memory = self.memory();
            (
                memory.had_inner_runs,
                memory.attempts.are_stored(info.step()),
            )
        };
        let step = Step {
            step: info.step(),
            path: info.to_string(),
            position: position::encode(info.position()),
            action: action.into(),
            state: self.change(shared).map_err(|error| info.error(error))?,
            graph: self.memory().new_definition(),
            inner_runs: inner_runs || had_inner_runs,
            attempts,
        };
        let RunsShared {
            storage,
            lease,
            retention,
            ..
        } = &*self.runs;
        let mut backoff = self.backoff();
        let start = Instant::now();
        let stored = retry!(
            backoff,
            storage.commit(&self.id, &self.owner, *lease, &step, *retention)
        );
        if stored.is_ok() {
            {
                let mut memory = self.memory();
                memory.stored();
                memory.step = step.step;
                memory.had_inner_runs = false;
            }
            let (run, path, micros) = (&*self.id, &*step.path, micros(start));
            event!(
                DEBUG,
                "step stored",
                run = run,
                step = step.step,
                path = path,
                micros = micros
            );
        }
        #[cfg(feature = "tracing")]
        if let left @ 1.. = self.memory().items.left_over(info.step()) {
            let (run, node) = (&*self.id, info.to_string());
            event!(
                WARN,
                "results left over",
                run = run,
                node = node,
                count = left
            );
        }
        if let Err(
            StorageError::LeaseLost { .. }
            | StorageError::Behind { .. }
            | StorageError::Cancelled { .. },
        ) = &stored
        {
            // Another owner drives the run, or a person has cancelled it, which is not a failure of
            // the run.
            self.settle();
        }
        stored.map_err(|error| info.error(error))
    }

    /// Stores that the run has finished.
    pub(super) async fn finish(&self, exit: &str, state: &StateChange) -> StorageResult<()> {
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        let finished = retry!(backoff, storage.finish(&self.id, &self.owner, exit, state));
        if let (Err(StorageError::LeaseLost { .. }), true) = (&finished, backoff.has_retried()) {
            // An earlier call may have finished the run before its answer was lost.
            let record = self.show().await?;
            let state = self.memory().keeper.last();
            if record.is_some_and(|run| run.exit.as_deref() == Some(exit) && run.state == state) {
                return Ok(());
            }
        }
        finished
    }

    /// Stores that the run failed, or releases its lease.
    pub(super) async fn fail(&self, error: &Error) {
        let mut backoff = self.backoff();
        if is_gone(error) {
            backoff = Backoff::new(std::time::Duration::ZERO, &self.id);
        }
        let message = self.shown(error);
        let storage = &self.runs.storage;
        match retry!(backoff, storage.fail(&self.id, &self.owner, &message)) {
            Ok(()) => {
                self.lease.ended();
                event!(ERROR, "run failed", run = &*self.id, error = message);
            }
            Err(_) => self.release(error).await,
        }
    }

    /// Releases the lease before an error is returned, so that the run can start again at once. If
    /// this fails or is dropped, the lease is released when the lease keeper is dropped.
    pub(super) async fn release(&self, error: &Error) {
        if !self.lease.may_be_held() || is_gone(error) {
            return;
        }
        match self.runs.storage.release(&self.id, &self.owner).await {
            Ok(())
            | Err(
                StorageError::LeaseLost { .. }
                | StorageError::Cancelled { .. }
                | StorageError::UnknownRun { .. },
            ) => self.lease.ended(),
            Err(_) => {}
        }
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// After a long failure of the storage, it is not called again, and the lease expires.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(
        error.cause().downcast_ref(),
        Some(StorageError::LeaseNotRenewed { .. } | StorageError::Gone { .. })
    )
}
