//! The beginning and the end of a run in a record.

use serde::{Deserialize, Serialize};

use super::{Values, is_false};

/// A run begins. A run that resumes is another run of the record, with the same [`id`](Self::id). An
/// inner run, which a flow on a field has, has a [`parent`](Self::parent).
///
/// It is written when the first step begins, because it says where the run resumes. A step that an earlier
/// process has finished is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Run {
    /// When the run began.
    pub at: u64,
    /// Its number, which no other run of the record has.
    pub run: u64,
    /// The id that a driver has given to the run: see [`pocketflow::StepInfo::run_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The number of the graph.
    pub graph: u64,
    /// The `MAX_STEPS` of the flow, if it has one: see [`pocketflow::Graph::step_bound`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
    /// What an inner run is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Where the run resumed, if it did not begin at its first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
    /// The fields of the store, without those that serde skips.
    pub shared: Values,
    /// The fields that are confidential, and whose values are not in the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
    /// Whether prompts and replies are recorded.
    #[serde(default, skip_serializing_if = "is_false")]
    pub content: bool,
    /// Whether the values of execs are recorded. Without them, the run cannot be replayed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub values: bool,
}

/// The step that an inner run is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parent {
    /// The number of the run around it.
    pub run: u64,
    /// The step of that run.
    pub step: u64,
    /// The field that the inner run is on.
    pub field: String,
    /// The branch, in a fork of flows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<usize>,
    /// The item of the field, for `each`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Item>,
}

/// An item of a collection of stores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Item {
    /// Its index.
    Index(usize),
    /// Its key in a map.
    Key(String),
}

/// Where a run resumed: a [`pocketflow::Position`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resumed {
    /// How many steps it had taken before.
    pub steps: u64,
    /// How many steps the inner runs of these steps had taken.
    pub inner_steps: u64,
    /// The position in each flow, from the outermost to the innermost.
    pub flows: Vec<ResumedFlow>,
}

/// The position in a flow, when a run resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResumedFlow {
    /// The name of the flow.
    pub flow: String,
    /// [`pocketflow::Graph::fingerprint`] as 16 hexadecimal digits.
    pub fingerprint: String,
    /// The name of the place.
    pub place: String,
    /// How often each edge had been taken. It is empty if no edge of the flow is bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<u32>,
}

/// A run was dropped before its end, and its process went on: it was cancelled, a step around it failed, or
/// a node panicked. The run of a process that died has neither this nor an [`End`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dropped {
    /// When it was dropped.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// Whether a panic dropped it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub panicked: bool,
}

/// A run has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct End {
    /// When it ended.
    pub at: u64,
    /// The number of the run.
    pub run: u64,
    /// The exit that the flow has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// If the run failed or was suspended: the text of the error, then that of its cause, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<String>,
    /// The place that the error names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether a driver has suspended the run, which can go on later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspended: bool,
    /// The fields that have changed outside steps.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub changed: Values,
    /// As in [`Taken::appended`](super::Taken::appended).
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub appended: Values,
}
