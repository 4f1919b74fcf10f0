//! A run of a record, with its steps.

use super::state::{Changes, State};
use crate::event;

/// A run of a record.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Run {
    /// How it began.
    pub run: event::Run,
    /// Its steps, in their order.
    pub steps: Vec<Step>,
    /// The nested flows that it has entered, in their order.
    pub nested: Vec<Nested>,
    /// How it ended. `None` if the record stops before that.
    pub end: Option<event::End>,
    /// Whether it was dropped before its end.
    pub dropped: Option<event::Dropped>,
    /// When its last event happened.
    pub last_at: u64,
}

/// A step of a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Step {
    /// How it began.
    pub step: event::Step,
    /// Its attempts, in the order in which they ended.
    pub attempts: Vec<event::Attempt>,
    /// Its execs, in the order in which they ended: one for each branch and each item.
    pub execs: Vec<event::Exec>,
    /// What nodes have added.
    pub notes: Vec<event::Note>,
    /// The numbers of the inner runs that it has begun.
    pub inner_runs: Vec<u64>,
    /// How it ended. `None` if the record of its run stops before that.
    pub ended: Option<Ended>,
}

/// A visit to a nested flow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Nested {
    /// How it began.
    pub enter: event::Enter,
    /// How it ended. `None` if the run ended inside.
    pub leave: Option<event::Leave>,
    /// Which steps of the run are inside: their indices in [`Run::steps`].
    pub steps: std::ops::Range<usize>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// It took an action.
    Taken(event::Taken),
    /// It failed, and the run with it.
    Failed(event::Failed),
    /// A driver has suspended the run here.
    Suspended(event::Suspended),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It reached this exit.
    Exit(&'a str),
    /// It failed. These are the text of the error, then that of its cause, and so on.
    Failed(&'a [String]),
    /// A driver has suspended it, to go on later.
    Suspended(&'a [String]),
    /// The record stops before the end of the run: it was [dropped](Run::dropped), its process died, or it
    /// is still running.
    Unfinished,
}

impl Run {
    /// The number of the run in its record.
    pub fn number(&self) -> u64 {
        self.run.run
    }

    /// How the run ended.
    pub fn outcome(&self) -> Outcome<'_> {
        match &self.end {
            None => Outcome::Unfinished,
            Some(end) if end.suspended => Outcome::Suspended(&end.error),
            Some(event::End {
                exit: Some(exit), ..
            }) => Outcome::Exit(exit),
            Some(end) => Outcome::Failed(&end.error),
        }
    }

    /// The fields of the store when the run began.
    pub fn state_at_start(&self) -> State {
        State::of(&self.run.shared)
    }

    /// The fields of the store after so many steps of [`steps`](Self::steps).
    pub fn state_after(&self, steps: usize) -> State {
        let mut state = self.state_at_start();
        self.replay(|done, changes| {
            if done <= steps {
                state.apply(changes);
            }
        });
        state
    }

    /// The fields of the store at the end of the run, or where its record stops.
    pub fn state_at_end(&self) -> State {
        let mut state = self.state_at_start();
        self.replay(|_, changes| state.apply(changes));
        if let Some(end) = &self.end {
            state.apply(Changes::of(&end.changed, &end.appended));
        }
        state
    }

    /// Visits all changes of steps and of nested flows in their order, each with the number of steps
    /// that have been done.
    fn replay<'a>(&'a self, mut visit: impl FnMut(usize, Changes<'a>)) {
        // Nested flows that end after the same step end from the innermost out, which is the reverse of
        // the order in which they began.
        let mut leaves: Vec<_> = self.nested.iter().rev().collect();
        leaves.sort_by_key(|nested| nested.steps.end);
        let mut leaves = leaves.into_iter().peekable();
        for done in 0..=self.steps.len() {
            if let Some(step) = done.checked_sub(1).map(|last| &self.steps[last]) {
                if let Some(ended) = &step.ended {
                    visit(done, ended.changes());
                }
            }
            while let Some(nested) = leaves.next_if(|nested| nested.steps.end == done) {
                if let Some(leave) = &nested.leave {
                    visit(done, Changes::of(&leave.changed, &leave.appended));
                }
            }
        }
    }
}

impl Step {
    /// The action that it took. `None` if it took none: the run ended here.
    pub fn action(&self) -> Option<&str> {
        match &self.ended {
            Some(Ended::Taken(taken)) => Some(&taken.action),
            _ => None,
        }
    }

    /// The exec of a branch and an item. Both are `None` if the node is alone in its step and is not a
    /// batch.
    pub fn exec(&self, branch: Option<usize>, item: Option<usize>) -> Option<&event::Exec> {
        let mut execs = self.execs.iter();
        execs.find(|exec| exec.branch == branch && exec.item == item)
    }
}

impl Ended {
    /// When the step ended.
    pub fn at(&self) -> u64 {
        match self {
            Self::Taken(taken) => taken.at,
            Self::Failed(failed) => failed.at,
            Self::Suspended(suspended) => suspended.at,
        }
    }

    /// What has changed in the store.
    pub fn changes(&self) -> Changes<'_> {
        match self {
            Self::Taken(taken) => Changes::of(&taken.changed, &taken.appended),
            Self::Failed(failed) => Changes::of(&failed.changed, &failed.appended),
            Self::Suspended(suspended) => Changes::of(&suspended.changed, &suspended.appended),
        }
    }

    /// The text of the error, then that of its cause, and so on. It is empty for an action.
    pub fn error(&self) -> &[String] {
        match self {
            Self::Taken(_) => &[],
            Self::Failed(failed) => &failed.error,
            Self::Suspended(suspended) => &suspended.error,
        }
    }
}
