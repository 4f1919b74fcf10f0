//! Compares the end of a step and of a run with the record.

use pocketflow::{Error, StepInfo, StoredError, Taken};

use super::outside::stopped;
use crate::replay::difference::{Difference, Differing, Differs};
use crate::replay::error::ReplayErrorKind;
use crate::replay::fields::Replayable;
use crate::replay::one_run::{Replay, lock};
use crate::replay::{compare, graphs, marks};
use crate::{Outcome, names};

impl Replay {
    /// Compares a step with the record.
    pub(super) fn end_step<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        (run, step): (usize, usize),
        shared: &mut S,
        result: Result<Taken, Error>,
    ) -> Result<Taken, Error> {
        if result.as_ref().is_err_and(is_of_replay) || !self.compares {
            return result;
        }
        let ended = self.plan.ended(run, step);
        let changed = compare::changed::<S>(info, ended);
        let (before, then) = {
            let mut guard = lock(&self.progress);
            let Some(at) = guard.as_mut().and_then(|progress| progress.run(run)) else {
                return result;
            };
            let before = compare::texts_of::<S>(&changed, &at.state);
            self.plan.after(run, step, &mut at.state);
            at.done = step + 1;
            (before, compare::texts_of::<S>(&changed, &at.state))
        };
        let Some(ended) = ended else {
            // The process died here, or the run was dropped.
            return result;
        };
        let result = match stopped(info, ended) {
            // A driver that this run does not have stopped the run after the step.
            Some(error) if result.is_ok() => Err(error),
            _ => result,
        };
        let graph = self
            .plan
            .recording()
            .graph(self.plan.step(run, step).step.graph);
        let graph = graph.expect("checked when the record was read");
        let place = self.plan.step(run, step).step.place;
        let mut differs = Vec::from_iter(compare::result(graph, place, ended, info, &result));
        differs.extend(compare::fields(&changed, Some(&before), &then, shared));
        if differs.is_empty() {
            return result;
        }
        Err(self.differs(info, differs))
    }

    /// Compares the end of a run with the record.
    pub(super) fn ends<S: Replayable>(
        &self,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        result: Result<Taken, Error>,
    ) -> Result<Taken, Error> {
        if result
            .as_ref()
            .is_err_and(|error| is_of_replay(error) || error.suspends())
            || !self.compares
        {
            return result;
        }
        let all = (0..S::STORE.fields.len()).collect();
        let (run, then, state) = {
            let mut guard = lock(&self.progress);
            let Some(progress) = &mut *guard else {
                return result;
            };
            let run = match info {
                Some(info) => progress.run_of(info, &self.plan),
                None => Some(self.run),
            };
            let Some((run, at)) = run.and_then(|run| Some((run, progress.run(run)?))) else {
                return result;
            };
            let steps = &self.plan.run(run).steps;
            for passed in at.done..steps.len() {
                self.plan.before(run, passed, &mut at.state);
                self.plan.after(run, passed, &mut at.state);
            }
            self.plan.at_end(run, &mut at.state);
            let next = (at.done < steps.len()).then(|| self.plan.step(run, at.done));
            let then = match (self.plan.outcome(run), next) {
                (_, Some(step)) => format!("went on to `{}`", step.step.path.join(" > ")),
                (Outcome::Exit(exit), None) => names::end(exit),
                (Outcome::Failed(error), None) => error.join(": "),
                // The record has no more steps, and nobody knows how the run would have ended.
                (Outcome::Suspended(_) | Outcome::Unfinished, None) => return result,
            };
            (run, then, compare::texts_of::<S>(&all, &at.state))
        };
        let now = match &result {
            Ok(taken) => names::end(taken.action()),
            Err(error) => StoredError::texts(error).join(": "),
        };
        let mut differs = Vec::new();
        if !marks::is_like(&then, &now) {
            differs.push(Differing::new(Differs::End, then, now));
        }
        differs.extend(compare::fields(&all, None, &state, shared));
        if differs.is_empty() {
            return result;
        }
        let place = match info {
            Some(info) => info.to_string(),
            None => self.plan.graph(run).name.clone(),
        };
        let kind = self.difference(place, None, differs);
        Err(match (info, &*lock(&self.progress)) {
            (Some(info), _) => info.error(kind),
            (None, Some(progress)) => progress.graph.error(kind),
            (None, None) => return result,
        })
    }

    /// The error of a difference at a step.
    pub(super) fn differs(&self, info: &StepInfo<'_>, differs: Vec<Differing>) -> Error {
        let place = info.to_string();
        let step = (!info.begins_inner_run()).then(|| info.step());
        info.error(self.difference(place, step, differs))
    }

    pub(super) fn difference(
        &self,
        place: String,
        step: Option<u64>,
        differs: Vec<Differing>,
    ) -> ReplayErrorKind {
        let graph = self.plan.graph(self.run);
        let mut notes = Vec::new();
        if let Some(progress) = &*lock(&self.progress) {
            notes = graphs::changes(self.plan.recording(), graph, progress.graph);
            notes.extend(progress.notes.iter().cloned());
        }
        ReplayErrorKind::Differs(Box::new(Difference {
            flow: match &*graph.name {
                "" => "flow".to_owned(),
                name => name.to_owned(),
            },
            place,
            step,
            differs,
            notes,
        }))
    }
}

/// Whether a replay has made the error.
fn is_of_replay(error: &Error) -> bool {
    error.find::<ReplayErrorKind>().is_some()
}
