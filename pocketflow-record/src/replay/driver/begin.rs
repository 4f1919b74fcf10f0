//! Where a run, an inner run and a step are in the record.

use std::sync::atomic::Ordering::Relaxed;

use pocketflow::{Error, Graph, Start, StepInfo};

use super::STOPS;
use crate::replay::compare::{is_mark, value_of};
use crate::replay::damage::damage;
use crate::replay::difference::{Differing, Differs};
use crate::replay::error::ReplayErrorKind;
use crate::replay::fields::{ReplayFields, Replayable};
use crate::replay::marks;
use crate::replay::one_run::{Replay, lock};
use crate::replay::progress::{Progress, path};
use crate::replay::values::shown;
use crate::{Ended, Outcome, State, names};

/// Where a step is in the record.
pub(super) enum At {
    /// It is this step of this run.
    Step { run: usize, step: usize },
    /// The record stops before it.
    Over,
    /// The record does not have it, and is not compared.
    Unknown,
}

impl Replay {
    pub(super) fn begin_outermost<S: Replayable>(
        &self,
        flow: &'static Graph,
        shared: &mut S,
    ) -> Result<Start, ReplayErrorKind> {
        let graph = self.plan.graph(self.run);
        if graph.name != flow.name {
            return Err(ReplayErrorKind::OtherFlow {
                recorded: vec![graph.name.clone()],
                flow: flow.name.to_owned(),
            });
        }
        if self.plan.pieces(self.run).any(|piece| !piece.run.values) {
            return Err(ReplayErrorKind::WithoutValues);
        }
        if let Some(what) = damage(&self.plan, self.run) {
            return Err(ReplayErrorKind::Damaged { what });
        }
        self.check_fields::<S>(self.run)?;
        let mut progress = Progress::new(flow, self.run, &self.plan);
        let state = self.plan.first(self.run).state_at_start();
        progress.notes = store_changes::<S>(&state);
        fill(&state, None, shared)?;
        *lock(&self.progress) = Some(progress);
        Ok(self.start(self.run, flow))
    }

    pub(super) fn begin_inner<S: Replayable>(
        &self,
        flow: &'static Graph,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        self.events.fetch_add(1, Relaxed);
        let mut guard = lock(&self.progress);
        let Some(progress) = &mut *guard else {
            return Ok(Start::Fresh);
        };
        if let Some(run) = progress.run_of(info, &self.plan) {
            progress.begin(run, &self.plan);
            drop(guard);
            self.check_fields::<S>(run)
                .map_err(|kind| info.error(kind))?;
            let start = self.start(run, flow);
            if start != Start::Fresh {
                let state = self.plan.first(run).state_at_start();
                fill(&state, None, shared).map_err(|kind| info.error(kind))?;
            }
            return Ok(start);
        }
        let outer = progress.outer_step(info, &self.plan);
        drop(guard);
        let Some((run, step)) = outer.filter(|_| self.compares) else {
            return Ok(Start::Fresh);
        };
        // The step may have ended before this run began.
        let is_done = |ended: &Ended| matches!(ended, Ended::Taken(taken) if !taken.failed);
        if !self.plan.ended(run, step).is_some_and(is_done) {
            return Err(info.suspend(STOPS));
        }
        let first = usize::from(self.plan.run(run).steps[0].is_stored);
        if step == first && self.plan.first(run).run.resumed.is_some() {
            let kind = ReplayErrorKind::BeginsInTheMiddle {
                run: info.to_string(),
            };
            return Err(info.error(kind));
        }
        let now = info.to_string();
        let differs = Differing::new(Differs::InnerRun, "none", now);
        Err(self.differs(info, vec![differs]))
    }

    /// A value of the record that the store has no field for would be lost without a word, and a field
    /// that was renamed would not be compared.
    fn check_fields<S: Replayable>(&self, run: usize) -> Result<(), ReplayErrorKind> {
        let is_gone = |name: &str| {
            let mut fields = S::STORE.fields.iter().filter(|field| !field.skipped);
            !self.without.contains(name)
                && !fields.any(|field| field.names().any(|known| known == name))
        };
        let gone = self.plan.filled_fields(run).into_iter();
        let gone = gone.filter(|(name, _)| is_gone(name));
        let gone: Vec<_> = gone
            .map(|(name, text)| (name.to_owned(), shown(text)))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        Err(ReplayErrorKind::GoneFields {
            store: S::STORE.name.to_owned(),
            fields: gone,
        })
    }

