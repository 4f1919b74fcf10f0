//! What stops a durable run. Each is the cause of a [`pocketflow::Error`].

use std::error::Error;
use std::fmt;

/// The run waits for a field, and was told not to wait in memory: see
/// [`DurableRun::park`](crate::DurableRun::park).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The run.
    pub run: String,
    /// The field.
    pub field: String,
    /// The name of the wait, which a fill takes: the field and its visit, such as `approval#2`.
    pub wait: String,
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "run `{}` waits for `{}`: fill it, and run it again",
            self.run, self.wait
        )
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

/// The run went on in another process while this one waited for a field. It is well: run it again
/// to have its result.
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

/// The flow or its store has changed since the run began, so that the run cannot go on. No node has
/// run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The run.
    pub run: String,
    /// What has changed, a line each.
    pub conflicts: Vec<String>,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "run `{}` was begun with another version of this flow:",
            self.run
        )?;
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

/// A value that cannot be stored, or not be read again.
#[derive(Debug)]
pub struct BadState {
    /// The run.
    pub run: String,
    /// What was to be done: `store`, or `read`.
    pub doing: &'static str,
    /// What of: the store, a field of it, or what a node's `exec` returned.
    pub what: String,
    /// Why.
    pub source: serde_json::Error,
}

impl fmt::Display for BadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot {} {} of run `{}`",
            self.doing, self.what, self.run
        )
    }
}

impl Error for BadState {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// A run with this id is over, and was one of another flow: its result is none of this flow's.
/// Nothing has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherFlow {
    /// The run.
    pub run: String,
    /// The flow that it ran.
    pub ran: String,
    /// The flow that was to be run.
    pub asked: String,
}

impl fmt::Display for OtherFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, ran, asked } = self;
        write!(f, "run `{run}` is over, and it was a run of ")?;
        if ran == asked {
            write!(f, "another flow of the name `{asked}`")?;
        } else {
            write!(f, "the flow `{ran}`, not of `{asked}`")?;
        }
        write!(
            f,
            "\nhelp: run this one under another id, for an id belongs to one run of one flow"
        )?;
        if ran == asked {
            Ok(())
        } else {
            write!(
                f,
                "; or, if `{ran}` is called `{asked}` now, run it with `DurableRun::migrate`"
            )
        }
    }
}

impl Error for OtherFlow {}

/// The run with this id was begun with other input: what is stored of it, and its result, belong to
/// that. Nothing has run.
///
/// A field as the store's `Default` has it is not given, and does not differ: with a default store,
/// a run goes on and gives its result whatever it was begun with. While a run is under way, only
/// the fields that no node of the flow changes are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherInput {
    /// The run.
    pub run: String,
    /// The fields that differ.
    pub fields: Vec<String>,
}

impl fmt::Display for OtherInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run `{}` was begun with other input: ", self.run)?;
        for (index, field) in self.fields.iter().enumerate() {
            write!(f, "{}`{field}`", if index > 0 { ", " } else { "" })?;
        }
        write!(
            f,
            " had another value\nhelp: run this under another id; or, to go on with that run or to have its result, start it with a \
             store as `Default` makes it"
        )
    }
}

impl Error for OtherInput {}

/// The rest of the run would read a field that serde skips, so that it was not stored, and that is
/// empty. No node has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedField {
    /// The run.
    pub run: String,
    /// Where the field is read: `Shop > ship`.
    pub node: String,
    /// The field.
    pub field: String,
}

impl fmt::Display for SkippedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, node, field } = self;
        write!(
            f,
            "run `{run}` cannot go on: `{node}` reads `{field}`, which is empty and which nothing fills on the way\nhelp: serde skips \
             that field, so it is not stored: fill it in the store that the run is started with"
        )
    }
}

impl Error for SkippedField {}
