//! The requests that a run on Restate answers, and the answers, as JSON.
//!
//! A flow `Shop` is a virtual object, and each run is one of its keys. The handlers of a run are called over the HTTP
//! API of the Restate server (its ingress), for example with `curl`:
//!
//! | request | body | answer |
//! | --- | --- | --- |
//! | `POST /Shop/order-17/run` | the store: a JSON object with its fields. It may be empty if the nodes fill whatever they read | [`RunStatus`] |
//! | `POST /Shop/order-17/status` | | [`RunStatus`] |
//! | `POST /Shop/order-17/result` | | [`Finished`], if the run has finished |
//! | `POST /Shop/order-17/wait` | | [`Finished`], when the run has finished |
//! | `POST /Shop/order-17/fill` | [`Fill`] | [`RunStatus`] |
//! | `POST /Shop/order-17/retry` | | [`RunStatus`] |
//! | `POST /Shop/order-17/cancel` | | [`RunStatus`] |
//!
//! A request that is refused is answered with an HTTP status of 400 (the store or a value is wrong), 404 (there is no
//! such run), 409 (the run is in a state in which this is not possible) or 413 (the store would be too large), and a text
//! that says what to do.
//!
//! While a worker executes a burst of steps of a run, `fill` and `retry` of that run wait until the burst ends, and
//! `cancel` waits until the work in progress ends. `status`, `result`, and `run` of a known run answer at once, with the run
//! as it was at the beginning of the burst. `RestateFlow::burst` says how many steps a burst has.
//!
//! The errors in a status and in the text of a refusal have `[redacted]` in place of the values of fields with
//! `#[shared(redact)]`, as far as these have 6 characters or more and are quoted as they are in the store. The store in
//! a [`Finished`] has all values.
//!
//! A `fill` that names its wait can be sent again if its answer was lost: the same value for the same wait is accepted, as long as
//! the run shows that it was the answer. When a node has changed the field, or the run has waited for it once more, it is refused
//! with 409.
//!
//! All times are milliseconds since the Unix epoch. A later version may add members to an answer.

mod error;
mod fill;
mod status;

pub use error::RunError;
pub use fill::{Fill, Finished};
pub use status::{NextAttempt, RunStatus, Status, UnknownStatus, Wait};

/// The names of the handlers of a flow's object.
pub mod handler {
    /// Starts a run: see [`RunStatus`](super::RunStatus).
    pub const RUN: &str = "run";
    /// Reports how far a run is.
    pub const STATUS: &str = "status";
    /// Returns the store of a finished run.
    pub const RESULT: &str = "result";
    /// Waits until a run is over, and returns its store.
    pub const WAIT: &str = "wait";
    /// Answers an `await`.
    pub const FILL: &str = "fill";
    /// Lets a failed or cancelled run go on.
    pub const RETRY: &str = "retry";
    /// Cancels a run.
    pub const CANCEL: &str = "cancel";
}
