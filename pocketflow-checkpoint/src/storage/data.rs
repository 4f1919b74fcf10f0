//! The plain data that goes into a storage and comes out of it.

mod attempt;

pub use attempt::{DueAttempt, NextAttempt, PendingAttempt};
#[doc(inline)]
pub use pocketflow_durable::{ItemKey, StateChange};

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::millis;

/// What a run starts with: see [`Storage::begin`](super::Storage::begin).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRun {
    /// The name of the flow.
    pub flow: String,
    /// The graph of the flow, as JSON, to tell later whether the flow has changed.
    pub graph: String,
    /// The shared store, as a JSON object with its fields.
    pub state: String,
    /// The position at which the run continues, as JSON.
    pub position: String,
}

/// What [`Storage::begin`](super::Storage::begin) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginOutcome {
    /// The run was unknown. Now it is stored, and the caller holds its lease.
    New,
    /// The run was known. The record has the new owner and the new lease. The status, the message
    /// and everything else are as they were before, so that the caller sees whether the run was
    /// waiting or had failed.
    Known(Box<RunRecord>),
}

/// A finished step, and what the run looks like after it: see
/// [`Storage::commit`](super::Storage::commit).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The number of the step. A run without a finished step is at 0, so the first step is 1.
    pub step: u64,
    /// The path of the step in the flow, for messages: `Checkout > review`.
    pub path: String,
    /// The position at which the run continues, as JSON.
    pub position: String,
    /// The action that the step returned.
    pub action: String,
    /// The graph of the flow, as JSON, or `None` if it is the stored one.
    pub graph: Option<String>,
    /// The shared store after the step.
    pub state: StateChange,
    /// Whether the step had inner runs. They are removed with everything that is stored of them.
    #[serde(default)]
    pub inner_runs: bool,
    /// Whether [attempts](super::Storage::keep_attempt) of the step were stored. They are removed.
    #[serde(default)]
    pub attempts: bool,
}

/// A run that waits: see [`Storage::wait`](super::Storage::wait).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause<'a> {
    /// The last finished step, as in [`RunRecord::step`].
    pub step: u64,
    /// The field that it waits for. If it is empty, the run sleeps: the wait cannot be filled, and it
    /// has a deadline.
    pub field: &'a str,
    /// How long it waits, if the wait has a deadline. The time begins when the run first reaches this
    /// wait, and the deadline that is stored then stays, even if this changes.
    pub within: Option<Duration>,
    /// The position at which it waits, as JSON.
    pub position: &'a str,
    /// The graph of the flow to which the state belongs, as JSON, or `None` if it is the stored one.
    pub graph: Option<&'a str>,
    /// The shared store.
    pub state: StateChange,
    /// Why the value of this wait does not fit. The value is removed, and this becomes the run's
    /// message.
    pub refused: Option<&'a str>,
}

/// A wait that a run has reached: see [`Storage::wait`](super::Storage::wait).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWait {
    /// Its name: the field and its visit, such as `approval#2`.
    pub name: String,
    /// Its value as JSON, if it has been filled already.
    pub value: Option<String>,
    /// Whether its deadline has passed. It cannot be filled any more, and the run goes on.
    #[serde(default)]
    pub expired: bool,
    /// When it expires, if it is open and has a deadline.
    #[serde(default, with = "super::millis::option")]
    pub until: Option<SystemTime>,
    /// How long that is from now, by the clock of the storage.
    #[serde(default)]
    pub left: Option<Duration>,
}

impl OpenWait {
    /// A wait that is open.
    pub(crate) fn open(name: String, deadline: Option<i64>, now: i64) -> Self {
        let left = |deadline: i64| {
            Duration::from_millis(deadline.saturating_sub(now).max(0).unsigned_abs())
        };
        Self {
            name,
            value: None,
            expired: false,
            until: deadline.map(millis::to_time),
            left: deadline.map(left),
        }
    }
}

/// How much of the history [`Storage::commit`](super::Storage::commit) keeps.
///
/// It does not matter for resuming after a crash: the last state is always stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Retention {
    /// Every step.
    #[default]
    All,
    /// The last so many steps.
    Last(u32),
    /// No step.
    None,
}

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is in progress, or was when its process died, or has not started yet: see
    /// [`RunSummary::orphaned`] and [`RunSummary::enqueued`].
    Running,
    /// It waits for a field to be filled or for another attempt, or sleeps.
    Waiting,
    /// It reached an exit.
    Finished,
    /// A step failed. The run may start again.
    Failed,
    /// Several processes in a row have died in the same step. The run can start again after
    /// [`Storage::retry`](super::Storage::retry).
    Stuck,
    /// It was [cancelled](super::Storage::cancel), and can start again after
    /// [`Storage::retry`](super::Storage::retry).
    Cancelled,
}

impl Status {
    /// All statuses.
    pub const ALL: [Status; 6] = [
        Status::Running,
        Status::Waiting,
        Status::Finished,
        Status::Failed,
        Status::Stuck,
        Status::Cancelled,
    ];

