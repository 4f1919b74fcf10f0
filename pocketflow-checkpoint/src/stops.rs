//! What stops a durable run. Each is the cause of a [`pocketflow::Error`].

use std::error::Error;
use std::fmt;

/// The run waits for a field, and was told not to wait in memory: see [`DurableRun::park`](crate::DurableRun::park).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The run.
    pub run: String,
    /// The field.
    pub field: String,
    /// The name of the wait, for whoever fills it: the field and its visit, such as `approval#2`.
    pub wait: String,
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run `{}` waits for `{}`: fill it, and run it again", self.run, self.wait)
    }
}

impl Error for Parked {}

/// What was filled does not fit the field. The run goes on waiting for it.
#[derive(Debug)]
pub struct WrongValue {
    /// The run.
    pub run: String,
    /// The field.
    pub field: String,
    /// The value, as JSON.
    pub value: String,
    /// Why it does not fit.
    pub source: serde_json::Error,
}

impl fmt::Display for WrongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} does not fit the field `{}`: fill it again, run `{}` still waits for it",
            self.value, self.field, self.run
        )
    }
}

impl Error for WrongValue {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The run went on in another process while this one waited for a field. It is well: run it again to have its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedOn {
    /// The run.
    pub run: String,
}

impl fmt::Display for MovedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "run `{}` went on elsewhere while this process waited: run it again to have its result",
            self.run
        )
    }
}

impl Error for MovedOn {}

/// The flow or its store has changed since the run began, so that the run cannot go on. No node has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The run.
    pub run: String,
    /// What has changed, a line each.
    pub conflicts: Vec<String>,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run `{}` was begun with another version of this flow:", self.run)?;
        for conflict in &self.conflicts {
            write!(f, "\n  - {conflict}")?;
        }
        write!(
            f,
            "\nhelp: finish it with the program that began it; or bring its state up to date with `DurableRun::migrate`; or start \
             over under another id"
        )
    }
}

impl Error for Changed {}

/// A state that cannot be written as JSON, or read back.
#[derive(Debug)]
pub struct BadState {
    /// The run.
    pub run: String,
    /// What was to be done: `store`, or `read`.
    pub doing: &'static str,
    /// What of: the store, or what a node's `exec` returned.
    pub what: String,
    /// Why.
    pub source: serde_json::Error,
}

impl fmt::Display for BadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {} of run `{}` as JSON", self.doing, self.what, self.run)
    }
}

impl Error for BadState {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
