//! The state of a run with drivers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec;

use crate::graph::{FlowPosition, Position};

/// The steps taken, where to resume, and how often the bounded edges have been taken.
#[derive(Debug)]
pub(crate) struct RunState {
    steps: AtomicU64,
    resume: Mutex<vec::IntoIter<FlowPosition>>,
    /// The counts of each running flow, from the outermost on. A flow without a bounded edge may
    /// be missing.
    taken: Mutex<Vec<Vec<u32>>>,
}

impl RunState {
    pub(crate) fn new(position: Position) -> Self {
        Self {
            steps: AtomicU64::new(position.steps),
            resume: Mutex::new(position.flows.into_iter()),
            taken: Mutex::default(),
        }
    }

    /// How many steps the run has taken.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    /// Begins the next step. One run takes one step at a time.
    pub(crate) fn step(&self) {
        self.steps.store(self.steps() + 1, Relaxed);
    }

    /// Where the next flow resumes, and whether a flow inside it does as well.
    pub(crate) fn resume(&self) -> Option<(FlowPosition, bool)> {
        let mut resume = lock(&self.resume);
        let position = resume.next()?;
        Some((position, resume.len() > 0))
    }

    /// How often each edge of the flow at this depth has been taken.
    pub(crate) fn taken(&self, depth: usize) -> Vec<u32> {
        lock(&self.taken).get(depth).cloned().unwrap_or_default()
    }

    /// How often one edge has been taken.
    pub(crate) fn taken_of(&self, depth: usize, edge: usize) -> u32 {
        lock(&self.taken)
            .get(depth)
            .and_then(|taken| taken.get(edge))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn set_taken(&self, depth: usize, taken: &[u32]) {
        let mut all = lock(&self.taken);
        if all.len() <= depth {
            if taken.is_empty() {
                return;
            }
            all.resize(depth + 1, Vec::new());
        }
        all[depth].clear();
        all[depth].extend_from_slice(taken);
    }
}

/// The state is consistent whenever the lock is free, so a poisoned lock can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
