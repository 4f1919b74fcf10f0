//! A flow that Restate runs.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pocketflow::Drive;
use pocketflow::seam::{Execs, Items};
use pocketflow_durable::{Durable, Migration, StateReader};
use restate_sdk::service::ServiceDefinition;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::ClientError;
use crate::driver::{RestateRun, explained};
use crate::items::{self, Elsewhere, Ingress};
use crate::job::{FlowJob, Job};
use crate::object;

/// Makes a flow into a service of Restate. Its runs are the keys of a virtual object that is named
/// after the flow.
///
/// ```no_run
/// use pocketflow::{Shared, flow, node};
/// use restate_sdk::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Shared, Default, Serialize, Deserialize)]
/// struct Order { total_cents: u64, receipt: Option<String> }
///
/// #[node(Order, writes = receipt)]
/// async fn pay(total_cents: &u64) -> String { format!("{total_cents} cents") }
///
/// flow! { Shop: Order { pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let shop = pocketflow_restate::flow(Shop);
/// let endpoint = Endpoint::builder().bind(shop.object()).build();
/// let listener = pocketflow_restate::listen("0.0.0.0:9080".parse().expect("an address"))?;
/// HttpServer::new(endpoint).serve(listener).await;
/// # Ok(()) }
/// ```
///
/// The flow may have a [context](pocketflow::WithContext), and drivers around it, such as
/// `Shop.with(limit)`.
///
/// The store of a run is made with its `Default`, and its fields are read then. A store without one is
/// read as a whole, so it needs `Deserialize`. If neither is right, use [`flow_with_store`].
pub fn flow<S, F>(flow: F) -> RestateFlow
where
    F: Drive<S, RestateRun, (Execs, Items)> + 'static,
    S: Durable + FromState,
{
    RestateFlow::new(FlowJob::new(flow, |state| match S::blank() {
        Some(store) => Ok(store),
        None => S::from_state(state),
    }))
}

/// [`flow`], with a function that makes the store of a run. What is stored then replaces the fields of
/// that store, except those that serde skips.
///
/// ```no_run
/// use pocketflow::{Shared, flow, node};
/// use serde::Serialize;
/// use std::time::Instant;
///
/// #[derive(Shared, Serialize)]
/// struct Order {
///     total_cents: u64,
///     #[serde(skip)]
///     since: Option<Instant>,
/// }
///
/// #[node(Order, writes = total_cents)]
/// async fn pay(total_cents: &u64) -> u64 { total_cents + 1 }
///
/// flow! { Shop: Order { pay; } }
///
/// let since = Instant::now();
/// let shop = pocketflow_restate::flow_with_store(Shop, move || Order { total_cents: 0, since: Some(since) });
/// ```
pub fn flow_with_store<S, F>(flow: F, store: impl Fn() -> S + Send + Sync + 'static) -> RestateFlow
where
    F: Drive<S, RestateRun, (Execs, Items)> + 'static,
    S: Durable,
{
    RestateFlow::new(FlowJob::new(flow, move |_: &str| Ok(store())))
}

/// A flow that Restate runs: [`flow`] makes it.
#[must_use = "bind its services to an endpoint"]
#[derive(Clone)]
pub struct RestateFlow {
    job: Arc<dyn Job>,
    settings: Settings,
    ingress: Option<Ingress>,
}

impl fmt::Debug for RestateFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestateFlow")
            .field("flow", &self.job.graph().name)
            .finish_non_exhaustive()
    }
}

/// What can be configured.
#[derive(Clone)]
pub(crate) struct Settings {
    /// How many steps a burst has.
    pub(crate) burst: usize,
    /// How many bytes a burst records at most before the next one goes on.
    pub(crate) journal_bytes: usize,
    pub(crate) max_store: usize,
    pub(crate) inactivity_timeout: Duration,
    pub(crate) abort_timeout: Duration,
    /// Where the work within a step is done, if not where its run is.
    pub(crate) elsewhere: Option<Arc<dyn Elsewhere>>,
    pub(crate) migration: Option<Migration>,
    pub(crate) max_crashes: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        Self {
            burst: 50,
            journal_bytes: 8 << 20,
            max_store: 15 << 20,
            inactivity_timeout: day,
            abort_timeout: day,
            elsewhere: None,
            migration: None,
            max_crashes: Some(10),
        }
    }
}

