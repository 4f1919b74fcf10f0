//! How a durable run drives a flow: how it starts or resumes, and what it does around each step.

use std::time::Duration;

use pocketflow::seam::Items;
use pocketflow::{
    Attempt, Call, Driver, EarlierAttempts, Error, Graph, Run, Start, StepInfo, Taken,
};

use pocketflow_durable::{
    Changed, Definition, Durable, ItemResults, Keeper, Resumed, StoredAttempts, WrongValue,
};

use super::begins_at::BeginsAt;
use super::inner::holds_inner_runs;
use super::lease::LeaseKeeper;
use super::resume::stored_run;
use super::retry::retry;
use super::{DurableRun, HINTS, Memory, Stopped};
use crate::causes::Parked;
use crate::events::event;
use crate::storage::{BeginOutcome, RunRecord, Status, Storage};

impl<E: Storage> DurableRun<E> {
    /// Takes the lease, and loads the run if it is known. `known` is the run as it was found before
    /// the lease was taken, with how it resumes.
    async fn start<S: Durable>(
        &self,
        at: BeginsAt<'_>,
        definition: Definition,
        known: Option<(RunRecord, Resumed)>,
        shared: &mut S,
        keeper: &mut Option<LeaseKeeper<E>>,
    ) -> Result<Start, Error> {
        let state = self.encode(shared).map_err(|error| at.error(error))?;
        let begun = self.claim(at.flow, &definition.encode(), state).await;
        let begun = begun.map_err(|error| at.error(error))?;
        let run = &*self.id;
        let BeginOutcome::Known(record) = begun else {
            *self.keeper() = keeper.take();
            event!(INFO, "run started", run = run, flow = at.flow.name);
            return Ok(Start::Fresh);
        };
        let before = known.as_ref().and_then(|(known, _)| known.owner.clone());
        if let Some(from) = before.filter(|_| record.status != Status::Finished) {
            event!(
                WARN,
                "lease taken over",
                run = run,
                from = from,
                to = &*self.owner
            );
        }
        let resumed = match known {
            Some((known, resumed)) if is_unchanged(&known, &record) => resumed,
            _ => self.resume(at, &record, &mut *shared)?,
        };
        self.load(at, definition, *record, resumed, shared, keeper)
            .await
    }

    /// Loads a known run whose lease is held.
    pub(super) async fn load<S: Durable>(
        &self,
        at: BeginsAt<'_>,
        mut definition: Definition,
        record: RunRecord,
        resumed: Resumed,
        shared: &mut S,
        keeper: &mut Option<LeaseKeeper<E>>,
    ) -> Result<Start, Error> {
        let crashes = self.check_crashes(&record).await;
        crashes.map_err(|error| at.error(error))?;
        Keeper::read(&resumed.state, &mut *shared)
            .map_err(|error| at.error(self.bad_field("read", error)))?;
        definition.input = resumed.input;
        let definition = definition.encode();
        *self.memory() = Memory {
            definition_stored: definition == record.graph,
            definition,
            step: record.step,
            had_inner_runs: record.inner_runs > 0,
            ..Memory::default()
        };
        if let Start::Over(_) = resumed.start {
            if self.outer.is_none() {
                self.lease.ended();
            }
            return Ok(resumed.start);
        }
        // A migrated state is not stored yet.
        if resumed.state == record.state {
            let kept = self.memory().keeper.resume(&resumed.state, &mut *shared);
            kept.map_err(|error| at.error(self.bad_field("read", error)))?;
        }
        let step = record.step + 1;
        let mut backoff = self.backoff();
        let items = retry!(backoff, self.runs.storage.items(&self.id, step));
        let items = items.map_err(|error| at.error(error))?;
        let mut attempts = Vec::new();
        if record.next_attempt.is_some() {
            let stored = retry!(backoff, self.runs.storage.attempts(&self.id, step));
            attempts = stored.map_err(|error| at.error(error))?;
        }
        self.failed_before(at, &items, &record).await?;
        let start = self.count_inner_runs(&record, resumed.start).await;
        let start = start.map_err(|error| at.error(error))?;
        *self.keeper() = keeper.take();
        event!(
            INFO,
            "run resumed",
            run = &*self.id,
            flow = at.flow.name,
            step = record.step
        );
        let mut memory = self.memory();
        memory.items = ItemResults::new(step, items);
        memory.attempts = StoredAttempts::new(step, attempts);
        let start = stored_run(&record).start(start);
        memory.done = record.action.map(|action| (record.step, action));
        Ok(start)
    }

    /// Stores that the flow reached an exit.
    pub(super) async fn end<S: Durable>(
        &self,
        at: BeginsAt<'_>,
        exit: &str,
        shared: &mut S,
    ) -> Result<(), Error> {
        let state = self.change(shared).map_err(|error| at.error(error))?;
        if self.outer.is_none() {
            self.lease.releasing();
        }
        let finished = self.finish(exit, &state).await;
        finished.map_err(|error| at.error(error))
    }

