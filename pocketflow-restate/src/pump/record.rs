//! What the journal of a burst contains.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::wire::RunError;

/// A JSON text, which is written as it is. It may be large, so clones share it.
#[derive(Clone)]
pub(crate) struct Json(Arc<RawValue>);

impl Json {
    /// Takes a text that serde has written.
    pub(crate) fn new(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(|value| Self(value.into()))
    }

    pub(crate) fn text(&self) -> &str {
        self.0.get()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (*self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(from).map(|value| Self(value.into()))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A piece of work, or something else that is recorded once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    /// The inner run, such as `4/documents[3]`. It is empty for the outermost run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) run: String,
    /// The number of the step.
    pub(crate) step: u64,
    pub(crate) part: Part,
}

/// Which part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Part {
    /// The step itself.
    Step,
    /// An item of a batch, a branch of a fork, or an item of a batch in a branch.
    Item(Piece),
    /// The wait before an attempt.
    Attempt(Piece, u32),
    /// The wait at an `await` or a `sleep`.
    Wait,
    /// The failure of an inner run that goes to a field. It is recorded at the step that failed.
    Failure,
    /// The migration of the outermost run, before anything else of the burst.
    Migration,
}

/// A piece of a step: a branch of a fork, an item of a batch by its identity, or both. It is neither
/// if the step is a single node.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Piece {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<u64>,
}

/// What became of a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Step(Step),
    /// What the exec of an item or a branch returned.
    Item(Json),
    Attempt(Attempt),
    Wait(Wait),
    Failure(Failure),
    Migrated(Migrated),
}

/// A finished step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) action: String,
    /// The fields that it has changed.
    pub(crate) change: Json,
    pub(crate) position: Json,
}

/// An attempt for which a run waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The path of the node.
    pub(crate) path: String,
    pub(crate) of: u32,
    /// When it is due, in milliseconds since the Unix epoch.
    pub(crate) due: u64,
    /// The texts of the last error.
    pub(crate) causes: Vec<String>,
}

/// A run that waits at an `await` or a `sleep`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wait {
    /// The field; empty for a `sleep`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) field: String,
    /// Which visit of the field it is, counted from 1.
    pub(crate) visit: u64,
    /// The position of the step, where the run resumes. Steps that another version of the program has
    /// before it are not taken.
    pub(crate) position: Json,
    /// When it expires, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<u64>,
    /// The value that it has been filled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Json>,
    /// Why the last value did not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

impl Wait {
    /// The name: `approval#2`.
    pub(crate) fn name(&self) -> String {
        let Self { field, visit, .. } = self;
        format!("{field}#{visit}")
    }
}

/// An inner run that has failed, and whose failure goes to a field of the store around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// A [`pocketflow::Failed`].
    pub(crate) failed: Json,
    /// The store of the run, as its last step left it.
    pub(crate) store: Json,
}

/// A run of an older program, as this program expects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Migrated {
    /// The definition of this program's flow.
    pub(crate) definition: Json,
    /// The whole store.
    pub(crate) store: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<Json>,
}

/// An inner run begins. This is recorded with the first piece of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The definition of its flow.
    pub(crate) definition: Json,
    /// The store that it runs on.
    pub(crate) store: Json,
}

/// A piece of work that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) key: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) begun: Option<Begun>,
    pub(crate) outcome: Outcome,
}

impl Record {
    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let begun = self.begun.as_ref();
        let begun = begun.map_or(0, |begun| {
            begun.definition.text().len() + begun.store.text().len()
        });
        let outcome = match &self.outcome {
            Outcome::Step(step) => step.change.text().len() + step.position.text().len(),
            Outcome::Item(json) => json.text().len(),
            Outcome::Failure(failure) => failure.failed.text().len() + failure.store.text().len(),
            Outcome::Migrated(migrated) => {
                migrated.definition.text().len() + migrated.store.text().len()
            }
            Outcome::Attempt(attempt) => attempt.causes.iter().map(String::len).sum(),
            Outcome::Wait(wait) => wait.value.as_ref().map_or(0, |value| value.text().len()),
        };
        128 + self.key.run.len() + begun + outcome
    }
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The program that began the burst, in the first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    /// The definition of that program's flow, if it differs from the one that is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) definition: Option<Json>,
    /// The process of an attempt at the burst, if this says that it begins to work, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<String>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub(crate) at: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) records: Vec<Record>,
    /// How the burst ends, in the last entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
}

/// How a burst ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// The path of the step that the run is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// Why the run does not get on, although it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    pub(crate) why: Why,
}

/// Why a burst ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Why {
    /// The run goes on with the next burst.
    GoesOn,
    /// The flow has reached an exit. The drivers around it may have changed fields after the last
    /// step.
    Finished {
        exit: String,
        change: Json,
    },
    /// Nothing is left but what waits. The error says for what.
    Suspended(RunError),
    Failed(RunError),
    Cancelled,
}
