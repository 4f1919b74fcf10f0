//! Steps, and the inner runs that some of them consist of.

use pocketflow::{Error, Failed, Run, StepInfo, Taken};
use pocketflow_durable::{Changed, Durable, caught};

use super::local::Local;
use super::{Burst, Part, Pause, Performed};
use crate::pump::{Failure, Json, Outcome, Step};

impl Burst {
    pub(super) async fn step<S: Durable, R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let local = self.local(info);
        let done = local.memory().done.take();
        if let Some((_, action)) = done.filter(|(step, _)| *step == info.step()) {
            return self.taken(info, &action);
        }
        let pauses = info.waits_for().is_some() || info.sleeps_for().is_some();
        if self.only_looks() {
            if !pauses {
                return run.run(shared).await;
            }
            if let Some(probe) = &self.probe {
                probe.look(info, &local, shared);
            }
            return Err(info.suspend(Pause));
        }
        if local.id.is_empty() {
            self.desk.at(info.to_string());
            if self.is_used_up() {
                return Err(info.suspend(Pause));
            }
        }
        if pauses {
            return self.pause(info, &local, shared).await;
        }
        self.work(info, &local, shared, run).await
    }

    /// Takes a step that works.
    async fn work<S: Durable, R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let key = local.key(info.step(), Part::Step);
        let performed = {
            let work = async {
                let taken = caught(run.run(&mut *shared)).await;
                let taken = taken.unwrap_or_else(|panic| Err(info.error(panic)))?;
                let record = self.finished(info, local, taken.action(), shared)?;
                Ok((taken, record))
            };
            self.desk.perform(key, work).await?
        };
        match performed {
            Performed::Now(taken) => {
                local.memory().keeper.stored();
                self.forget_inner(info, local);
                Ok(taken)
            }
            Performed::Before(outcome) => self.replayed(info, local, outcome, shared),
        }
    }

    /// A step that is recorded.
    pub(super) fn replayed<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        outcome: Outcome,
        shared: &mut S,
    ) -> Result<Taken, Error> {
        let Outcome::Step(Step { action, change, .. }) = outcome else {
            unreachable!("a step is recorded as a step");
        };
        self.apply(info, local, &change, shared)?;
        self.forget_inner(info, local);
        self.taken(info, &action)
    }

    fn taken(&self, info: &StepInfo<'_>, action: &str) -> Result<Taken, Error> {
        info.taken(action).ok_or_else(|| {
            let conflict = format!("`{info}` has no action \"{action}\" any more, which it took");
            info.error(Changed {
                run: self.run.clone(),
                conflicts: vec![conflict],
            })
        })
    }

    /// Forgets the inner runs of a finished step, some of which may have been dropped before their
    /// end.
    fn forget_inner(&self, info: &StepInfo<'_>, local: &Local) {
        let within = match &*local.id {
            "" => format!("{}/", info.step()),
            run => format!("{run}/{}/", info.step()),
        };
        self.runs().retain(|id, _| !id.starts_with(&within));
    }

    /// Drives an inner run to its end. A failure that goes to a field is recorded, because the run does
    /// not run again.
    pub(super) async fn run_inner<S: Durable, R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let inner = info.inner_run();
        if self.only_looks() || !inner.is_some_and(|inner| inner.collects_failures()) {
            return run.run(shared).await;
        }
        let local = self.local(info);
        let key = local.key(0, Part::Failure);
        let ended = {
            let running = run.run(&mut *shared);
            self.desk.unless_recorded(&key, running).await
        };
        let error = match ended {
            Err(Outcome::Failure(failure)) => return Err(self.failed(info, &failure, shared)),
            Err(_) => unreachable!("a failure is recorded as a failure"),
            Ok(Err(error)) if error.is_failure() && !error.suspends() => error,
            Ok(result) => return result,
        };
        let failed = serde_json::to_string(&Failed::from(&error)).and_then(Json::new);
        let failed =
            failed.map_err(|source| info.error(self.bad("store", "the failure", source)))?;
        // What its steps have not recorded does not count.
        let store = local.memory().keeper.last();
        let store = self.json(info, "the store", store)?;
        let failure = Outcome::Failure(Failure { failed, store });
        let record = local.record(key, failure);
        self.desk.record(record).await;
        Err(error)
    }
}
