//! The runs of a record as a replay walks them: the pieces of a run that has resumed are joined, and
//! each exec is found by its branch and its item.

use std::collections::{HashMap, HashSet};

use crate::event::{self, Item, Values};
use crate::{Changes, Ended, Outcome, Recording, Run, State, Step};

/// A record, prepared for replays.
#[derive(Debug)]
pub(super) struct Plan {
    recording: Recording,
    runs: Vec<PlannedRun>,
    inner: HashMap<InnerKey, usize>,
}

/// A run, whose pieces are runs of the record.
#[derive(Debug)]
pub(super) struct PlannedRun {
    /// The indices of the pieces in [`Recording::runs`], in their order.
    pieces: Vec<usize>,
    pub(super) steps: Vec<PlannedStep>,
    /// The steps at each place, by the path of the place.
    visits: HashMap<Vec<String>, Vec<usize>>,
    is_inner: bool,
}

/// A step of a run.
#[derive(Debug)]
pub(super) struct PlannedStep {
    /// The run of the record, and the step in it.
    run: usize,
    step: usize,
    /// Whether the run has resumed here.
    pub(super) resumes: bool,
    /// Whether only the action was taken here, because a driver had stored the rest.
    pub(super) is_stored: bool,
    execs: HashMap<ExecKey, ExecAt>,
}

/// The branch and the item.
type ExecKey = (Option<usize>, Option<usize>);

/// An exec: the run of the record, the step in it, and the exec in that.
type ExecAt = (usize, usize, usize);

/// What identifies an inner run: the run around it, and the step, the branch, the field and the item.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct InnerKey {
    pub(super) run: usize,
    pub(super) step: u64,
    pub(super) branch: Option<usize>,
    pub(super) field: String,
    pub(super) item: Option<Item>,
}

impl Plan {
    pub(super) fn new(recording: Recording) -> Self {
        let mut plan = Self {
            recording,
            runs: Vec::new(),
            inner: HashMap::new(),
        };
        // The run that each run of the record is a piece of, by its number.
        let mut joined = HashMap::new();
        for index in 0..plan.recording.runs().len() {
            let run = plan.add(index, &joined);
            joined.insert(plan.recording.runs()[index].number(), run);
        }
        plan
    }

    /// Adds a run of the record, and returns which run it belongs to.
    fn add(&mut self, index: usize, joined: &HashMap<u64, usize>) -> usize {
        let event = &self.recording.runs()[index].run;
        let key = event.parent.as_ref().map(|parent| InnerKey {
            run: joined[&parent.run],
            step: parent.step,
            branch: parent.branch,
            field: parent.field.clone(),
            item: parent.item.clone(),
        });
        let earlier = match &key {
            Some(key) if event.resumed.is_some() => self.inner.get(key).copied(),
            Some(_) => None,
            None => self.earlier_piece(index),
        };
        let run = earlier.unwrap_or_else(|| {
            self.runs.push(PlannedRun {
                pieces: Vec::new(),
                steps: Vec::new(),
                visits: HashMap::new(),
                is_inner: key.is_some(),
            });
            self.runs.len() - 1
        });
        // A step that ran again takes the place of the earlier one, and so do its inner runs.
        if let Some(key) = key {
            self.inner.insert(key, run);
        }
        self.join(run, index);
        run
    }

    /// The outermost run that this run of the record goes on with. If it begins with the first step, the
    /// earlier piece did not get past it.
    fn earlier_piece(&self, index: usize) -> Option<usize> {
        let runs = self.recording.runs();
        let new = &runs[index];
        let name = &self.recording.graph_of(new).name;
        let earlier = self.runs.iter().rposition(|run| {
            let piece = &runs[run.pieces[0]];
            !run.is_inner
                && new.run.id.is_some()
                && piece.run.id == new.run.id
                && self.recording.graph_of(piece).name == *name
        })?;
        let goes_on = match self.outcome(earlier) {
            _ if new.run.resumed.is_some() => true,
            Outcome::Suspended(_) | Outcome::Unfinished => true,
            Outcome::Failed(_) => self.first(earlier).run.shared == new.run.shared,
            Outcome::Exit(_) => false,
        };
        goes_on.then_some(earlier)
    }

