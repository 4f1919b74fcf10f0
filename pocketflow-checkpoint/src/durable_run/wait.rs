//! A run at an `await`.

use std::future::pending;
use std::time::{Duration, SystemTime};

use pocketflow::{Error, Graph, StepInfo};
use pocketflow_durable::{Durable, Keeper, WrongValue, position};
use tokio::time::{Instant, sleep_until};

use super::DurableRun;
use super::retry::retry;
use super::waiters::WaitGuard;
use crate::causes::Parked;
use crate::events::event;
use crate::storage::{
    BeginOutcome, OpenWait, Pause, RunRecord, Status, Storage, StorageError, millis,
};

impl<E: Storage> DurableRun<E> {
    /// Waits for a value, and fills the field with it, or waits until the deadline. Returns the action.
    pub(super) async fn wait<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        shared: &mut S,
    ) -> Result<&'static str, Error> {
        let index = S::STORE
            .field(field)
            .expect("a flow waits for a field of its store");
        // An earlier value of the field is not an answer.
        shared.clear_field(index);
        // A fill in this process wakes the run, and fails at once if the value does not fit.
        let guard = (!self.park).then(|| {
            let (step, fits) = (info.step() - 1, Keeper::fits(index, shared));
            self.runs.waiters.add(&self.id, field, step, fits)
        });
        let mut refused = None;
        loop {
            let wait = self.store_wait(info, field, shared, refused.take()).await?;
            if wait.expired {
                return Ok(self.expired(info, &wait.name));
            }
            let OpenWait { name, value, .. } = &wait;
            let Some(json) = value else {
                self.until_over(info, field, wait, guard.as_ref(), shared)
                    .await?;
                continue;
            };
            let Err(source) = Keeper::fill(index, json, shared) else {
                return Ok("default");
            };
            let (run, error) = (&*self.id, self.secrets.out_of(&source.to_string()));
            event!(
                WARN,
                "fill refused",
                run = run,
                wait = name.as_str(),
                error = &*error
            );
            // The value is rejected and removed. A run that waits in memory waits again.
            let why = format!("the value does not fit the field `{field}`: {error}");
            if self.park {
                shared.clear_field(index);
                let again = self.store_wait(info, field, shared, Some(why)).await?;
                if again.expired {
                    return Ok(self.expired(info, &again.name));
                }
                event!(
                    INFO,
                    "run parked",
                    run = run,
                    wait = name.as_str(),
                    step = info.step() - 1
                );
                return Err(info.suspend(WrongValue {
                    run: self.id.clone(),
                    field: field.to_owned(),
                    source,
                }));
            }
            shared.clear_field(index);
            refused = Some(why);
        }
    }

    /// The deadline of a wait has passed. Returns the action.
    fn expired(&self, info: &StepInfo<'_>, wait: &str) -> &'static str {
        let step = info.step() - 1;
        event!(
            INFO,
            "wait expired",
            run = &*self.id,
            wait = wait,
            step = step
        );
        "expired"
    }

    /// Sleeps. The time begins when the run first reaches the step.
    pub(super) async fn sleep<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<(), Error> {
        let step = info.step() - 1;
        let guard = (!self.park).then(|| self.runs.waiters.add(&self.id, "", step, None));
        loop {
            let wait = self.store_wait(info, "", shared, None).await?;
            if wait.expired {
                return Ok(());
            }
            self.until_over(info, "", wait, guard.as_ref(), shared)
                .await?;
        }
    }

    /// Waits in memory until the open wait may be over, and takes the lease again. A parked run ends
    /// instead.
    async fn until_over<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        wait: OpenWait,
        guard: Option<&WaitGuard<'_>>,
        shared: &mut S,
    ) -> Result<(), Error> {
        let OpenWait {
            name, until, left, ..
        } = wait;
        let (run, step) = (&*self.id, info.step() - 1);
        let Some(guard) = guard else {
            event!(INFO, "run parked", run = run, wait = &*name, step = step);
            let outermost = self.outer.as_ref().map(|_| self.lease.run().to_owned());
            return Err(info.suspend(Parked {
                run: self.id.clone(),
                field: field.to_owned(),
                wait: name,
                outermost,
                until,
                attempt: None,
            }));
        };
        event!(INFO, "run waits", run = run, wait = &*name, step = step);
        // An inner run that waits is not at work. When none is, the lease is given back.
        let mut paused = self.outer.as_ref().map(|_| self.activity.pause());
        let mut deadline = left.map(Deadline::after);
        loop {
            let passed = async {
                match &deadline {
                    Some(deadline) => deadline.passed().await,
                    None => pending().await,
                }
            };
            let is_over = tokio::select! {
                () = guard.woken(&self.runs) => false,
                () = passed => true,
                () = self.activity.idle(), if paused.is_some() => {
                    let returned = self.return_lease().await;
                    returned.map_err(|error| info.error(error))?;
                    continue;
                }
            };
            let record = self.show().await.map_err(|error| info.error(error))?;
            self.stands_before(info, record.as_ref())?;
            if paused.is_some() {
                self.outermost_stands(info).await?;
            }
            // It has been filled, its time is over, or a person has changed its status: the storage
            // decides whether it may go on.
            let goes_on = |record: RunRecord| record.filled || record.status != Status::Waiting;
            if is_over || record.is_some_and(goes_on) {
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
                        if is_over {
                            deadline = Some(Deadline::after(self.runs.lease));
                        }
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
        self.secrets.learn(&record.state);
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
            within: info.expires_after().or(info.sleeps_for()),
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
                let waits_for = record.waits_for.as_deref().unwrap_or_default();
                let waits = record.status == Status::Waiting && record.step == pause.step;
                waits && waits_for == field && (!field.is_empty() || record.until.is_some())
            });
            if let Some(record) = waits {
                let deadline = record.until.map(millis::from_time);
                let now = millis::from_time(SystemTime::now());
                stored = Ok(OpenWait::open(
                    record.wait.unwrap_or_default(),
                    deadline,
                    now,
                ));
            }
        }
        if stored.is_ok() {
            self.memory().stored();
        }
        let is_open = |wait: &OpenWait| wait.value.is_none() && !wait.expired;
        if stored.as_ref().is_ok_and(is_open) {
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

/// When a wait in memory may be over.
pub(super) struct Deadline {
    at: Instant,
    /// The same by the clock of the system, which may be set, and goes on while the machine sleeps.
    on_clock: Option<SystemTime>,
}

impl Deadline {
    /// How often to look at the clock of the system.
    const LOOK: Duration = Duration::from_secs(30);

    pub(super) fn after(left: Duration) -> Self {
        Self {
            // The deadline may be later than the timer reaches, so check it again.
            at: Instant::now() + left.min(Duration::from_secs(86_400)),
            on_clock: SystemTime::now().checked_add(left),
        }
    }

    /// Waits until the time is over by one of the two clocks. The storage has a clock of its own, and
    /// decides.
    pub(super) async fn passed(&self) {
        let is_over = |time| SystemTime::now() >= time;
        while Instant::now() < self.at && !self.on_clock.is_some_and(is_over) {
            sleep_until(self.at.min(Instant::now() + Self::LOOK)).await;
        }
    }
}

/// The outermost flow.
fn root(info: &StepInfo<'_>) -> &'static Graph {
    info.parent()
        .map_or_else(|| info.graph(), |parent| root(&parent))
}
