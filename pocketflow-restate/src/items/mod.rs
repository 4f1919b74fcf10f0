//! Distribution: items of batches, branches of forks and steps of inner runs are computed by any worker.
//!
//! The piece of work is a call of the stateless service of the flow, over the HTTP API of the server,
//! with an idempotency key. So a call that is sent again, after the worker of the run has died, finds
//! the one that is in progress, or its result. The result goes into the journal of the run as if it had
//! been computed in place.

mod call;
mod request;
mod service;
mod snapshot;

use std::future::Future;
use std::pin::Pin;

pub(crate) use call::Ingress;
pub(crate) use request::{Answer, Reply, Request, State};
#[cfg(test)]
pub(crate) use service::answer;
pub(crate) use service::service;
pub(crate) use snapshot::{Snapshot, around};

/// Where pieces of work are sent to.
pub(crate) trait Elsewhere: Send + Sync {
    /// Lets another worker do it. A request with the same key is the same call, whichever burst sends it.
    fn ask(&self, request: Request, key: String) -> Asking<'_>;
}

pub(crate) type Asking<'a> = Pin<Box<dyn Future<Output = Result<Reply, NotAsked>> + Send + 'a>>;

/// Why nobody does a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotAsked {
    /// The server cannot be reached for some time.
    Unreachable(String),
    /// The server will not do it.
    Refused(String),
}

/// The name of the service that computes the pieces of a flow.
pub(crate) fn name(flow: &str) -> String {
    format!("{flow}Items")
}

/// The handler of that service.
pub(crate) const COMPUTE: &str = "compute";
