//! A run as a driver has stored it.

/// What decides whether a stored run can go on, and where: see [`resumes`](crate::resumes).
#[derive(Debug, Clone, Copy)]
pub struct StoredRun<'a> {
    /// The run's id.
    pub run: &'a str,
    /// The [definition](crate::Definition) of the flow and its store, as JSON.
    pub definition: &'a str,
    /// The store, as JSON.
    pub state: &'a str,
    /// The [position](crate::position) at which the run continues, as JSON, or `null` if it has not
    /// taken a step.
    pub position: &'a str,
    /// The number of the last finished step; 0 if there is none.
    pub step: u64,
    /// The action that the last finished step returned.
    pub action: Option<&'a str>,
    /// The exit at which the run ended, if it has finished.
    pub exit: Option<&'a str>,
    /// The run around it, if it is an inner run.
    pub outer: Option<&'a str>,
}

/// What a driver offers to people whose run does not fit the program any more, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Hints {
    /// How to let the stored parts of a step run again, as a part of a sentence without a full stop. It gets what
    /// they are, `items` or `inner runs of that step`, and the id of the run that has them.
    pub run_again: fn(what: &str, run: &str) -> String,
}
