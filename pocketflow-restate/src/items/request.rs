//! What is sent to another worker, and what comes back.

use std::error::Error as StdError;

use pocketflow::{Error, Stage, StoredError};
use pocketflow_durable::causes;
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::pump::{Attempt, Json, Key, Step};
use crate::state::Log;

/// A piece of work for another worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Identifies the program of the caller.
    pub(crate) program: String,
    pub(crate) key: Key,
    /// The index of the item, which may be another one there.
    pub(crate) index: Option<usize>,
    /// The time of day with the caller, whose clock may be ahead.
    pub(crate) now: u64,
    pub(crate) state: State,
}

/// The state of the run before the step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum State {
    /// A small one.
    Here(Box<Snapshot>),
    /// The one that is stored in the object, before this burst. The log is what is recorded of the piece
    /// of work, and of the inner runs around it.
    Stored {
        run: String,
        /// When the run was started. An earlier run with this id may have been removed.
        created: u64,
        burst: u64,
        log: Log,
    },
}

impl State {
    /// The number of the burst that asks.
    pub(crate) fn burst(&self) -> u64 {
        match self {
            Self::Here(snapshot) => snapshot.meta.burst,
            Self::Stored { burst, .. } => *burst,
        }
    }
}

/// An answer, with the number of the burst that asked first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) burst: u64,
    pub(crate) answer: Answer,
}

/// What becomes of a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// What the exec returned.
    Done(Json),
    /// What the step of an inner run has changed.
    Step(Step),
    Failed(Failed),
    Panicked(String),
    /// It waits for the attempt with this number.
    Waits(u32, Attempt),
    /// The worker has another program, so the caller does it.
    OtherProgram,
    /// The worker did not find it.
    Lost(String),
}

/// The error of an exec, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    kind: Kind,
    /// The texts of the cause and its sources.
    causes: Vec<String>,
}

/// The stage of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Prep,
    Exec {
        attempt: u32,
        attempts: u32,
    },
    Fallback,
    /// It is no failure of the node.
    Other,
}

impl From<&Error> for Failed {
    fn from(error: &Error) -> Self {
        let kind = match error.stage() {
            Stage::Prep => Kind::Prep,
            Stage::Exec { attempt, attempts } => Kind::Exec { attempt, attempts },
            Stage::Fallback => Kind::Fallback,
            _ => Kind::Other,
        };
        let causes = causes(error.cause());
        Self { kind, causes }
    }
}

impl Failed {
    /// The stage at which the node failed. `None` if it is no failure of the node.
    pub(crate) fn stage(&self) -> Option<Stage> {
        match self.kind {
            Kind::Prep => Some(Stage::Prep),
            Kind::Exec { attempt, attempts } => Some(Stage::Exec { attempt, attempts }),
            Kind::Fallback => Some(Stage::Fallback),
            Kind::Other => None,
        }
    }

    /// The error that the node returned. Only its texts are known.
    pub(crate) fn cause(&self) -> Box<dyn StdError + Send + Sync> {
        match StoredError::of(&self.causes) {
            Some(error) => error.into(),
            None => "it failed".into(),
        }
    }
}