    /// Adds a piece to a run.
    fn join(&mut self, to: usize, index: usize) {
        let runs = self.recording.runs();
        let piece = &runs[index];
        let run = &mut self.runs[to];
        let goes_on = !run.pieces.is_empty();
        run.pieces.push(index);
        let of_number = |run: &PlannedRun, number| {
            let number_of = |step: &PlannedStep| runs[step.run].steps[step.step].step.step;
            run.steps.partition_point(|step| number_of(step) < number)
        };
        // A driver that resumes at a step that it has stored takes its action again, and nothing else of it
        // happens. What did happen is in an earlier piece.
        let first = piece.steps.first().filter(|_| piece.run.resumed.is_some());
        let stored = first.is_some_and(|first| {
            let ran = !first.execs.is_empty() || !first.inner_runs.is_empty();
            let passed = first.step.waits.is_some() || first.step.sleeps_ms.is_some();
            first.action().is_some() && !ran && !passed
        });
        let mut skipped = 0;
        if let (true, Some(first)) = (stored, first) {
            let at = of_number(run, first.step.step);
            let known = run
                .steps
                .get(at)
                .map(|step| &runs[step.run].steps[step.step]);
            if known.is_some_and(|known| known.action() == first.action()) {
                run.steps.truncate(at + 1);
                skipped = 1;
            }
        }
        let new = piece.steps.get(skipped).map(|step| step.step.step);
        let again = new.map_or(run.steps.len(), |number| of_number(run, number));
        let replaced = run.steps.split_off(again);
        for (at, step) in piece.steps.iter().enumerate().skip(skipped) {
            let mut execs = HashMap::new();
            // The items of a batch that were done before are not done again.
            if let Some(before) = replaced.first().filter(|_| at == skipped) {
                let known = &runs[before.run].steps[before.step];
                let is_part = |key: &ExecKey| *key != (None, None);
                if known.step.path == step.step.path {
                    execs.extend(before.execs.iter().filter(|(key, _)| is_part(key)));
                }
            }
            let new = step.execs.iter().enumerate();
            execs.extend(new.map(|(exec, event)| ((event.branch, event.item), (index, at, exec))));
            run.steps.push(PlannedStep {
                run: index,
                step: at,
                resumes: goes_on && at == skipped,
                is_stored: stored && at == 0,
                execs,
            });
        }
        run.visits.clear();
        for (at, step) in run.steps.iter().enumerate() {
            let known = &self.recording.runs()[step.run].steps[step.step];
            let visits = run.visits.entry(known.step.path.clone()).or_default();
            visits.push(at);
        }
    }

    pub(super) fn recording(&self) -> &Recording {
        &self.recording
    }

    pub(super) fn run(&self, run: usize) -> &PlannedRun {
        &self.runs[run]
    }

    /// The outermost runs.
    pub(super) fn outermost(&self) -> impl Iterator<Item = usize> {
        let runs = self.runs.iter().enumerate();
        runs.filter_map(|(index, run)| (!run.is_inner).then_some(index))
    }

    /// The inner run at a place of another.
    pub(super) fn inner(&self, key: &InnerKey) -> Option<usize> {
        self.inner.get(key).copied()
    }

    /// The first piece of a run in the record.
    pub(super) fn first(&self, run: usize) -> &Run {
        &self.recording.runs()[self.runs[run].pieces[0]]
    }

    /// The last piece of a run in the record.
    pub(super) fn last(&self, run: usize) -> &Run {
        let pieces = &self.runs[run].pieces;
        &self.recording.runs()[pieces[pieces.len() - 1]]
    }

    /// All pieces of a run.
    pub(super) fn pieces(&self, run: usize) -> impl Iterator<Item = &Run> {
        let pieces = self.runs[run].pieces.iter();
        pieces.map(|piece| &self.recording.runs()[*piece])
    }

    /// The numbers of a run's pieces, and of all inner runs in them.
    pub(super) fn with_inner_runs(&self, run: usize) -> HashSet<u64> {
        let mut runs: HashSet<u64> = self.pieces(run).map(Run::number).collect();
        // An inner run comes after the run around it.
        for run in self.recording.runs() {
            let parent = run.run.parent.as_ref();
            if parent.is_some_and(|parent| runs.contains(&parent.run)) {
                runs.insert(run.number());
            }
        }
        runs
    }

    pub(super) fn graph(&self, run: usize) -> &event::Graph {
        self.recording.graph_of(self.first(run))
    }

    /// A step in the record.
    pub(super) fn step(&self, run: usize, step: usize) -> &Step {
        let planned = &self.runs[run].steps[step];
        &self.recording.runs()[planned.run].steps[planned.step]
    }

    /// The exec of a branch and an item.
    pub(super) fn exec(&self, run: usize, step: usize, key: ExecKey) -> Option<&event::Exec> {
        let at = self.runs[run].steps[step].execs.get(&key)?;
        Some(self.exec_at(*at))
    }

