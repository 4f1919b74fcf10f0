//! How a recorded run ended, in words.

use super::difference::Plain;
use crate::{Outcome, Run};

/// How a recorded run ended, as far as its replay is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ends {
    AtExit,
    Failed,
    Suspended,
    /// Its future was dropped.
    Dropped {
        /// Whether a panic dropped it.
        panicked: bool,
        /// Where: ``in step 3, `pay` ``.
        at: String,
    },
    /// The record does not say why it stops.
    Unfinished,
}

impl Ends {
    /// That of the last piece of a run.
    pub(super) fn of(run: &Run) -> Self {
        match (run.outcome(), &run.dropped) {
            (Outcome::Exit(_), _) => Self::AtExit,
            (Outcome::Failed(_), _) => Self::Failed,
            (Outcome::Suspended(_), _) => Self::Suspended,
            (Outcome::Unfinished, Some(dropped)) => Self::Dropped {
                panicked: dropped.panicked,
                at: last_step(run),
            },
            (Outcome::Unfinished, None) => Self::Unfinished,
        }
    }

    /// Whether the record has the end of the run.
    pub(super) fn is_finished(&self) -> bool {
        !matches!(self, Self::Dropped { .. } | Self::Unfinished)
    }

    /// That it does not reach an exit.
    pub(super) fn without_exit(&self) -> Option<String> {
        match self {
            Self::AtExit => None,
            Self::Failed => Some("it failed in the record".to_owned()),
            Self::Suspended => Some("it was suspended in the record".to_owned()),
            Self::Dropped { .. } => Some(format!("in the record, it {}", self.stopped()?)),
            Self::Unfinished => Some("the record stops before its end".to_owned()),
        }
    }

    /// How it was dropped, if it was: ``was dropped in step 3, `pay` ``.
    pub(super) fn stopped(&self) -> Option<String> {
        match self {
            Self::Dropped { panicked, at } => {
                let by = if *panicked { " by a panic" } else { "" };
                Some(format!("was dropped{by} {at}"))
            }
            _ => None,
        }
    }

    /// Why a test stops before the end of the run, and what to do about it.
    pub(super) fn why_unfinished(&self) -> Option<String> {
        match self {
            Self::Dropped { panicked: true, at } => Some(format!(
                "a panic dropped the run {at}, and the test replays it until there: to test the whole run, mend what panicked and record the run again"
            )),
            Self::Dropped { at, .. } => Some(format!(
                "the future of the run was dropped {at}, as a timeout or a `select!` does, and the test replays it until there: to test the whole run, record one that is awaited to its end"
            )),
            Self::Unfinished => Some(
                "the record stops before the end of the run, and the test replays it until there"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Where a run was when it was dropped.
fn last_step(run: &Run) -> String {
    let Some(step) = run.steps.last() else {
        return "before its first step".to_owned();
    };
    let when = if step.ended.is_none() { "in" } else { "after" };
    let (number, path) = (step.step.step, step.step.path.join(" > "));
    format!("{when} step {number}, `{}`", Plain(&path))
}
