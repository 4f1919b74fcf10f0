//! What can go wrong between a client and a server.

use std::fmt;
use std::time::Duration;

/// The path of the administration for queries of what is stored.
pub(super) const QUERY: &str = "/query";

/// The error of an HTTP library, of JSON, or of the system.
type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What a Restate server offers at one of its ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// It takes requests for runs: [`client`](fn@crate::client). The port is 8080 by default.
    Ingress,
    /// The administration: [`Admin`](super::Admin). The port is 9070 by default.
    Admin,
}

impl Port {
    /// What the address must be.
    fn address(self) -> &'static str {
        match self {
            Self::Ingress => {
                "that at which a Restate server takes requests (its ingress, port 8080 by default), and not that of its administration (9070)"
            }
            Self::Admin => {
                "that of the administration of a Restate server (port 9070 by default), and not that at which it takes requests (8080)"
            }
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Ingress => "http://127.0.0.1:8080",
            Self::Admin => "http://127.0.0.1:9070",
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ingress => "ingress",
            Self::Admin => "administration",
        })
    }
}

/// Why a call of a [`Client`](super::Client) or an [`Admin`](super::Admin) failed.
///
/// `server` is the address of the server. The messages of a worker, which says why it refuses a request, are printed
/// as they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address of the server, or the token, cannot be used.
    #[error(
        "`{url}` is not the address of a Restate server: {why}\nhelp: write for example {}",
        port.example()
    )]
    Address {
        /// What the address should be.
        port: Port,
        /// The address, without a user and a password.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The token contains characters that no header of HTTP can have.
    #[error("the token contains characters that no token can have, such as a line break")]
    Token,
    /// No run can have this id.
    #[error("`{run}` cannot be the id of a run: {why}")]
    Id {
        /// The id.
        run: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nobody answers at this address. Nothing has been done.
    #[error(
        "cannot reach the Restate server at {server}\nhelp: is it running, and is the address right? It must be {}",
        port.address()
    )]
    Unreachable {
        /// The address.
        server: String,
        /// What the address should be.
        port: Port,
        /// Why.
        source: Cause,
    },
    /// The connection was lost before the answer came, so whether the server has done what it was asked for is not
    /// known. To ask again does no harm.
    #[error(
        "the connection to the Restate server at {server} was lost before it answered: ask again"
    )]
    Lost {
        /// The address.
        server: String,
        /// Why.
        source: Cause,
    },
    /// The answer did not come in time. What the server was asked for may still be done. To ask again does no harm.
    #[error(
        "the Restate server at {server} has not answered `{request}` within {} s\nhelp: a server without a worker for the flow keeps the request; a request also waits for the end of the burst that its run is at",
        after.as_secs_f32()
    )]
    Timeout {
        /// The address.
        server: String,
        /// The path of the request.
        request: String,
        /// How long the client has waited.
        after: Duration,
    },
    /// The server knows no such flow: no worker that serves it has been registered.
    #[error(
        "the Restate server at {server} does not know the flow `{flow}`: {message}\nhelp: start a worker that serves the flow, and register its address with the server"
    )]
    UnknownFlow {
        /// The address.
        server: String,
        /// The flow.
        flow: String,
        /// What the server says.
        message: String,
    },
    /// The flow has no such run.
    #[error("the flow `{flow}` has no run `{run}`")]
    UnknownRun {
        /// The flow.
        flow: String,
        /// The run.
        run: String,
    },
    /// The store with which a run was to start does not fit the flow.
    #[error("run `{run}` cannot start: {message}")]
    WrongStore {
        /// The run.
        run: String,
        /// Why, with the field.
        message: String,
    },
    /// The value does not fit the field that the run waits for. The run still waits for it.
    #[error("run `{run}` still waits for `{wait}`: {message}")]
    WrongValue {
        /// The run.
        run: String,
        /// The wait, or the field.
        wait: String,
        /// Why the value does not fit.
        message: String,
    },
    /// The run was started with other input.
    #[error("{message}")]
    OtherInput {
        /// The run.
        run: String,
        /// Which fields differ.
        message: String,
    },
    /// The run is in a state in which this is not possible: it is not over, does not wait for this field, or is over.
    #[error("{message}")]
    NotPossible {
        /// The run.
        run: String,
        /// Why.
        message: String,
    },
    /// The run has failed, and has no result.
    #[error("{message}")]
    RunFailed {
        /// The run.
        run: String,
        /// Why it failed.
        message: String,
    },
    /// The server wants a token, or another one.
    #[error(
        "the Restate server at {server} refuses access with HTTP status {status}\nhelp: set the token of the server. If it has none, is the address right? It must be {}",
        port.address()
    )]
    Denied {
        /// The address.
        server: String,
        /// What the address should be.
        port: Port,
        /// The HTTP status.
        status: u16,
    },
    /// What answers is not this port of a Restate server. It may be another port, a worker, a proxy, or another program.
    #[error(
        "the answer at {server} to `{request}` is not that of the {port} of a Restate server: {answer}\nhelp: is the address right? It must be {}",
        port.address()
    )]
    WrongAddress {
        /// The address.
        server: String,
        /// What the address should be.
        port: Port,
        /// The path of the request.
        request: String,
        /// The HTTP status, if the answer is HTTP.
        status: Option<u16>,
        /// The answer in words: `HTTP status 404 without a text`.
        answer: String,
    },
    /// Another answer than those above.
    #[error(
        "the Restate server at {server} answered `{request}` with HTTP status {status}: {message}"
    )]
    Answer {
        /// The address.
        server: String,
        /// The path of the request.
        request: String,
        /// The HTTP status.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// A store or a value cannot be written as JSON.
    #[error("{what} of run `{run}` cannot be written as JSON")]
    Unwritable {
        /// The run.
        run: String,
        /// The store, or the value of a field.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// An answer is not what it should be. A store has another type than that of the client, or the worker has another
    /// version.
    #[error("the answer of the Restate server at {server} to `{request}` is not {expected}")]
    Unreadable {
        /// The address.
        server: String,
        /// The path of the request.
        request: String,
        /// What the answer should be.
        expected: &'static str,
        /// Where it differs.
        source: serde_json::Error,
    },
}

impl ClientError {
    /// Whether the server could not be asked, or could not answer, so that the same request may succeed later. That is also so
    /// if a server that has just started cannot list its runs yet.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Lost { .. } | Self::Timeout { .. } => true,
            // A server that has just started knows no tables yet. The queries themselves are right.
            Self::Answer {
                status: 500,
                request,
                ..
            } if request == QUERY => true,
            // A proxy says so while it cannot reach the server.
            Self::Answer { status, .. }
            | Self::WrongAddress {
                status: Some(status),
                ..
            } => matches!(status, 429 | 502..=504),
            _ => false,
        }
    }
}
