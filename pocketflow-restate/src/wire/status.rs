//! How far a run is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::RunError;

/// How far a run is: the answer of `run`, `status`, `fill`, `retry` and `cancel`.
///
/// ```
/// use pocketflow_restate::wire::{RunStatus, Status};
///
/// let json = r#"{
///     "run": "order-17", "flow": "Shop", "status": "waiting", "step": 1, "at": "Shop > approval",
///     "waits": [{"name": "approval#1", "field": "approval"}],
///     "created": 1772442845000, "updated": 1772442846000
/// }"#;
/// let status: RunStatus = serde_json::from_str(json)?;
/// assert_eq!(status.status, Status::Waiting);
/// assert_eq!(status.waits[0].name, "approval#1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// The id of the run.
    pub run: String,
    /// The name of the flow.
    pub flow: String,
    /// The status of the run.
    pub status: Status,
    /// How many steps have finished. While a run is running, this is the number at the beginning of the burst.
    pub step: u64,
    /// The path of the next step: `Shop > pay`. While a run is running, this is the step with which the burst has begun. A
    /// finished run has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The exit that a finished run has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// What a waiting run waits for. If several inner runs wait, there is one wait for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
    /// Until when a sleeping run sleeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The attempt for which a sleeping run waits, if it sleeps between two attempts of a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
    /// Why a running run does not get on: the worker of its last burst could not send work to the address of
    /// `RestateFlow::distribute`. The next burst tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Why a failed run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// When the run was started.
    pub created: u64,
    /// When its status was last stored. A running run stores it at the end of a burst of steps.
    pub updated: u64,
}

/// The status of a run.
///
/// ```
/// use pocketflow_restate::wire::Status;
///
/// assert_eq!(serde_json::to_string(&Status::Waiting)?, r#""waiting""#);
/// assert_eq!("failed".parse(), Ok(Status::Failed));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A worker executes it, or will do so as soon as one is free.
    Running,
    /// It waits for one or more fields to be filled.
    Waiting,
    /// It sleeps: at a `sleep` of the flow, or until the next attempt of a node is due.
    Sleeping,
    /// A step failed for good. `retry` lets the run go on there.
    Failed,
    /// It was cancelled. `retry` lets the run go on where it stopped.
    Cancelled,
    /// It reached an exit.
    Finished,
}

impl Status {
    /// All statuses.
    pub const ALL: [Status; 6] = [
        Status::Running,
        Status::Waiting,
        Status::Sleeping,
        Status::Failed,
        Status::Cancelled,
        Status::Finished,
    ];

    /// The status as it is stored and printed: `running`, `waiting`, `sleeping`, `failed`, `cancelled`, `finished`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Sleeping => "sleeping",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::Finished => "finished",
        }
    }

    /// Whether the run stays as it is until someone retries it: it is finished, failed or cancelled.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Failed | Status::Cancelled | Status::Finished)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is not a [`Status`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStatus(String);

impl fmt::Display for UnknownStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(
            f,
            "`{text}` is not a status: write running, waiting, sleeping, failed, cancelled or finished"
        )
    }
}

impl std::error::Error for UnknownStatus {}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let status = Status::ALL.into_iter().find(|s| s.as_str() == text);
        status.ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// A wait that can be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Its name: the field and its visit, such as `approval#2`.
    pub name: String,
    /// The field.
    pub field: String,
    /// The inner run that waits: the step and the place of its store, such as `4/documents[3]`. It is `None` if the run
    /// itself waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<String>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Why the last value that was filled in did not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The attempt of a node for which a run waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAttempt {
    /// The path of the node in the flow, with the index of the item: `Shop > draft[3]`.
    pub path: String,
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How many attempts the node has.
    pub of: u32,
    /// When it begins.
    pub due: u64,
    /// Why the last attempt failed: the text of its error, of the source of that error, and so on. `[redacted]` is in
    /// place of [confidential values](super).
    pub causes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(status: Status) -> RunStatus {
        RunStatus {
            run: "order-17".into(),
            flow: "Shop".into(),
            status,
            step: 3,
            at: None,
            exit: None,
            waits: Vec::new(),
            until: None,
            next_attempt: None,
            problem: None,
            error: None,
            created: 1,
            updated: 2,
        }
    }

    fn assert_json(status: RunStatus, json: serde_json::Value) {
        assert_eq!(serde_json::to_value(&status).unwrap(), json);
        assert_eq!(serde_json::from_value::<RunStatus>(json).unwrap(), status);
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        let finished = RunStatus {
            exit: Some("default".into()),
            ..status(Status::Finished)
        };
        assert_json(
            finished,
            json!({"run": "order-17", "flow": "Shop", "status": "finished", "step": 3, "exit": "default",
                "created": 1, "updated": 2}),
        );
    }

    #[test]
    fn waits_are_listed_with_their_inner_runs() {
        let wait = |inner: Option<&str>| Wait {
            name: "approval#1".into(),
            field: "approval".into(),
            inner: inner.map(Into::into),
            until: inner.map(|_| 7),
            refused: inner.map(|_| "invalid type".into()),
        };
        let waiting = RunStatus {
            at: Some("Shop > approval".into()),
            waits: vec![wait(None), wait(Some("4/documents[3]"))],
            ..status(Status::Waiting)
        };
        assert_json(
            waiting,
            json!({"run": "order-17", "flow": "Shop", "status": "waiting", "step": 3, "at": "Shop > approval",
                "waits": [{"name": "approval#1", "field": "approval"},
                    {"name": "approval#1", "field": "approval", "inner": "4/documents[3]", "until": 7,
                        "refused": "invalid type"}],
                "created": 1, "updated": 2}),
        );
    }

    #[test]
    fn a_sleeping_run_says_until_when_and_for_which_attempt() {
        let attempt = NextAttempt {
            path: "Shop > pay".into(),
            number: 2,
            of: 5,
            due: 9,
            causes: vec!["refused".into()],
        };
        let sleeping = RunStatus {
            until: Some(9),
            next_attempt: Some(attempt),
            ..status(Status::Sleeping)
        };
        assert_json(
            sleeping,
            json!({"run": "order-17", "flow": "Shop", "status": "sleeping", "step": 3, "until": 9,
                "next_attempt": {"path": "Shop > pay", "number": 2, "of": 5, "due": 9, "causes": ["refused"]},
                "created": 1, "updated": 2}),
        );
    }

    #[test]
    fn a_status_is_written_and_read_as_one_word() {
        for status in Status::ALL {
            let word = status.to_string();
            assert_eq!(serde_json::to_value(status).unwrap(), json!(word));
            assert_eq!(word.parse(), Ok(status));
        }
        let unknown = "done".parse::<Status>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "`done` is not a status: write running, waiting, sleeping, failed, cancelled or finished"
        );
        assert!(Status::Failed.is_over() && !Status::Waiting.is_over());
    }
}