impl RestateFlow {
    fn new(job: impl Job + 'static) -> Self {
        Self {
            job: Arc::new(job),
            settings: Settings::default(),
            ingress: None,
        }
    }

    /// How many steps one invocation takes, 50 if you do not say otherwise. After them it stores the
    /// state of the run and calls itself again.
    ///
    /// Each step is recorded as soon as it is done, so this is not how much a crash loses. A longer
    /// burst stores the state less often, and replays more steps after a crash.
    pub fn burst(mut self, steps: usize) -> Self {
        self.settings.burst = steps.max(1);
        self
    }

    /// How many bytes a store may take as JSON: 15 MiB if you do not say otherwise. A larger one is
    /// refused. A run whose store grows beyond that fails, and keeps the store that it had before the
    /// step; so does one whose exec returns that much in a batch or a fork.
    ///
    /// The server holds what a step has changed twice while it records it, and waits without an error if
    /// its `per-invocation-memory-limit` is too small for that: 32 MiB if it is not configured otherwise. So
    /// that must be twice this limit, and its `message-size-limit` larger than this limit.
    pub fn max_store(mut self, bytes: usize) -> Self {
        self.settings.max_store = bytes;
        self
    }

    /// Sets how many processes in a row may die in the same burst, with nothing recorded in between, before the run fails: 10 by
    /// default, and `None` for any number. `retry` lets it go on. Deaths of other workers, to which the work is
    /// [spread](Self::distribute), do not count.
    pub fn max_crashes(mut self, crashes: impl Into<Option<u32>>) -> Self {
        self.settings.max_crashes = crashes.into();
        self
    }

    /// Converts the stored state of a run that does not fit this program, because the flow or its store has
    /// changed: the function gets the state as JSON and returns it as this program expects it.
    ///
    /// ```
    /// # use pocketflow::{Shared, flow, node};
    /// # use serde::{Deserialize, Serialize};
    /// /// The field was called `total`, and had euros.
    /// #[derive(Shared, Default, Serialize, Deserialize)]
    /// struct Order { total_cents: u64, receipt: Option<String> }
    /// # #[node(Order, writes = receipt)]
    /// # async fn pay(total_cents: &u64) -> String { format!("{total_cents} cents, with thanks") }
    /// # flow! { pub Shop: Order { pay; } }
    ///
    /// let shop = pocketflow_restate::flow(Shop).migrate(|mut state| {
    ///     let total = state["total"].as_u64().ok_or("`total` is a number")?;
    ///     let fields = state.as_object_mut().ok_or("a state is an object")?;
    ///     fields.remove("total");
    ///     fields.insert("total_cents".into(), (total * 100).into());
    ///     Ok(state)
    /// });
    /// # let _ = shop.object();
    /// ```
    ///
    /// It is called at the beginning of a burst, and its result is recorded before the first step. Until that is
    /// acknowledged it may be called again, and so it may when a value that is filled in is checked, each time with the
    /// old state. The node that the run is at must still exist. A run of older programs than the last one has the form of
    /// the program that has executed it last, so look which form it has.
    ///
    /// If it returns an error or panics, or if its result does not fit, the run fails with the reason, and what is stored
    /// does not change. Register a better version, and `retry` the run.
    ///
    /// It does not get the states of inner runs, which flows on a field have within a step. If they do not fit any more, or
    /// if it changes the items that they run on, the run fails and says so. The result of a run that has finished stays as
    /// it is. A run that it has converted, or would convert, is not compared with the store of another
    /// [`run`](crate::wire) request any more.
    pub fn migrate(
        mut self,
        migration: impl Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.settings.migration = Some(explained(Arc::new(migration)));
        self
    }

    /// How long the server waits for a step that is running before it asks the worker to suspend the
    /// run: a day if you do not say otherwise. A worker that dies is noticed at once, because its
    /// connection ends. Suspended work starts over, so this must be longer than any step.
    pub fn inactivity_timeout(mut self, time: Duration) -> Self {
        self.settings.inactivity_timeout = time;
        self
    }

    /// How long the server waits after the [inactivity timeout](Self::inactivity_timeout) before it
    /// gives the run to another worker: a day if you do not say otherwise.
    pub fn abort_timeout(mut self, time: Duration) -> Self {
        self.settings.abort_timeout = time;
        self
    }