    /// The status as it is stored and printed: `running`, `waiting`, `finished`, `failed`, `stuck`,
    /// `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Finished => "finished",
            Status::Failed => "failed",
            Status::Stuck => "stuck",
            Status::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is not a [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status: write running, waiting, finished, failed, stuck or cancelled")]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Status::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// A run as it is stored, including its state. In JSON, its times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run's id.
    pub run: String,
    /// The name of the flow.
    pub flow: String,
    /// The graph of the flow, as JSON, as of the last step.
    pub graph: String,
    /// The status of the run.
    pub status: Status,
    /// The number of the last finished step; 0 if there is none.
    pub step: u64,
    /// The path of the last finished step in the flow; empty if there is none.
    pub path: String,
    /// The position at which the run continues, as JSON.
    pub position: String,
    /// The action that the last finished step returned.
    pub action: Option<String>,
    /// The shared store, as JSON.
    pub state: String,
    /// The owner that holds the lease.
    pub owner: Option<String>,
    /// When the lease expires. After that, another owner may take the run over.
    #[serde(with = "super::millis::option")]
    pub lease_until: Option<SystemTime>,
    /// Whether it is running, but no process drives it: see [`RunSummary::orphaned`].
    pub orphaned: bool,
    /// Whether no process has started it yet: see [`RunSummary::enqueued`].
    #[serde(default)]
    pub enqueued: bool,
    /// How many processes in a row have died in the next step, with nothing of it stored in
    /// between.
    pub crashes: u64,
    /// The exit of a finished run.
    pub exit: Option<String>,
    /// Why a run failed or is stuck, or why a waiting run rejected a value.
    pub message: Option<String>,
    /// The field that the run waits for.
    pub waits_for: Option<String>,
    /// The name of that wait: the field and its visit, such as `approval#2`.
    pub wait: Option<String>,
    /// Whether that field has been filled, and no step has finished since.
    pub filled: bool,
    /// When the wait expires, or until when the run sleeps, if it does not wait for a field.
    #[serde(
        default,
        with = "super::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<SystemTime>,
    /// When the run first started.
    #[serde(with = "super::millis")]
    pub created: SystemTime,
    /// When the run last changed. Renewing or releasing the lease does not count.
    #[serde(with = "super::millis")]
    pub updated: SystemTime,
    /// The run around it, if it is an inner run. Its lease is that of the outermost run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<String>,
    /// How many inner runs it waits for, if it is an outermost run whose inner runs all wait.
    #[serde(default)]
    pub inner_waits: u64,
    /// The attempt for which it waits, or which it has begun after that time: see
    /// [`RunSummary::next_attempt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
    /// How many inner runs of its current step are stored.
    #[serde(default)]
    pub inner_runs: u64,
}

/// A run in a list: a [`RunRecord`] without its long fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run's id.
    pub run: String,
    /// The name of the flow.
    pub flow: String,
    /// The status of the run.
    pub status: Status,
    /// The number of the last finished step; 0 if there is none.
    pub step: u64,
    /// The path of the last finished step in the flow; empty if there is none.
    pub path: String,
    /// The owner that holds the lease.
    pub owner: Option<String>,
    /// When the lease expires.
    #[serde(with = "super::millis::option")]
    pub lease_until: Option<SystemTime>,
    /// Whether it is running, but no process drives it any more: no owner holds the lease, the lease
    /// has expired, or the owner is known to have died. Start its program again.
    pub orphaned: bool,
    /// Whether it is [enqueued](crate::Checkpoints::enqueue), and no process has started it yet. Its
    /// status is [`Status::Running`].
    #[serde(default)]
    pub enqueued: bool,
    /// The exit of a finished run.
    pub exit: Option<String>,
    /// Why a run failed or is stuck, or why a waiting run rejected a value.
    pub message: Option<String>,
    /// The field that the run waits for.
    pub waits_for: Option<String>,
    /// The name of that wait: the field and its visit, such as `approval#2`.
    pub wait: Option<String>,
    /// Whether that field has been filled, and no step has finished since.
    pub filled: bool,
    /// When the wait expires, or until when the run sleeps, if it does not wait for a field.
    #[serde(
        default,
        with = "super::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<SystemTime>,
    /// When the run first started.
    #[serde(with = "super::millis")]
    pub created: SystemTime,
    /// When the run last changed.
    #[serde(with = "super::millis")]
    pub updated: SystemTime,
    /// The run around it, if it is an inner run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<String>,
    /// How many inner runs it waits for, if it is an outermost run whose inner runs all wait.
    #[serde(default)]
    pub inner_waits: u64,
    /// The attempt for which its step waits, if it is not the first one and the wait is stored. A run
    /// that waits for nothing else has the status [`Waiting`](Status::Waiting). If it is running, the
    /// process that drives it waits for this attempt, or has begun it if it is due. Of several items
    /// that wait for attempts, this is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
}

/// A new inner run: see [`Storage::begin_inner`](super::Storage::begin_inner).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewInnerRun<'a> {
    /// The id of the run around it.
    pub outer: &'a str,
    /// The number of the step of that run that it belongs to.
    pub step: u64,
    /// What it starts with.
    pub new: &'a NewRun,
}

/// An inner run of a run: see [`Storage::inner_runs`](super::Storage::inner_runs).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InnerRecord {
    /// The inner run's id.
    pub run: String,
    /// Its status.
    pub status: Status,
    /// The number of its last finished step; 0 if there is none.
    pub step: u64,
    /// The position of that step, as JSON.
    pub position: String,
}

/// A step in the history of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The number of the step.
    pub step: u64,
    /// The path of the step in the flow.
    pub path: String,
    /// The action that it returned.
    pub action: String,
    /// When it finished.
    #[serde(with = "super::millis")]
    pub time: SystemTime,
}

/// What a run looked like after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointState {
    /// The graph of the flow, as JSON.
    pub graph: String,
    /// The position at which the run continued, as JSON.
    pub position: String,
    /// The action that the step returned.
    pub action: String,
    /// The shared store, as JSON.
    pub state: String,
}
