//! What came from outside the flow: what filled a wait, and drivers that stopped or stored a step.

use pocketflow::{Error, Stage, StepInfo, Taken};

use super::begin::{fill, fill_field};
use super::{STOPS, slept};
use crate::replay::compare::value_of;
use crate::replay::fields::Replayable;
use crate::replay::one_run::{Replay, lock};
use crate::replay::recorded_error::{step_error, suspension};
use crate::{Ended, State};

impl Replay {
    /// The error of a driver that stopped the run at this step before anything ran, such as a limit that
    /// this run does not have.
    pub(super) fn stopped_before(
        &self,
        info: &StepInfo<'_>,
        (run, step): (usize, usize),
    ) -> Option<Error> {
        let known = self.plan.step(run, step);
        if !known.execs.is_empty() || !known.inner_runs.is_empty() || info.waits_for().is_some() {
            return None;
        }
        stopped(info, known.ended.as_ref()?)
    }

    /// The action of a step that a driver had stored when the run resumed there.
    pub(super) fn stored_action(
        &self,
        info: &StepInfo<'_>,
        (run, step): (usize, usize),
    ) -> Option<Taken> {
        let is_stored = self.plan.run(run).steps[step].is_stored;
        let action = self.plan.step(run, step).action();
        action
            .filter(|_| is_stored)
            .and_then(|action| info.taken(action))
    }

    /// Fills the field of a wait. Returns `None` if the step failed in the record, so that it fails
    /// again.
    pub(super) fn wait<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        (run, step): (usize, usize),
        shared: &mut S,
    ) -> Option<Result<Taken, Error>> {
        match self.plan.ended(run, step) {
            Some(Ended::Failed(failed)) if info.expires_after().is_some() => {
                Some(Err(step_error(info, &failed.error)))
            }
            Some(Ended::Failed(_)) => None,
            Some(Ended::Suspended(suspended)) => {
                let arrived = self.arrives(info, (run, step), shared);
                Some(arrived.and(Err(suspension(info, &suspended.error))))
            }
            Some(Ended::Taken(taken)) => {
                let arrived = self.arrives(info, (run, step), shared).and_then(|state| {
                    let index = S::STORE.field(field);
                    let Some(index) = index else { return Ok(()) };
                    let text = value_of(&state, &S::STORE.fields[index]).unwrap_or("null");
                    fill_field(index, text, shared).map_err(|kind| info.error(kind))
                });
                // Otherwise today's wait does not have this action, and the comparison says so.
                let action = info.taken(&taken.action).unwrap_or_else(|| slept(info));
                Some(arrived.map(|()| action))
            }
            None => Some(Err(info.suspend(STOPS))),
        }
    }

    /// Changes the store by what came from outside while a step waited or slept. Returns the state in the
    /// record.
    pub(super) fn arrives<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        (run, step): (usize, usize),
        shared: &mut S,
    ) -> Result<State, Error> {
        let before = match lock(&self.progress).as_mut().and_then(|all| all.run(run)) {
            Some(at) => at.state.clone(),
            None => State::default(),
        };
        let mut state = before.clone();
        self.plan.after(run, step, &mut state);
        fill(&state, Some(&before), shared).map_err(|kind| info.error(kind))?;
        Ok(state)
    }
}

/// The error of a driver with which a step ended.
pub(super) fn stopped(info: &StepInfo<'_>, ended: &Ended) -> Option<Error> {
    let by_driver = format!(": {}", Stage::Driver);
    let texts = ended.error();
    let is_by_driver = texts.first().is_some_and(|text| text.ends_with(&by_driver));
    match ended {
        Ended::Failed(_) if is_by_driver => Some(step_error(info, texts)),
        Ended::Suspended(_) if is_by_driver => Some(suspension(info, texts)),
        _ => None,
    }
}
