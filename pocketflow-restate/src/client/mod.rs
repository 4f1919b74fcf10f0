//! Starts, answers and lists runs.
//!
//! ```no_run
//! use pocketflow::{Shared, flow, node};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Shared, Default, Serialize, Deserialize)]
//! struct Order { total_cents: u64, approval: Option<String>, receipt: Option<String> }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = pocketflow_restate::client::<Order>("http://127.0.0.1:8080", "Shop")?;
//! let order = Order { total_cents: 4_200, ..Default::default() };
//! shop.start("order-17", &order).await?;                      // returns as soon as the run is stored
//! shop.fill("order-17", "approval", "Ada").await?;
//! let finished = shop.wait("order-17").await?;
//! println!("{:?}", finished.store.receipt);
//! # Ok(()) }
//! ```

mod address;
mod admin;
mod error;
mod http;
#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use hyper::{Method, StatusCode};
use pocketflow_durable::StateReader;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::Instant;

#[cfg(feature = "worker")]
pub(crate) use self::address::segment;
pub use self::admin::Admin;
pub use self::error::{ClientError, Port};
use self::http::Answer;
pub(crate) use self::http::Server;
use crate::wire::{Fill, Finished, RunStatus, handler};

/// How long [`Client::wait`] waits before it connects again.
const PAUSE: Duration = Duration::from_millis(500);

/// A client of the runs of a flow: see [`client`](fn@crate::client).
///
/// Each method asks the server once, and can be called again if its answer was lost: a run is started once, and an
/// answer to a wait is used once. An answer that names its wait, such as `approval#2`, is [accepted again](crate::wire).
///
/// While a worker executes a burst of steps of the run, [`fill`](Self::fill) and [`retry`](Self::retry) wait until the burst
/// ends, and [`cancel`](Self::cancel) waits until the work in progress ends. If that takes longer than the
/// [`timeout`](Self::timeout), the server still does what it was asked for. The others answer at once.
pub struct Client<S> {
    server: Server,
    flow: String,
    store: PhantomData<fn(S) -> S>,
}

/// A client of the runs of a flow whose store is `S`.
///
/// `url` is the address at which the Restate server takes requests (its ingress), such as `http://127.0.0.1:8080`, and
/// `flow` is the name of the flow. The client does not connect before its first request.
///
/// # Errors
///
/// [`ClientError::Address`] if the address cannot be that of a server.
pub fn client<S>(url: &str, flow: &str) -> Result<Client<S>, ClientError> {
    Ok(Client {
        server: Server::new(url)?,
        flow: flow.to_owned(),
        store: PhantomData,
    })
}

impl<S> Client<S> {
    /// Sends a token with each request, as Restate Cloud and many proxies want it: `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// [`ClientError::Token`] if it contains a character that no header can have.
    pub fn token(mut self, token: &str) -> Result<Self, ClientError> {
        self.server.token(token)?;
        Ok(self)
    }