    /// The execs of a step that have failed.
    pub(super) fn failed_execs(
        &self,
        run: usize,
        step: usize,
    ) -> impl Iterator<Item = &event::Exec> {
        let execs = self.runs[run].steps[step].execs.values();
        let execs = execs.map(|at| self.exec_at(*at));
        execs.filter(|exec| !exec.error.is_empty())
    }

    fn exec_at(&self, (run, step, exec): ExecAt) -> &event::Exec {
        &self.recording.runs()[run].steps[step].execs[exec]
    }

    /// The step of a run with this number.
    pub(super) fn step_numbered(&self, run: usize, number: u64) -> Option<usize> {
        let number_of = |step: &PlannedStep| {
            let known = &self.recording.runs()[step.run].steps[step.step];
            known.step.step
        };
        let steps = &self.runs[run].steps;
        let at = steps.binary_search_by_key(&number, number_of);
        at.ok()
    }

    /// The nth visit to a place, counted from 0.
    pub(super) fn visit(&self, run: usize, path: &[String], visit: usize) -> Option<usize> {
        self.runs[run].visits.get(path)?.get(visit).copied()
    }

    /// Changes a state to what it is when a step begins. A nested flow that has failed has filled the
    /// field of its error edge, and a run that has resumed begins with its stored state.
    pub(super) fn before(&self, run: usize, step: usize, state: &mut State) {
        let planned = &self.runs[run].steps[step];
        let piece = &self.recording.runs()[planned.run];
        if planned.resumes {
            *state = piece.state_at_start();
        }
        left_before(piece, planned.step, state);
    }

    /// The state when a step begins.
    pub(super) fn state_before(&self, run: usize, step: usize) -> State {
        let mut state = self.first(run).state_at_start();
        for passed in 0..step {
            self.before(run, passed, &mut state);
            self.after(run, passed, &mut state);
        }
        self.before(run, step, &mut state);
        state
    }

    /// Changes a state by what a step has changed.
    pub(super) fn after(&self, run: usize, step: usize, state: &mut State) {
        if let Some(ended) = &self.step(run, step).ended {
            state.apply(ended.changes());
        }
    }

    /// Changes a state to what it is at the end of the run.
    pub(super) fn at_end(&self, run: usize, state: &mut State) {
        let last = self.last(run);
        left_before(last, last.steps.len(), state);
        if let Some(end) = &last.end {
            state.apply(Changes::of(&end.changed, &end.appended));
        }
    }

    /// The fields that have a value at some time of a run, each with its first value.
    pub(super) fn filled_fields(&self, run: usize) -> Vec<(&str, &str)> {
        let mut filled: Vec<(&str, &str)> = Vec::new();
        for (name, value) in self.pieces(run).flat_map(values_of).flat_map(Values::iter) {
            let is_known = filled.iter().any(|(known, _)| *known == name);
            if !is_known && value.text() != "null" {
                filled.push((name, value.text()));
            }
        }
        filled
    }

    /// How the run ended.
    pub(super) fn outcome(&self, run: usize) -> Outcome<'_> {
        self.last(run).outcome()
    }

    /// How a step ended.
    pub(super) fn ended(&self, run: usize, step: usize) -> Option<&Ended> {
        self.step(run, step).ended.as_ref()
    }
}

/// What the record of a run has of the store: the fields at its beginning, and all changes.
fn values_of(run: &Run) -> impl Iterator<Item = &Values> {
    let ended = run.steps.iter().filter_map(|step| step.ended.as_ref());
    let steps = ended.map(Ended::changes);
    let left = run.nested.iter().filter_map(|nested| nested.leave.as_ref());
    let nested = left.map(|leave| Changes::of(&leave.changed, &leave.appended));
    let ends = run.end.iter();
    let ends = ends.map(|end| Changes::of(&end.changed, &end.appended));
    let changes = steps.chain(nested).chain(ends);
    let changes = changes.flat_map(|changes| [changes.changed, changes.appended]);
    std::iter::once(&run.run.shared).chain(changes)
}

/// Changes a state by what the nested flows have changed that ended after so many steps.
fn left_before(run: &Run, steps: usize, state: &mut State) {
    // From the innermost out, which is the reverse of the order in which they began.
    let ended = run.nested.iter().rev();
    let ended = ended.filter(|nested| nested.steps.end == steps);
    for leave in ended.filter_map(|nested| nested.leave.as_ref()) {
        state.apply(Changes::of(&leave.changed, &leave.appended));
    }
}
