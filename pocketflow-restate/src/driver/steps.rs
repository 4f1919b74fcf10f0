//! Steps, and the inner runs that some of them consist of.

use std::pin::pin;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use pocketflow::{Error, Failed, Run, StepInfo};
use pocketflow_durable::{Changed, Durable, caught};

use super::begin::HINTS;
use super::local::Local;
use super::{Burst, Part, Pause, Performed};
use crate::items::Answer;
use crate::pump::{Failure, Json, Outcome, Step};

/// A step that was taken.
enum Taken {
    Here(pocketflow::Taken),
    /// By another worker.
    Far(Step),
}

impl Burst {
    pub(super) async fn step<S: Durable, R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<pocketflow::Taken, Error> {
        let local = self.local(info);
        let done = local.memory().done.take();
        if let Some((_, action)) = done.filter(|(step, _)| *step == info.step()) {
            return self.taken(info, &action);
        }
        let pauses = info.waits_for().is_some() || info.sleeps_for().is_some();
        if self.only_looks() {
            if let Some(portion) = self.portion.as_ref().filter(|_| !pauses) {
                return self
                    .compute_step(portion, (info, &local), shared, run)
                    .await;
            }
            if !pauses {
                return run.run(shared).await;
            }
            if let Some(probe) = &self.probe {
                probe.look(info, &local, shared);
            }
            return Err(info.suspend(Pause));
        }
        let is_over = if local.id.is_empty() {
            self.desk.at(info.to_string());
            self.is_used_up()
        } else {
            self.is_full()
        };
        if is_over {
            return Err(self.goes_on(info));
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
    ) -> Result<pocketflow::Taken, Error> {
        let key = local.key(info.step(), Part::Step);
        let performed = {
            let work = async {
                let (sender, far) = oneshot::channel();
                local.memory().far = Some(sender);
                let ended = {
                    let run = pin!(caught(run.run(&mut *shared)));
                    match select(run, far).await {
                        Either::Left((taken, _)) => Ok(taken),
                        Either::Right((Ok(step), _)) => Err(step),
                        // Nobody has the sender any more.
                        Either::Right((Err(_), run)) => Ok(run.await),
                    }
                };
                let taken = match ended {
                    Ok(taken) => taken,
                    Err(step) => {
                        let record = local.record(key.clone(), Outcome::Step(step.clone()));
                        return Ok((Taken::Far(step), record));
                    }
                };
                let taken = taken.unwrap_or_else(|panic| Err(info.error(panic)))?;
                let record = self.finished(info, local, taken.action(), shared)?;
                Ok((Taken::Here(taken), record))
            };
            self.desk.perform(key.clone(), work).await?
        };
        match performed {
            Performed::Now(Taken::Here(taken)) => {
                local.memory().keeper.stored();
                self.forget_inner(info, local);
                Ok(taken)
            }
            Performed::Now(Taken::Far(step)) => {
                self.replayed(info, local, Outcome::Step(step), shared)
            }
            Performed::Before(outcome) => self.replayed(info, local, outcome, shared),
        }
    }

    /// Lets another worker take a step of an inner run. Returns whether it has.
    pub(super) async fn takes_far(&self, info: &StepInfo<'_>) -> Result<bool, Error> {
        let Some(elsewhere) = self.elsewhere() else {
            return Ok(false);
        };
        let local = self.local(info);
        let key = local.key(info.step(), Part::Step);
        let far = self.far(&**elsewhere, (info, &local), &key, None);
        let Some(Answer::Step(step)) = far.await? else {
            return Ok(false);
        };
        let sender = local.memory().far.take();
        Ok(sender.is_some_and(|sender| sender.send(step).is_ok()))
    }

    /// A step that is recorded.
    pub(super) fn replayed<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        outcome: Outcome,
        shared: &mut S,
    ) -> Result<pocketflow::Taken, Error> {
        let Outcome::Step(Step { action, change, .. }) = outcome else {
            unreachable!("a step is recorded as a step");
        };
        self.apply(info, local, &change, shared)?;
        self.forget_inner(info, local);
        self.taken(info, &action)
    }

    fn taken(&self, info: &StepInfo<'_>, action: &str) -> Result<pocketflow::Taken, Error> {
        info.taken(action).ok_or_else(|| {
            let conflict = format!("`{info}` has no action \"{action}\" any more, which it took");
            info.error(Changed {
                run: self.run.clone(),
                conflicts: vec![conflict],
                help: HINTS.changed,
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
    ) -> Result<pocketflow::Taken, Error> {
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