    /// Takes a step of this run. `inner_runs` says whether it consists of inner runs.
    async fn take_step<S: Durable, R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        inner_runs: bool,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let done = self.memory().done.take();
        if let Some((_, action)) = done.filter(|(step, _)| *step == info.step()) {
            return info.taken(&action).ok_or_else(|| {
                let conflicts = vec![format!(
                    "`{info}` has no action \"{action}\" any more, which it took"
                )];
                info.error(Changed {
                    run: self.id.clone(),
                    conflicts,
                    help: HINTS.changed,
                })
            });
        }
        let taken = match (info.waits_for(), info.sleeps_for()) {
            (Some(field), _) => {
                let action = self.wait(info, field, shared).await?;
                info.taken(action).expect("an action of the `await`")
            }
            (None, Some(_)) => {
                self.sleep(info, shared).await?;
                info.taken("default").expect("the action of every `sleep`")
            }
            (None, None) => {
                let panic = |panic| info.error(panic);
                match inner_runs {
                    true => {
                        let run = self.run_inner_runs(info, shared, run);
                        self.guarded(panic, run).await?
                    }
                    false => self.guarded(panic, run.run(shared)).await?,
                }
            }
        };
        self.commit(info, taken.action(), inner_runs, shared)
            .await?;
        Ok(taken)
    }

    /// Whether the run ends because its worker is shutting down, and continues with another one.
    fn stops_with(&self, error: &Error) -> bool {
        let waits = self.is_stopping() && self.lease.is_held() && waits_for_value(error);
        let goes_on = waits && {
            let memory = self.memory();
            !memory.settled && memory.attempts.suspended_until().is_none()
        };
        error.cause().is::<Stopped>() || goes_on
    }

    /// Takes a step that consists of inner runs. In the meantime this run is not at work.
    async fn run_inner_runs<S: Durable, R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if self.outer.is_none() {
            self.activity.at_step(info.step());
        }
        let taken = {
            let _paused = self.activity.pause();
            run.run(shared).await?
        };
        let holds = self.take_lease_again().await;
        match holds.map_err(|error| info.error(error))? {
            true => Ok(taken),
            false => Err(self.moved_on(info)),
        }
    }
}

/// Whether a run, or an inner run, is parked.
fn waits_for_value(error: &Error) -> bool {
    error.cause().is::<Parked>() || error.cause().is::<WrongValue>()
}

/// Whether the run is where it was.
fn is_unchanged(was: &RunRecord, is: &RunRecord) -> bool {
    was.step == is.step
        && was.status == is.status
        && was.position == is.position
        && was.state == is.state
}

impl<S, E> Driver<S, Items> for DurableRun<E>
where
    S: Durable,
    E: Storage,
{
    fn run_id(&self) -> Option<&str> {
        Some(&self.id)
    }

    async fn begin(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        if let Some(info) = info {
            return self.begin_inner_run(flow, info, shared).await;
        }
        let at = BeginsAt::outermost(flow);
        self.activity.begin().await;
        if let Some(record) = self.take_record() {
            return self.resume_claimed(at, record, shared).await;
        }
        let definition = self.definition(at, shared)?;
        *self.memory() = Memory {
            definition: definition.encode(),
            ..Memory::default()
        };
        self.runs.remove_old_runs().await;
        // A run that cannot resume here must stay as it is, so this is checked before it starts.
        let known = match self.show().await.map_err(|error| flow.error(error))? {
            // The storage refuses to begin an inner run.
            Some(record) if record.outer.is_none() => {
                let resumed = self.resume(at, &record, &mut *shared)?;
                Some((record, resumed))
            }
            _ => None,
        };
        // From here on the lease is released whatever ends the run, even if this call is dropped.
        let mut keeper = Some(LeaseKeeper::start(&self.lease));
        let started = self.start(at, definition, known, shared, &mut keeper).await;
        if let Err(error) = &started {
            self.release(error).await;
        }
        started
    }

    async fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        match info {
            Some(info) if info.begins_inner_run() => {
                return self.run_inner(flow, info, shared, run).await;
            }
            Some(_) => return run.run(shared).await,
            None => {}
        }
        let mut keeper = self.keeper().take();
        let lost = async {
            match &mut keeper {
                Some(keeper) => keeper.lost().await,
                None => std::future::pending().await,
            }
        };
        let panic = |panic| flow.error(panic);
        let result = tokio::select! {
            result = self.guarded(panic, run.run(&mut *shared)) => result,
            lost = lost => Err(flow.error(lost)),
        };
        match &result {
            Ok(taken) => {
                let at = BeginsAt::outermost(flow);
                let end = self.end(at, taken.action(), shared);
                if let Err(error) = self.guarded(panic, end).await {
                    self.release(&error).await;
                    return Err(error);
                }
                self.lease.ended();
                event!(INFO, "run finished", run = &*self.id, exit = taken.action());
            }
            Err(error) if self.stops_with(error) => self.release(error).await,
            Err(error) if !self.memory().settled && self.lease.is_held() => {
                let suspended_until = self.memory().attempts.suspended_until();
                match suspended_until {
                    _ if !waits_for_value(error) => self.fail(error).await,
                    Some(due) => self.park_for_attempts(due, error).await,
                    None => self.park_for_inner_runs(error).await,
                }
            }
            Err(error) if !waits_for_value(error) => {
                let (run, error) = (&*self.id, self.shown(error));
                event!(WARN, "run stopped", run = run, error = error);
            }
            Err(_) => {}
        }
        result
    }

    async fn wait_to_retry<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        time: Duration,
        call: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        let inner = self.inner_run(info);
        let this = inner.as_deref().unwrap_or(self);
        this.wait_for_attempt(info, next, time, call).await
    }

    fn earlier_attempts(&self, info: &StepInfo<'_>, first: Attempt<'_>) -> Option<EarlierAttempts> {
        let inner = self.inner_run(info);
        inner.as_deref().unwrap_or(self).made_earlier(info, first)
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if self.is_stopping() {
            // The inner runs that run at the same time stop before their next step as well.
            return Err(info.suspend(Stopped));
        }
        let inner = self.inner_run(info);
        let this = inner.as_deref().unwrap_or(self);
        let inner_runs = holds_inner_runs(info);
        let taken = this.take_step(info, inner_runs, shared, run).await?;
        if inner_runs {
            self.inner_runs.forget(&this.id, info.step());
        }
        Ok(taken)
    }
}
