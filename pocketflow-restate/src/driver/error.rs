//! Why a driver stops a run.

use thiserror::Error;

/// The run goes on with the next burst.
#[derive(Debug, Error)]
#[error("the next burst of steps goes on here")]
pub(super) struct Pause;

/// The run waits for a value, for a time, or for an attempt.
#[derive(Debug, Error)]
#[error("it waits for {0}")]
pub(super) struct Parked(pub(super) String);

/// A store, or the result of a piece of work, is too large for the server.
#[derive(Debug, Error)]
#[error(
    "{what} takes {} as JSON, and at most {} fit into the state of a run\nhelp: keep large data outside of the store, and a reference to it in the store; or raise the limit, with `max_store` and in the configuration of the server",
    size(*bytes),
    size(*max)
)]
pub(crate) struct TooLarge {
    pub(crate) what: String,
    pub(crate) bytes: usize,
    pub(crate) max: usize,
}

/// A number of bytes, for people.
fn size(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
