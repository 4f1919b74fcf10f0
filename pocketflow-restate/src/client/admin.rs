//! The runs of all flows of a server.

use std::fmt;
use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::address::{quoted, segment};
use super::error::QUERY;
use super::http::Server;
use super::{Client, ClientError, Port};
use crate::wire::RunStatus;

/// The administration of a Restate server: the runs of all its flows.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use pocketflow_restate::client::Admin;
///
/// for run in Admin::new("http://127.0.0.1:9070")?.runs().await? {
///     println!("{} of {}: {}", run.run, run.flow, run.status);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Admin {
    server: Server,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    service_name: String,
    service_key: String,
    /// It is missing if the value is not what it should be.
    value: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    ingress_endpoint: Option<String>,
}

impl Admin {
    /// The server whose administration is at this address, such as `http://127.0.0.1:9070`. This does not connect yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`] if the address cannot be that of a server.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let server = Server::of(url, Port::Admin)?;
        Ok(Self { server })
    }

    /// Sends a token with each request: `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// [`ClientError::Token`] if it contains a character that no header can have.
    pub fn token(mut self, token: &str) -> Result<Self, ClientError> {
        self.server.token(token)?;
        Ok(self)
    }

    /// How long a request may take. The default is 30 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.server.timeout = timeout;
        self
    }

    /// All runs of all flows, most recently changed last.
    ///
    /// # Errors
    ///
    /// Those that any request can have.
    pub async fn runs(&self) -> Result<Vec<RunStatus>, ClientError> {
        self.statuses("").await
    }

    /// The runs with this id, at most one of each flow.
    ///
    /// # Errors
    ///
    /// Those that any request can have.
    pub async fn find(&self, run: &str) -> Result<Vec<RunStatus>, ClientError> {
        let condition = format!(" and service_key = {}", quoted(run));
        self.statuses(&condition).await
    }

    /// The store of a run as JSON, as it was at the end of the last burst. `None` if there is no such run.
    ///
    /// # Errors
    ///
    /// Those that any request can have.
    pub async fn store(&self, flow: &str, run: &str) -> Result<Option<String>, ClientError> {
        let (flow, run) = (quoted(flow), quoted(run));
        let condition = format!("key = 'store' and service_name = {flow} and service_key = {run}");
        let mut rows = self.query("value_utf8", &condition).await?;
        Ok(rows.pop().and_then(|row| row.value))
    }

    /// A client of the runs of a flow, at the address at which the server says that it takes requests.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`] if that address cannot be used, and those that any request can have.
    pub async fn client<S>(&self, flow: &str) -> Result<Client<S>, ClientError> {
        let path = "/version";
        let timeout = Some(self.server.timeout);
        let answer = self.server.ask(Method::GET, path, "", timeout).await?;
        let version: Version =
            self.server
                .read(path, &answer, "the version of a Restate server")?;
        let url = version
            .ingress_endpoint
            .ok_or_else(|| ClientError::Address {
                port: Port::Admin,
                url: self.server.address.clone(),
                why: "the server does not say at which address it takes requests".to_owned(),
            })?;
        super::client(&url, flow)
    }

    /// Removes what is stored of a run that is over. The server does so in the background.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownRun`] if there is no such run, [`ClientError::NotPossible`] if the run is not over, and those
    /// that any request can have.
    pub async fn remove(&self, flow: &str, run: &str) -> Result<(), ClientError> {
        let found = self.find(run).await?;
        let Some(known) = found.into_iter().find(|known| known.flow == flow) else {
            let (flow, run) = (flow.to_owned(), run.to_owned());
            return Err(ClientError::UnknownRun { flow, run });
        };
        if !known.status.is_over() {
            let status = known.status;
            return Err(ClientError::NotPossible {
                run: run.to_owned(),
                message: format!(
                    "run `{run}` is {status}, and only a run that is over can be removed\nhelp: cancel it first"
                ),
            });
        }
        let path = format!("/services/{}/state", segment(flow));
        let body = json!({ "object_key": run, "new_state": {} }).to_string();
        let timeout = Some(self.server.timeout);
        let answer = self.server.ask(Method::POST, &path, body, timeout).await?;
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(self.server.refused(&path, &answer)),
        }
    }

    async fn statuses(&self, condition: &str) -> Result<Vec<RunStatus>, ClientError> {
        // The rest of `meta` is longer, and is for workers.
        let status = "json_get_json(value_utf8, 'status')";
        let condition = format!("key = 'meta'{condition}");
        let rows = self.query(status, &condition).await?;
        let statuses = rows.into_iter().filter_map(|row| {
            // Objects that are not flows may have a key of this name as well.
            let status: RunStatus = serde_json::from_str(&row.value?).ok()?;
            (status.flow == row.service_name && status.run == row.service_key).then_some(status)
        });
        let mut statuses: Vec<_> = statuses.collect();
        statuses.sort_by(|a, b| (a.updated, &a.flow, &a.run).cmp(&(b.updated, &b.flow, &b.run)));
        Ok(statuses)
    }

    async fn query(&self, value: &str, condition: &str) -> Result<Vec<Row>, ClientError> {
        let path = QUERY;
        let columns = format!("service_name, service_key, {value} AS value");
        let query = format!("SELECT {columns} FROM state WHERE {condition}");
        let body = json!({ "query": query }).to_string();
        let timeout = Some(self.server.timeout);
        let answer = self.server.ask(Method::POST, path, body, timeout).await?;
        let rows: Rows = self.server.read(path, &answer, "a list of rows")?;
        Ok(rows.rows)
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Admin");
        debug
            .field("server", &self.server.address)
            .finish_non_exhaustive()
    }
}
