//! The state of a run with drivers.

mod group;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::vec;

pub(crate) use self::group::{Above, Group};

use super::frame::Frame;
use crate::graph::{FlowPosition, Position};
use crate::run_error::{Error, ItemName};

/// The steps taken, where to resume, and how often the bounded edges have been taken. An inner run
/// has a state of its own.
#[derive(Debug)]
pub(crate) struct RunState {
    steps: AtomicU64,
    /// The step after which the run resumes; 0 if it does not.
    resumes_after: AtomicU64,
    /// The steps of the inner runs of all steps before the current one.
    inner_steps: AtomicU64,
    /// The steps of the inner runs of the current step that have ended.
    ended_steps: AtomicU64,
    resume: Mutex<vec::IntoIter<FlowPosition>>,
    /// The counts of each running flow, from the outermost on. A flow without a bounded edge may
    /// be missing.
    taken: Mutex<Vec<Vec<u32>>>,
    /// What an inner run is in.
    pub(super) outer: Option<OuterRun>,
    /// The id of an inner run, once it has been asked for.
    id: OnceLock<String>,
    /// Whether it is an inner run that waits, and so holds no seat in its group.
    waits: AtomicBool,
}

/// The run around an inner run, and the place where it runs.
#[derive(Debug)]
pub(crate) struct OuterRun {
    pub(crate) state: Arc<RunState>,
    /// The number of the outer step.
    pub(crate) step: u64,
    /// How many steps the whole run had taken at the outer step.
    pub(crate) total: u64,
    /// The field that it runs on, and which item of it.
    pub(crate) field: &'static str,
    pub(crate) item: Option<ItemName>,
    /// How many flows are around its outermost one.
    pub(crate) depth: usize,
    /// The inner runs of the same step.
    pub(crate) group: Arc<Group>,
}

impl RunState {
    pub(crate) fn new(position: Position, outer: Option<OuterRun>) -> Self {
        Self {
            steps: AtomicU64::new(position.steps),
            resumes_after: AtomicU64::new(0),
            inner_steps: AtomicU64::new(position.inner_steps),
            ended_steps: AtomicU64::new(0),
            resume: Mutex::new(position.flows.into_iter()),
            taken: Mutex::default(),
            outer,
            id: OnceLock::new(),
            waits: AtomicBool::new(false),
        }
    }

    /// Moves a run that has not begun to a position.
    pub(crate) fn resume_at(&self, position: Position) {
        self.steps.store(position.steps, Relaxed);
        self.inner_steps.store(position.inner_steps, Relaxed);
        *lock(&self.resume) = position.flows.into_iter();
    }

    /// Says that the step at which the run resumes has finished before.
    pub(crate) fn resume_after(&self) {
        self.resumes_after.store(self.steps() + 1, Relaxed);
    }

    /// Whether the run resumes after this step.
    pub(crate) fn resumes_after(&self, step: u64) -> bool {
        self.resumes_after.load(Relaxed) == step
    }

    /// How many steps the run has taken, without those of its inner runs.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    /// How many steps its inner runs have taken before the current step.
    pub(crate) fn inner_steps(&self) -> u64 {
        self.inner_steps.load(Relaxed)
    }

    /// How many steps its inner runs have taken, those of the current step that have ended included.
    pub(crate) fn ended_inner_steps(&self) -> u64 {
        self.inner_steps() + self.ended_steps.load(Relaxed)
    }

    /// Begins the next step. One run takes one step at a time.
    pub(crate) fn step(&self) {
        self.steps.store(self.steps() + 1, Relaxed);
        let ended = self.ended_steps.swap(0, Relaxed);
        self.inner_steps.fetch_add(ended, Relaxed);
    }

    /// Ends an inner run: adds its steps to those of the run around it, and gives up its seat.
    pub(crate) fn end(&self) {
        let Some(OuterRun { state, group, .. }) = &self.outer else {
            return;
        };
        let steps = self.steps() + self.inner_steps() + self.ended_steps.load(Relaxed);
        state.ended_steps.fetch_add(steps, Relaxed);
        group.end(self.address(), !self.waits());
    }

    /// Whether it is an inner run that waits, or whose inner runs all wait.
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Relaxed)
    }

    /// Begins to wait, if it is an inner run.
    pub(crate) fn wait(&self) {
        if let Some(outer) = &self.outer {
            if !self.waits.swap(true, Relaxed) {
                outer.group.leave();
            }
        }
    }

    /// Takes a seat again, after it has waited.
    pub(crate) fn poll_go_on(&self, context: &mut Context<'_>) -> Poll<()> {
        if let (Some(outer), true) = (&self.outer, self.waits()) {
            ready!(outer.group.poll_enter(self.address(), context));
            self.waits.store(false, Relaxed);
        }
        Poll::Ready(())
    }

    /// The address, as the id of a member of a group.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Where the next flow resumes, and whether a flow inside it does as well.
    pub(crate) fn resume(&self) -> Option<(FlowPosition, bool)> {
        let mut resume = lock(&self.resume);
        let position = resume.next()?;
        Some((position, resume.len() > 0))
    }

    /// The number of a flow among the running flows of this run. `None` for the place that an inner
    /// run is in.
    pub(crate) fn level(&self, frame: &Frame<'_>) -> Option<usize> {
        let around = self.outer.as_ref().map_or(0, |outer| outer.depth);
        frame.depth().checked_sub(around)
    }

    /// How often each edge of a flow has been taken.
    pub(crate) fn taken(&self, frame: &Frame<'_>) -> Vec<u32> {
        let level = self.level(frame).unwrap_or_default();
        lock(&self.taken).get(level).cloned().unwrap_or_default()
    }

    /// How often one edge has been taken.
    pub(crate) fn taken_of(&self, frame: &Frame<'_>, edge: usize) -> u32 {
        let level = self.level(frame).unwrap_or_default();
        lock(&self.taken)
            .get(level)
            .and_then(|taken| taken.get(edge))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn set_taken(&self, frame: &Frame<'_>, taken: &[u32]) {
        let level = self.level(frame).unwrap_or_default();
        let mut all = lock(&self.taken);
        if all.len() <= level {
            if taken.is_empty() {
                return;
            }
            all.resize(level + 1, Vec::new());
        }
        all[level].clear();
        all[level].extend_from_slice(taken);
    }

    /// The error, with the items that this run is in.
    #[cold]
    pub(crate) fn in_items(&self, mut error: Error) -> Error {
        let mut next = self.outer.as_ref();
        while let Some(outer) = next {
            if let Some(item) = &outer.item {
                error = error.in_item(outer.depth, item.clone());
            }
            next = outer.state.outer.as_ref();
        }
        error
    }

    /// The id of this run, if that of the outermost run is `run`. That of an inner run names the
    /// outer step, so another visit of its place is another run.
    pub(crate) fn id<'a>(&'a self, run: &'a str) -> &'a str {
        let Some(outer) = &self.outer else {
            return run;
        };
        self.id.get_or_init(|| {
            let (run, field) = (outer.state.id(run), outer.field);
            match &outer.item {
                Some(item) => format!("{run}/{}/{field}{item}", outer.step),
                None => format!("{run}/{}/{field}", outer.step),
            }
        })
    }
}

/// The state is consistent whenever the lock is free, so a poisoned lock can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
