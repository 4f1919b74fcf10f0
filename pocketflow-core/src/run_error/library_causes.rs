//! The causes of errors that the library itself detects.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The cause of an [`Error`](crate::Error) when an attempt took longer than the node's `timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    /// The node's `timeout`.
    pub limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no result within {:?}", self.limit)
    }
}

impl StdError for TimedOut {}

/// The cause of an [`Error`](crate::Error) when a node or a driver needs a timer and no tokio runtime
/// is running. The error ends the run, without a retry and without the fallback. A runtime that was built
/// without `enable_time` is not recognized: tokio panics in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRuntime {
    /// What needs the runtime: the option `wait` or `timeout` of the node, `within` of an `await`, a
    /// `sleep`, or `Limit::rate` of a driver.
    pub option: &'static str,
}

impl fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.option {
            Self::RATE | Self::WITHIN | Self::SLEEP => "",
            _ => "the node's ",
        };
        write!(
            f,
            "{of}`{}` needs a tokio runtime, and none is running here: run the flow in one, as `#[tokio::main]` does",
            self.option
        )
    }
}

impl NoRuntime {
    /// The option of the driver `Limit`.
    pub(crate) const RATE: &'static str = "Limit::rate";
    /// The deadline of an `await`.
    pub(crate) const WITHIN: &'static str = "within";
    /// A step that sleeps.
    pub(crate) const SLEEP: &'static str = "sleep";
}

impl StdError for NoRuntime {}

/// The cause of an [`Error`](crate::Error) when a late field that should be filled is empty.
///
/// The compiler checks every flow for this. It cannot see that the caller left an input empty, that
/// a `post` does not fill the fields of its `writes(…)`, or that a `post` empties a field. What
/// such a `post` has written stays in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyField {
    /// The store's name.
    pub store: &'static str,
    /// The field's name.
    pub field: &'static str,
}

impl fmt::Display for EmptyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the late field `{}` of `{}` is empty",
            self.field, self.store
        )
    }
}

impl StdError for EmptyField {}

/// The cause of an [`Error`](crate::Error) when a policy that a run is given makes no sense, such as
/// `attempts = context.tries` with zero tries. The run ends before its first node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidPolicy {
    /// The option of the node.
    pub option: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) help: &'static str,
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            option,
            wrong,
            help,
        } = self;
        write!(f, "`{option}` makes no sense: {wrong}; {help}")
    }
}

impl StdError for InvalidPolicy {}
