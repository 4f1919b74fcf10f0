//! A run at an `await`.

use pocketflow::{Error, Graph, StepInfo};

use super::DurableRun;
use super::position;
use super::retry::retry;
use super::waiters::WaitGuard;
use crate::causes::{Parked, WrongValue};
use crate::events::event;
use crate::state::{Durable, Keeper, encoding};
use crate::storage::{BeginOutcome, OpenWait, Pause, RunRecord, Status, Storage, StorageError};

impl<E: Storage> DurableRun<E> {
    /// Waits for a value, and fills the field with it.
    pub(super) async fn wait<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        shared: &mut S,
    ) -> Result<(), Error> {
        let index = S::STORE
            .field(field)
            .expect("a flow waits for a field of its store");
        // An earlier value of the field is not an answer. When the run resumes at this wait, the
        // field has been cleared already. `null` may not clear a field whose serde attributes
        // change how it is read; the answer replaces its value all the same.
        let _ = Keeper::fill(index, "null", shared);
        // A fill in this process wakes the run, and fails at once if the value does not fit.
        let guard = (!self.park).then(|| {
            let (step, fits) = (info.step() - 1, Keeper::fits(index, shared));
            self.runs.waiters.add(&self.id, field, step, fits)
        });
        let mut refused = None;
        loop {
            let OpenWait { name, value } =
                self.store_wait(info, field, shared, refused.take()).await?;
            let Some(json) = value else {
                let (run, step) = (&*self.id, info.step() - 1);
                let Some(guard) = &guard else {
                    event!(INFO, "run parked", run = run, wait = &*name, step = step);
                    let outermost = self.outer.as_ref().map(|_| self.lease.run().to_owned());
                    return Err(info.suspend(Parked {
                        run: self.id.clone(),
                        field: field.to_owned(),
                        wait: name,
                        outermost,
                    }));
                };
                event!(INFO, "run waits", run = run, wait = &*name, step = step);
                self.until_filled(info, guard, shared).await?;
                continue;
            };
            let Err(source) = fill(shared, index, &json) else {
                return Ok(());
            };
            let (run, error) = (&*self.id, source.to_string());
            event!(
                WARN,
                "fill refused",
                run = run,
                wait = &*name,
                error = error
            );
            // The value is rejected and removed. A run that waits in memory waits again.
            let why = format!("the value does not fit the field `{field}`: {source}");
            if self.park {
                self.store_wait(info, field, shared, Some(why)).await?;
                event!(
                    INFO,
                    "run parked",
                    run = run,
                    wait = &*name,
                    step = info.step() - 1
                );
                return Err(info.suspend(WrongValue {
                    run: self.id.clone(),
                    field: field.to_owned(),
                    source,
                }));
            }
            refused = Some(why);
        }
    }

    /// Waits in memory until the open wait is filled, and takes the lease again.
    async fn until_filled<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        guard: &WaitGuard<'_>,
        shared: &mut S,
    ) -> Result<(), Error> {
        // An inner run that waits is not at work. When none is, the lease is given back.
        let mut paused = self.outer.as_ref().map(|_| self.activity.pause());
        loop {
            if paused.is_some() {
                tokio::select! {
                    () = guard.woken(&self.runs) => {}
                    () = self.activity.idle() => {
                        let returned = self.return_lease().await;
                        returned.map_err(|error| info.error(error))?;
                        continue;
                    }
                }
            } else {
                guard.woken(&self.runs).await;
            }
            let record = self.show().await.map_err(|error| info.error(error))?;
            self.stands_before(info, record.as_ref())?;
            if paused.is_some() {
                self.outermost_stands(info).await?;
            }
            // It has been filled, or a person has changed its status: the storage decides whether it
            // may go on.
            if record.is_some_and(|record| record.filled || record.status != Status::Waiting) {
                let state = self.encode(shared).map_err(|error| info.error(error))?;
                let definition = self.memory().definition.clone();
                let was_paused = paused.take().is_some();
                let claimed = match was_paused {
                    true => self.claim_inner(root(info), &definition, state).await,
                    false => self.claim(root(info), &definition, state).await.map(Some),
                };
                match claimed {
                    Ok(None) => return Err(self.moved_on(info)),
                    Ok(Some(begun)) => {
                        if let BeginOutcome::Known(record) = begun {
                            self.stands_before(info, Some(&record))?;
                            self.reread(info, &record, &mut *shared)?;
                            let (run, flow) = (&*self.id, root(info).name);
                            event!(
                                INFO,
                                "run resumed",
                                run = run,
                                flow = flow,
                                step = record.step
                            );
                        }
                        self.memory().settled = false;
                        return Ok(());
                    }
                    // Another process was faster. It resumes the run, or dies.
                    Err(StorageError::Alive { .. }) => {
                        paused = was_paused.then(|| self.activity.pause());
                    }
                    Err(error) => return Err(info.error(error)),
                }
            }
        }
    }

    /// Reads the state again if it has changed: a person may have edited it, or another process may
    /// have stored it, while this one waited.
    fn reread<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        record: &RunRecord,
        shared: &mut S,
    ) -> Result<(), Error> {
        let mut memory = self.memory();
        memory.definition_stored &= memory.definition == record.graph;
        if memory.keeper.last() == record.state {
            return Ok(());
        }
        let read = Keeper::read(&record.state, &mut *shared)
            .and_then(|()| memory.keeper.resume(&record.state, shared));
        drop(memory);
        read.map_err(|error| info.error(self.bad_field("read", error)))
    }

    /// Whether the run still waits before this step: another process may have resumed it, or a
    /// person may have rewound it.
    fn stands_before(&self, info: &StepInfo<'_>, record: Option<&RunRecord>) -> Result<(), Error> {
        if record.is_some_and(|run| run.status != Status::Finished && run.step + 1 == info.step()) {
            return Ok(());
        }
        // Its outcome is stored, and this process must not change it.
        Err(self.moved_on(info))
    }

    /// Whether the outermost run of an inner run may still go on.
    async fn outermost_stands(&self, info: &StepInfo<'_>) -> Result<(), Error> {
        let mut backoff = self.backoff();
        let outermost = retry!(backoff, self.runs.storage.show(self.lease.run()));
        match outermost.map_err(|error| info.error(error))? {
            Some(run) if run.status == Status::Cancelled => {
                self.settle();
                Err(info.error(StorageError::Cancelled { run: run.run }))
            }
            Some(run) if run.status != Status::Finished => Ok(()),
            _ => Err(self.moved_on(info)),
        }
    }

    /// Stores that the run waits, unless the wait has been filled already.
    async fn store_wait<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        shared: &mut S,
        refused: Option<String>,
    ) -> Result<OpenWait, Error> {
        let state = self.change(shared).map_err(|error| info.error(error))?;
        let position = position::encode(info.position());
        let definition = self.memory().new_definition();
        let pause = Pause {
            step: info.step() - 1,
            field,
            position: &position,
            graph: definition.as_deref(),
            state,
            refused: refused.as_deref(),
        };
        let mut backoff = self.backoff();
        let storage = &self.runs.storage;
        let releases = self.outer.is_none();
        if releases {
            self.lease.releasing();
        }
        let mut stored = retry!(backoff, storage.wait(&self.id, &self.owner, &pause));
        let retried = releases && backoff.has_retried();
        if let (Err(StorageError::LeaseLost { .. }), true) = (&stored, retried) {
            // An earlier call may have released the lease before its answer was lost.
            let record = self.show().await.map_err(|error| info.error(error))?;
            let waits = record.filter(|record| {
                record.step == pause.step && record.waits_for.as_deref() == Some(field)
            });
            if let Some(name) = waits.and_then(|record| record.wait) {
                stored = Ok(OpenWait { name, value: None });
            }
        }
        if stored.is_ok() {
            self.memory().stored();
        }
        if stored.as_ref().is_ok_and(|wait| wait.value.is_none()) {
            if releases {
                self.lease.ended();
            }
            self.memory().settled = true;
        } else if releases {
            self.lease.acquired();
        }
        stored.map_err(|error| info.error(error))
    }
}

/// The outermost flow.
fn root(info: &StepInfo<'_>) -> &'static Graph {
    info.parent()
        .map_or_else(|| info.graph(), |parent| root(&parent))
}

/// Fills a field.
fn fill<S: Durable>(shared: &mut S, field: usize, json: &str) -> Result<(), serde_json::Error> {
    Keeper::fill(field, json, shared)?;
    if shared.is_filled(field) {
        Ok(())
    } else {
        Err(encoding::custom("the field is empty with it"))
    }
}