    /// How long a request may take. The default is 30 seconds. [`wait`](Self::wait) waits for as long as the run takes,
    /// and gives up only after the server has been unreachable for this time.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.server.timeout = timeout;
        self
    }

    /// Starts a run, and returns as soon as it is stored. If the run is known, this returns its status.
    ///
    /// The store is sent as JSON, in which infinities and NaN are `null`.
    ///
    /// # Errors
    ///
    /// [`ClientError::WrongStore`] if the store does not fit the flow, [`ClientError::OtherInput`] if a run with this id was
    /// started with other input, and the errors that any request can have.
    pub async fn start(&self, run: &str, store: &S) -> Result<RunStatus, ClientError>
    where
        S: Serialize,
    {
        let body = json(run, store, || "the store".to_owned())?;
        let (path, answer) = self.ask(run, handler::RUN, body).await?;
        let (run, message) = (run.to_owned(), answer.message());
        if answer.is_refusal(StatusCode::CONFLICT) {
            return Err(ClientError::OtherInput { run, message });
        }
        if answer.is_refusal(StatusCode::BAD_REQUEST)
            || answer.is_refusal(StatusCode::PAYLOAD_TOO_LARGE)
        {
            return Err(ClientError::WrongStore { run, message });
        }
        self.read_status(&path, &answer)
    }

    /// How far a run is.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownRun`], and the errors that any request can have.
    pub async fn status(&self, run: &str) -> Result<RunStatus, ClientError> {
        self.call(run, handler::STATUS).await
    }

    /// The exit and the store of a run that has finished.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotPossible`] if the run has not finished or was cancelled, [`ClientError::RunFailed`] if it has
    /// failed, [`ClientError::UnknownRun`], and the errors that any request can have.
    pub async fn result(&self, run: &str) -> Result<Finished<S>, ClientError>
    where
        S: DeserializeOwned,
    {
        let (path, answer) = self.ask(run, handler::RESULT, Vec::new()).await?;
        self.finished(run, &path, &answer)
    }

    /// Waits until a run is over, and returns its exit and its store. If the server is restarted meanwhile, this waits on.
    ///
    /// # Errors
    ///
    /// [`ClientError::RunFailed`] if the run has failed, [`ClientError::NotPossible`] if it was cancelled,
    /// [`ClientError::UnknownRun`], and the errors that any request can have.
    pub async fn wait(&self, run: &str) -> Result<Finished<S>, ClientError>
    where
        S: DeserializeOwned,
    {
        let path = self.path(run, handler::WAIT)?;
        let mut unreachable = None;
        loop {
            let began = Instant::now();
            let answer = self.server.ask(Method::POST, &path, "", None).await;
            let answer = answer.and_then(|answer| self.finished(run, &path, &answer));
            match answer {
                Err(error) if error.is_temporary() => {
                    // A request that takes longer than a connection has reached the server.
                    if !matches!(error, ClientError::Unreachable { .. }) && began.elapsed() > PAUSE
                    {
                        unreachable = None;
                    }
                    let since = *unreachable.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.server.timeout {
                        return Err(error);
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Answers a wait of a run. `wait` is the field, or the field and its visit, such as `approval#2`, so that the answer is
    /// never taken for another question.
    ///
    /// # Errors
    ///
    /// [`ClientError::WrongValue`] if the value does not fit the field, [`ClientError::NotPossible`] if the run does not wait
    /// for it, [`ClientError::UnknownRun`], and the errors that any request can have.
    pub async fn fill<V>(&self, run: &str, wait: &str, value: &V) -> Result<RunStatus, ClientError>
    where
        V: Serialize + ?Sized,
    {
        self.fill_with(run, &Fill::new(wait, value)).await
    }

    /// Answers a wait of a run or of one of its inner runs.
    ///
    /// ```no_run
    /// # async fn example(shop: pocketflow_restate::client::Client<()>) -> Result<(), Box<dyn std::error::Error>> {
    /// use pocketflow_restate::wire::Fill;
    ///
    /// shop.fill_with("order-17", &Fill::new("approval", "Ada").inner("4/documents[3]")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fill`](Self::fill).
    pub async fn fill_with<V>(&self, run: &str, fill: &Fill<V>) -> Result<RunStatus, ClientError>
    where
        V: Serialize,
    {
        let body = json(run, fill, || format!("the value for `{}`", fill.field))?;
        let (path, answer) = self.ask(run, handler::FILL, body).await?;
        if answer.is_refusal(StatusCode::BAD_REQUEST)
            || answer.is_refusal(StatusCode::PAYLOAD_TOO_LARGE)
        {
            return Err(ClientError::WrongValue {
                run: run.to_owned(),
                wait: fill.wait.clone().unwrap_or_else(|| fill.field.clone()),
                message: answer.message(),
            });
        }
        self.possible(run, &answer)?;
        self.read_status(&path, &answer)
    }

    /// Lets a failed or cancelled run go on where it stopped.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownRun`], and the errors that any request can have.
    pub async fn retry(&self, run: &str) -> Result<RunStatus, ClientError> {
        self.call(run, handler::RETRY).await
    }

    /// Cancels a run. The work that it is at ends first, and what has finished stays.
    ///
    /// Of a flow that is distributed, this does not wait for the work on other workers. That work goes on to its end, and
    /// a [`retry`](Self::retry) gets its result: it does not begin again, unless the retry comes more than an hour after
    /// its end.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownRun`], and the errors that any request can have.
    pub async fn cancel(&self, run: &str) -> Result<RunStatus, ClientError> {
        self.call(run, handler::CANCEL).await
    }

    async fn call(&self, run: &str, handler: &str) -> Result<RunStatus, ClientError> {
        let (path, answer) = self.ask(run, handler, Vec::new()).await?;
        self.possible(run, &answer)?;
        self.read_status(&path, &answer)
    }

    fn path(&self, run: &str, handler: &str) -> Result<String, ClientError> {
        if run.is_empty() {
            let (run, why) = (run.to_owned(), "it is empty");
            return Err(ClientError::Id { run, why });
        }
        let (flow, run) = (address::segment(&self.flow), address::segment(run));
        Ok(format!("/{flow}/{run}/{handler}"))
    }

    /// Calls a handler of a run.
    async fn ask(
        &self,
        run: &str,
        handler: &str,
        body: Vec<u8>,
    ) -> Result<(String, Answer), ClientError> {
        let path = self.path(run, handler)?;
        let timeout = Some(self.server.timeout);
        let answer = self.server.ask(Method::POST, &path, body, timeout).await?;
        self.known(run, &answer)?;
        Ok((path, answer))
    }

    /// Checks that there is such a flow and such a run.
    fn known(&self, run: &str, answer: &Answer) -> Result<(), ClientError> {
        if answer.is_unknown() {
            return Err(ClientError::UnknownFlow {
                server: self.server.address.clone(),
                flow: self.flow.clone(),
                message: answer.message(),
            });
        }
        if answer.is_refusal(StatusCode::NOT_FOUND) {
            let (flow, run) = (self.flow.clone(), run.to_owned());
            return Err(ClientError::UnknownRun { flow, run });
        }
        Ok(())
    }

    /// Checks that the run is in a state in which this is possible.
    fn possible(&self, run: &str, answer: &Answer) -> Result<(), ClientError> {
        if answer.is_refusal(StatusCode::CONFLICT) {
            let (run, message) = (run.to_owned(), answer.message());
            return Err(ClientError::NotPossible { run, message });
        }
        Ok(())
    }

    fn finished(&self, run: &str, path: &str, answer: &Answer) -> Result<Finished<S>, ClientError>
    where
        S: DeserializeOwned,
    {
        self.known(run, answer)?;
        self.possible(run, answer)?;
        if answer.is_refusal(StatusCode::INTERNAL_SERVER_ERROR) {
            let (run, message) = (run.to_owned(), answer.message());
            return Err(ClientError::RunFailed { run, message });
        }
        let expected = "a finished run with the store of this client";
        let Finished::<Box<RawValue>> { exit, store } = self.server.read(path, answer, expected)?;
        // A run stores what JSON cannot hold in another form. JSON of any form, such as a `Value`, takes that as it is.
        let store = StateReader::read(store.get())
            .or_else(|error| serde_json::from_str(store.get()).map_err(|_| error));
        let store = store.map_err(|source| self.server.unreadable(path, expected, source))?;
        Ok(Finished { exit, store })
    }

    fn read_status(&self, path: &str, answer: &Answer) -> Result<RunStatus, ClientError> {
        self.server.read(path, answer, "the status of a run")
    }
}

impl<S> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            flow: self.flow.clone(),
            store: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Client");
        debug
            .field("server", &self.server.address)
            .field("flow", &self.flow);
        debug.finish_non_exhaustive()
    }
}

fn json(
    run: &str,
    value: &impl Serialize,
    what: impl FnOnce() -> String,
) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(value).map_err(|source| ClientError::Unwritable {
        run: run.to_owned(),
        what: what(),
        source,
    })
}
