//! Where a replay is in the record.

use std::collections::HashMap;

use pocketflow::{Graph, ItemName, StepInfo};

use super::plan::{InnerKey, Plan};
use crate::State;
use crate::event::Item;

/// A replay that is running.
#[derive(Debug)]
pub(super) struct Progress {
    /// The graph of the outermost flow.
    pub(super) graph: &'static Graph,
    /// What has changed in the store since the record.
    pub(super) notes: Vec<String>,
    outermost: usize,
    runs: HashMap<usize, RunProgress>,
}

/// Where one run is: the outermost, or an inner one.
#[derive(Debug)]
pub(super) struct RunProgress {
    /// How many steps of the record are over.
    pub(super) done: usize,
    /// The step of the record that is running.
    pub(super) current: Option<usize>,
    /// The fields of the store in the record, before the current step.
    pub(super) state: State,
    /// How often each place has been visited.
    visits: HashMap<Vec<String>, usize>,
}

impl Progress {
    pub(super) fn new(graph: &'static Graph, outermost: usize, plan: &Plan) -> Self {
        let mut progress = Self {
            graph,
            notes: Vec::new(),
            outermost,
            runs: HashMap::new(),
        };
        progress.begin(outermost, plan);
        progress
    }

    /// Begins a run.
    pub(super) fn begin(&mut self, run: usize, plan: &Plan) {
        let begun = RunProgress {
            done: 0,
            current: None,
            state: plan.first(run).state_at_start(),
            visits: HashMap::new(),
        };
        self.runs.insert(run, begun);
    }

    pub(super) fn run(&mut self, run: usize) -> Option<&mut RunProgress> {
        self.runs.get_mut(&run)
    }

    /// The run of the record that a step is in, or that begins here.
    pub(super) fn run_of(&self, info: &StepInfo<'_>, plan: &Plan) -> Option<usize> {
        match info.inner_run() {
            None => Some(self.outermost),
            Some(_) => plan.inner(&self.inner_key(info, plan)?),
        }
    }

    /// What identifies the inner run of a step.
    fn inner_key(&self, info: &StepInfo<'_>, plan: &Plan) -> Option<InnerKey> {
        let inner = info.inner_run()?;
        let outer = inner.outer();
        let run = self.run_of(&outer, plan)?;
        let step = self.runs.get(&run)?.current?;
        Some(InnerKey {
            run,
            step: plan.step(run, step).step.step,
            branch: outer.branch_number(),
            field: inner.field().to_owned(),
            item: inner.item().map(item),
        })
    }

    /// The step of the record around an inner run.
    pub(super) fn outer_step(&self, info: &StepInfo<'_>, plan: &Plan) -> Option<(usize, usize)> {
        let run = self.run_of(&info.inner_run()?.outer(), plan)?;
        Some((run, self.runs.get(&run)?.current?))
    }
}

impl RunProgress {
    /// Counts a visit to a place, and returns how many there were before.
    pub(super) fn visit(&mut self, path: &[String]) -> usize {
        let visits = self.visits.entry(path.to_owned()).or_default();
        *visits += 1;
        *visits - 1
    }
}

fn item(name: &ItemName) -> Item {
    match name.index() {
        Some(index) => Item::Index(index),
        None => Item::Key(name.key().unwrap_or_default().to_owned()),
    }
}

/// The names of places from the outermost flow of the run down to this place.
pub(super) fn path(info: &StepInfo<'_>) -> Vec<String> {
    let mut path = vec![info.name().to_owned()];
    let mut next = info.parent();
    while let Some(parent) = next {
        path.push(parent.name().to_owned());
        next = parent.parent();
    }
    path.reverse();
    path
}
