//! What stops a durable run. Each is the cause of a [`pocketflow::Error`].

use std::fmt::Write;

use thiserror::Error;

/// The value that was filled in does not fit the field. The run still waits for it. Neither the
/// message nor the source contains the value, which may be confidential.
#[derive(Debug, Error)]
#[error(
    "the value does not fit the field `{field}`: fill it again, run `{run}` still waits for it"
)]
pub struct WrongValue {
    /// The run.
    pub run: String,
    /// The field.
    pub field: String,
    /// Why it does not fit.
    pub source: serde_json::Error,
}

/// A node of a run panicked. The run has failed, and the program that drives it, such as a worker, continues.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it panicked: {message}")]
pub struct Panicked {
    /// The message of the panic.
    pub message: String,
}

/// The flow or its store has changed since the run started, so that the run cannot resume. No node
/// has run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "run `{run}` was started with another version of this flow:{}\nhelp: {help}",
    list(conflicts)
)]
pub struct Changed {
    /// The run.
    pub run: String,
    /// What has changed, a line each.
    pub conflicts: Vec<String>,
    /// What to do: the [hint](crate::Hints::changed) of the driver.
    pub help: &'static str,
}

/// A value that cannot be stored or read back.
#[derive(Debug, Error)]
#[error("cannot {doing} {what} of run `{run}`")]
pub struct BadState {
    /// The run.
    pub run: String,
    /// What failed: `store`, or `read`.
    pub doing: &'static str,
    /// The value: the store, a field of it, or what a node's `exec` returned.
    pub what: String,
    /// Why.
    pub source: serde_json::Error,
}

/// The run with this id has finished, and it was a run of another flow, so its result does not belong
/// to this flow. No node has run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("run `{run}` is over, and it was a run of {}", other_flow(ran, asked))]
pub struct OtherFlow {
    /// The run.
    pub run: String,
    /// The flow that it ran.
    pub ran: String,
    /// The flow that was to run.
    pub asked: String,
}

/// The run with this id was started with different input, and its stored state and its result belong to
/// that input. No node has run.
///
/// A field that equals the store's `Default` is not part of the input and never differs: with a
/// default store, a run resumes and returns its result whatever its input was. Until a run has
/// finished, only the fields that no node of the flow changes are compared.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "run `{run}` was started with different input: {} had another value\nhelp: run this under another id; or, to go on with that run or to have its result, start it with a store as `Default` makes it",
    names(fields)
)]
pub struct OtherInput {
    /// The run.
    pub run: String,
    /// The fields that differ.
    pub fields: Vec<String>,
}

/// The rest of the run reads a field that is empty and that was not stored because serde skips it.
/// No node has run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "run `{run}` cannot go on: `{node}` reads `{field}`, which is empty and which nothing fills on the way\nhelp: serde skips that field, so it is not stored: fill it in the store that the run is started with"
)]
pub struct SkippedField {
    /// The run.
    pub run: String,
    /// Where the field is read: `Shop > ship`.
    pub node: String,
    /// The field.
    pub field: String,
}

fn list(conflicts: &[String]) -> String {
    let mut list = String::new();
    for conflict in conflicts {
        let _ = write!(list, "\n  - {conflict}");
    }
    list
}

fn names(fields: &[String]) -> String {
    let names: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
    names.join(", ")
}

fn other_flow(ran: &str, asked: &str) -> String {
    let help = "run this one under another id, because an id belongs to one run of one flow";
    if ran == asked {
        format!("another flow of the name `{asked}`\nhelp: {help}")
    } else {
        format!(
            "the flow `{ran}`, not of `{asked}`\nhelp: {help}; or, if `{ran}` is called `{asked}` now, run it with `migrate`"
        )
    }
}
