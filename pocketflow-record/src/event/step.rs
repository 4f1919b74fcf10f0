//! A step in a record.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Json, Target, Values, is_false};

/// A member that is there has a value, even if that is `null`.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// A nested flow begins at a place. It is not a step: its nodes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Enter {
    /// When it began.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The names of places down to the nested flow.
    pub path: Vec<String>,
    /// The number of the graph of the nested flow.
    pub graph: u64,
}

/// A step begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// When it began.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The number of the step in the run, counted from 1.
    pub step: u64,
    /// The number of the graph that the place is in.
    pub graph: u64,
    /// The index of the place in the graph.
    pub place: usize,
    /// The names of places from the outermost flow of the run down to this place.
    pub path: Vec<String>,
    /// The field that an `await(field)` waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// How long a `sleep` sleeps, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleeps_ms: Option<u64>,
}

/// An attempt has ended. A successful attempt is written together with its [`Exec`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// When it ended.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The step.
    pub step: u64,
    /// The branch, in a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<usize>,
    /// The index of the item, in a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How many attempts the node has.
    pub of: u32,
    /// When it began.
    pub began: u64,
    /// The name of the node.
    pub node: String,
    /// Why it failed: the text of the error, then that of its cause, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<String>,
    /// Whether it took longer than the node's `timeout`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub timed_out: bool,
    /// Whether the node is not tried again, although attempts may be left: `retry_if` said no.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gives_up: bool,
}

/// An exec has ended, with all its attempts and the fallback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exec {
    /// When it ended.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The step.
    pub step: u64,
    /// The branch, in a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<usize>,
    /// The index of the item, in a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// How many items the batch has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<usize>,
    /// When it began.
    pub began: u64,
    /// The name of the node.
    pub node: String,
    /// What it returned. `None` if it failed, if values are not [recorded](super::Run::values), and if
    /// the value is [redacted](Self::redacted).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some"
    )]
    pub value: Option<Json>,
    /// Whether the value, or a part of it, is confidential.
    #[serde(default, skip_serializing_if = "is_false")]
    pub redacted: bool,
    /// Whether the value is that of an earlier process: another driver had stored it, and the exec did
    /// not run.
    #[serde(default, skip_serializing_if = "is_false")]
    pub kept: bool,
    /// Why it failed: the text of the error, then that of its cause, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<String>,
    /// If it failed: the stage, in words, such as `exec failed at attempt 3 of 3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// If it failed: how many attempts were made, as in [`pocketflow::Failed::attempts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Whether it failed in a way that an error edge can follow: see [`pocketflow::Error::is_failure`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub failure: bool,
}

/// What a node has added to its attempt with [`note`](crate::note).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// When it was added.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The step.
    pub step: u64,
    /// The branch, in a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<usize>,
    /// The index of the item, in a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// The number of the attempt. It is 0 for the fallback.
    pub attempt: u32,
    /// The name of the node.
    pub node: String,
    /// What the note is about. The name `model` stands for a [call of a model](crate::ModelCall).
    pub name: String,
    /// The note.
    pub value: Json,
}

/// A step is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Taken {
    /// When it was done.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The step.
    pub step: u64,
    /// The names of places down to the step.
    pub path: Vec<String>,
    /// The action. It is `error` if the step has failed and the flow goes on along its error edge.
    pub action: String,
    /// The index of the edge in the graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<usize>,
    /// Where the flow goes on: at the end of the edge, or after `else` if its bound is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// How often this bounded edge has been taken, this time included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The bound of the edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Whether the step has failed, and the flow goes on along its error edge.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed: bool,
    /// The fields that have changed, with their new values.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub changed: Values,
    /// The long fields that have only grown, each with what was added at its end: items of an array, or
    /// text.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub appended: Values,
}

/// A nested flow is done, and the flow around it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leave {
    /// When it was done.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The names of places down to the nested flow.
    pub path: Vec<String>,
    /// The number of the graph of the nested flow.
    pub graph: u64,
    /// The exit of the nested flow, or `error` if it has failed and the flow around it goes on along its
    /// error edge.
    pub action: String,
    /// The index of the edge in the graph around the nested flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<usize>,
    /// Where the flow around it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// As in [`Taken::count`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// As in [`Taken::max`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// As in [`Taken::failed`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed: bool,
    /// The field of the error edge, with the failure.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub changed: Values,
    /// As in [`Taken::appended`].
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub appended: Values,
}

/// A step has failed for good, and no error edge leads on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failed {
    /// When it failed.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The step.
    pub step: u64,
    /// The names of places down to the step.
    pub path: Vec<String>,
    /// The text of the error, then that of its cause, and so on.
    pub error: Vec<String>,
    /// The place that the error names. It may be inside an inner run of the step.
    pub place: String,
    /// The fields that have changed.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub changed: Values,
    /// As in [`Taken::appended`].
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub appended: Values,
}

/// A driver has suspended the run at a step, to go on later: it waits for a value, say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Suspended {
    /// When it was suspended.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The step.
    pub step: u64,
    /// The names of places down to the step.
    pub path: Vec<String>,
    /// What it waits for, in words: the text of the error, then that of its cause, and so on.
    pub error: Vec<String>,
    /// The place that the error names. It may be inside an inner run of the step.
    pub place: String,
    /// The fields that have changed.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub changed: Values,
    /// As in [`Taken::appended`].
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub appended: Values,
}