    /// Spreads the work within a step over all workers: the items of batches, the branches of forks, and
    /// the steps of the inner runs of flows on fields, such as sub-agents. Without this, the worker that
    /// drives a run does all of its work. `ingress` is the address of the server for requests, such as
    /// `http://127.0.0.1:8080`. Bind [`items`](Self::items) as well. While the server cannot be reached at that
    /// address, the run waits and tries again.
    ///
    /// This is for slow work: each piece takes a millisecond or two more. A piece that is in progress is
    /// not repeated if the worker of the run dies, but only if its own worker does. How many are in flight
    /// is up to the flow, with `parallel`. If the run is cancelled, a retry gets what other workers have done
    /// in the meantime. If the server cannot be reached at the address, the worker logs a warning with
    /// `tracing` and tries again, [`problem`](crate::wire::RunStatus::problem) in the run's status says so, and the run can be cancelled. Of an error only its texts come back, so drivers cannot find its
    /// type.
    ///
    /// # Errors
    ///
    /// It is not an address of a server.
    pub fn distribute(mut self, ingress: &str) -> Result<Self, ClientError> {
        let ingress = Ingress::new(ingress, self.job.graph().name)?;
        self.settings.elsewhere = Some(Arc::new(ingress.clone()));
        self.ingress = Some(ingress);
        Ok(self)
    }

    /// The stateless service that does the work that is [spread](Self::distribute), to
    /// [bind](restate_sdk::endpoint::Builder::bind) to an endpoint beside [`object`](Self::object).
    ///
    /// ```no_run
    /// # use pocketflow::{Shared, flow, node};
    /// # use restate_sdk::{endpoint::Endpoint, http_server::HttpServer};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Shared, Default, Serialize, Deserialize)]
    /// struct Article { titles: Vec<String>, drafts: Option<Vec<String>> }
    ///
    /// #[node(Article, writes = drafts, parallel = 20)]
    /// async fn draft(#[each(titles)] title: &str) -> String { format!("All about {title}.") }
    ///
    /// flow! { Write: Article { draft; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let write = pocketflow_restate::flow(Write).distribute("http://127.0.0.1:8080")?;
    /// let endpoint = Endpoint::builder().bind(write.object()).bind(write.items()).build();
    /// HttpServer::new(endpoint).serve(pocketflow_restate::listen("0.0.0.0:9080".parse()?)?).await;
    /// # Ok(()) }
    /// ```
    pub fn items(&self) -> ServiceDefinition {
        let (job, settings) = (self.job.clone(), self.settings.clone());
        items::service(job, settings, self.ingress.clone())
    }

    /// The virtual object, to [bind](restate_sdk::endpoint::Builder::bind) to an endpoint. Its handlers
    /// are described in [`wire`](crate::wire).
    ///
    /// The server does not keep the journals of its finished invocations, which have copies of what the
    /// runs have stored. And it tries forever to reach a worker, every 10 seconds in the end, so that runs
    /// go on however long their workers were away. Both can be changed, with
    /// [`journal_retention`](restate_sdk::endpoint::ServiceOptions::journal_retention) and
    /// [`retry_policy_max_attempts`](restate_sdk::endpoint::ServiceOptions::retry_policy_max_attempts) in
    /// the [`options`](ServiceDefinition::options) of what this returns.
    ///
    /// # Panics
    ///
    /// If the flow has no name: `flow! { Shop: Order { … } }` has one.
    pub fn object(&self) -> ServiceDefinition {
        object::service(self.job.clone(), self.settings.clone())
    }
}

/// A store that can be made from its stored state: any type that serde reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Deserialize`: a worker makes the store of a run from its stored state",
    label = "a flow of `{Self}`",
    note = "write `#[derive(Deserialize)]` on `{Self}`, or say how to make one: `flow_with_store(flow, |state| …)`"
)]
#[doc(hidden)]
pub trait FromState: Sized {
    /// Reads a state.
    #[doc(hidden)]
    fn from_state(state: &str) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<S: DeserializeOwned> FromState for S {
    fn from_state(state: &str) -> Result<Self, serde_json::Error> {
        StateReader::read(state)
    }
}
