//! What stops a durable run. Each is the cause of a [`pocketflow::Error`].

use std::time::SystemTime;

use thiserror::Error;

#[doc(inline)]
pub use pocketflow_durable::{
    BadState, Changed, OtherFlow, OtherInput, Panicked, SkippedField, WrongValue,
};

use crate::storage::{NextAttempt, millis};

/// The run waits for a field or for another attempt, or sleeps, and does not do so in memory: see
/// [`DurableRun::park`](crate::DurableRun::park).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("run `{run}` {}", parked(self))]
pub struct Parked {
    /// The run.
    pub run: String,
    /// The field. It is empty if the run sleeps or waits for an attempt.
    pub field: String,
    /// The name of the wait, as `fill` expects it: the field and its visit, such as `approval#2`. It is
    /// empty if the run sleeps or waits for an attempt.
    pub wait: String,
    /// The outermost run, if it is an inner run that waits. Other inner runs may wait as well, and the
    /// outermost run is the one to run again.
    pub outermost: Option<String>,
    /// When the wait expires, when the attempt is due, or until when the run sleeps.
    pub until: Option<SystemTime>,
    /// The attempt for which the run waits. Other items of the same step may wait for attempts as well.
    pub attempt: Option<NextAttempt>,
}

/// What a parked run waits for, and what to do.
fn parked(parked: &Parked) -> String {
    let wait = &*parked.wait;
    let until = parked.until.map(millis::utc).unwrap_or_default();
    let outermost = parked.outermost.as_ref();
    let again = outermost.map_or_else(|| "it".to_owned(), |run| format!("`{run}`"));
    if let Some(attempt) = &parked.attempt {
        return format!("waits for {attempt}: run {again} again then");
    }
    match (wait.is_empty(), until.is_empty()) {
        (true, _) => format!("sleeps until {until}: run {again} again then"),
        (false, true) => format!("waits for `{wait}`: fill it, and run {again} again"),
        (false, false) => format!(
            "waits for `{wait}` until {until}: fill it, or let it expire, and run {again} again"
        ),
    }
}

/// Another process resumed the run while this one waited for a field. This is not a failure: run it
/// again to get its result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("run `{run}` went on elsewhere while this process waited: run it again to have its result")]
pub struct MovedOn {
    /// The run.
    pub run: String,
}