    /// Finds a step in the record.
    pub(super) fn begin_step<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<At, Error> {
        self.events.fetch_add(1, Relaxed);
        let mut guard = lock(&self.progress);
        let Some(progress) = &mut *guard else {
            return Ok(At::Unknown);
        };
        let names = path(info);
        let Some(run) = progress.run_of(info, &self.plan) else {
            return Ok(At::Unknown);
        };
        let Some(at) = progress.run(run) else {
            return Ok(At::Unknown);
        };
        let visit = at.visit(&names);
        at.current = None;
        let step = if self.compares {
            self.plan.step_numbered(run, info.step())
        } else {
            self.plan.visit(run, &names, visit)
        };
        let Some(step) = step else {
            drop(guard);
            return self.is_over(info, run);
        };
        if self.compares && self.plan.step(run, step).step.path != names {
            drop(guard);
            let then = self.plan.step(run, step).step.path.join(" > ");
            let differs = Differing::new(Differs::Place, then, names.join(" > "));
            return Err(self.differs(info, vec![differs]));
        }
        at.current = Some(step);
        if !self.compares {
            if info.waits_for().is_some() || info.sleeps_for().is_some() {
                at.state = self.plan.state_before(run, step);
            }
            return Ok(At::Step { run, step });
        }
        // A driver around this one may have completed a step itself: a stub that fills a wait.
        for passed in at.done..step {
            self.plan.before(run, passed, &mut at.state);
            self.plan.after(run, passed, &mut at.state);
        }
        at.done = step;
        let resumes = self.plan.run(run).steps[step].resumes;
        let known = resumes.then(|| at.state.clone());
        self.plan.before(run, step, &mut at.state);
        if let Some(known) = known {
            let state = at.state.clone();
            drop(guard);
            fill(&state, Some(&known), shared).map_err(|kind| info.error(kind))?;
        }
        Ok(At::Step { run, step })
    }

    /// The record of the run has no such step.
    pub(super) fn is_over(&self, info: &StepInfo<'_>, run: usize) -> Result<At, Error> {
        let then = match self.plan.outcome(run) {
            Outcome::Unfinished | Outcome::Suspended(_) => return Ok(At::Over),
            _ if !self.compares => return Ok(At::Unknown),
            Outcome::Exit(exit) => names::end(exit),
            Outcome::Failed(error) => error.join(": "),
        };
        let differs = Differing::new(Differs::Place, then, path(info).join(" > "));
        Err(self.differs(info, vec![differs]))
    }
}

/// Sets the fields of a store to a state of the record: all of them, or those that differ from a state
/// that the store has already. A confidential field keeps the value that the store has.
pub(super) fn fill<S: Replayable>(
    state: &State,
    known: Option<&State>,
    shared: &mut S,
) -> Result<(), ReplayErrorKind> {
    for (index, field) in S::STORE.fields.iter().enumerate() {
        let text = value_of(state, field).filter(|text| !is_mark(text));
        let is_known = |text: &str| known.and_then(|known| value_of(known, field)) == Some(text);
        if let Some(text) = text.filter(|text| !is_known(text)) {
            fill_field(index, text, shared)?;
        }
    }
    Ok(())
}

pub(super) fn fill_field<S: Replayable>(
    index: usize,
    text: &str,
    shared: &mut S,
) -> Result<(), ReplayErrorKind> {
    let field = S::STORE.fields[index].name;
    if is_mark(text) {
        return Err(ReplayErrorKind::RedactedField {
            field: field.to_owned(),
        });
    }
    let known = ReplayFields::write(index, shared).and_then(Result::ok);
    let text = match &known {
        Some(known) => marks::filled(text, known),
        None => text.into(),
    };
    if let Some(member) = marks::first(field, &text) {
        return Err(ReplayErrorKind::RedactedMember { member });
    }
    ReplayFields::read(index, &text, shared).map_err(|error| ReplayErrorKind::BadValue {
        of: format!("the field `{field}`"),
        to: None,
        error: error.to_string(),
    })
}

/// What has changed in the store since the record, and what the record does not tell.
pub(super) fn store_changes<S: Replayable>(state: &State) -> Vec<String> {
    let mut notes = Vec::new();
    let store = S::STORE.name;
    for field in S::STORE.fields.iter().filter(|field| !field.skipped) {
        let name = field.name;
        match value_of(state, field) {
            None => notes.push(format!("the field `{name}` of `{store}` is new")),
            Some(text) if is_mark(text) => notes.push(format!(
                "the field `{name}` is not in the record, so it has the value of the store that the replay was given"
            )),
            Some(_) => {}
        }
    }
    for (name, _) in state.iter() {
        let mut fields = S::STORE.fields.iter();
        if !fields.any(|field| field.names().any(|known| known == name)) {
            notes.push(format!(
                "the store `{store}` no longer has the field `{name}`"
            ));
        }
    }
    notes
}
