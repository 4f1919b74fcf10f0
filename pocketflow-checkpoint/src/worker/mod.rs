//! A worker: it runs what is enqueued, filled or orphaned.

mod job;
mod work;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, pending};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use pocketflow::seam::Items;
use pocketflow::{Drive, Flow};
use serde_json::Value;

use crate::durable_run::{DurableRun, RunsShared};
use crate::storage::{Storage, StorageResult};
pub use job::FromState;
use job::{FlowJob, Job};
use pocketflow_durable::Durable;
use pocketflow_durable::Migration;
use work::Work;

/// Runs the durable runs of some flows: those that are
/// [enqueued](crate::Checkpoints::enqueue), those that waited and have been filled or whose time is
/// over, and those that a process left unfinished when it died or ended. [`Checkpoints::worker`](crate::Checkpoints::worker)
/// makes one.
///
/// ```
/// use pocketflow::{Shared, flow, node};
/// use pocketflow_checkpoint::{Checkpoints, Status};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Shared, Default, Serialize, Deserialize)]
/// struct Order { total_cents: u64, approval: Option<String>, receipt: Option<String> }
///
/// #[node(Order, writes = receipt)]
/// async fn pay(total_cents: &u64, approval: &str) -> String { format!("{total_cents} cents, approved by {approval}") }
///
/// flow! { pub Shop: Order { await(approval) >> pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?; let file = folder.path().join("runs.db");
/// let runs = Checkpoints::open(&file).await?;
///
/// // A web server stores the order, and answers its client at once.
/// runs.enqueue("order-17", &Shop, Order { total_cents: 4_200, ..Default::default() }).await?;
///
/// // The worker is another process, or a task of this one.
/// let worker = runs.worker().flow(Shop).concurrency(50);
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let worker = tokio::spawn(worker.run_until(async { drop(stopped.await) }));   // or tokio::signal::ctrl_c()
///
/// runs.fill_value("order-17", "approval#1", "Ada").await?;   // now or in a week
/// while runs.list(Some(Status::Finished)).await?.is_empty() {
///     tokio::time::sleep(std::time::Duration::from_millis(10)).await;
/// }
/// drop(stop);
/// worker.await??;
/// # Ok(()) }
/// ```
///
/// # What it does
///
/// - It runs as many runs at a time as its [`concurrency`](Self::concurrency) says, each in a task of
///   its own. A run that waits, sleeps, or waits long for the next attempt of a node is parked: it
///   costs nothing until it is filled, or its time is over.
/// - It notices what happens in its process at once, hears on PostgreSQL what happens in others, and asks
///   the storage for the rest every [`poll`](crate::Checkpoints::poll). Several workers, in several processes, share the work. The
///   lease keeps them from running the same run.
/// - If a process dies, its runs go on elsewhere when their leases have expired
///   ([`lease`](crate::Checkpoints::lease)), or at once if the death is known (on the same Linux
///   machine).
/// - A run that fails stays failed until [`retry`](crate::Checkpoints::retry). So does one whose node
///   panics; the worker goes on.
/// - A run that this program cannot resume, because its flow or its store has
///   [changed](crate::Changed), stays as it is, with the reason as its message. The worker tries it
///   again after a minute, and later and later, up to an hour, or at once after a
///   [`retry`](crate::Checkpoints::retry).
/// - A run of a flow that the worker does not have is left alone.
/// - While the storage fails, the worker waits and tries again.
///
/// Let the workers run all runs of their flows. If a program also runs them itself, it competes with
/// the workers, and one of both gets an error such as [`MovedOn`](crate::MovedOn).
#[must_use = "a worker does nothing until it is run"]
pub struct Worker<E: Storage> {
    runs: Arc<RunsShared<E>>,
    flows: BTreeMap<&'static str, Arc<dyn Job<E>>>,
    /// By the names of the flows.
    migrations: BTreeMap<&'static str, Migration>,
    concurrency: NonZeroU32,
    grace: Duration,
}

impl<E: Storage> Worker<E> {
    pub(crate) fn new(runs: Arc<RunsShared<E>>) -> Self {
        const CONCURRENCY: NonZeroU32 = NonZeroU32::new(100).expect("not 0");
        Self {
            runs,
            flows: BTreeMap::new(),
            migrations: BTreeMap::new(),
            concurrency: CONCURRENCY,
            grace: Duration::from_secs(15),
        }
    }

    /// Adds a flow: `.flow(Shop)`, or with the context of its runs,
    /// `.flow(Shop.context(services.clone()))` where `services` is an `Arc`.
    ///
    /// The drivers of a flow are around each run, and all runs share them: `.flow(Shop.with(limit.clone()))`
    /// limits the attempts of all its runs, and `.flow(Shop.context(services.clone()).with(Trace))` opens
    /// spans for them.
    ///
    /// ```
    /// # use pocketflow::{Shared, flow, node};
    /// # use pocketflow_checkpoint::Checkpoints;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Shared, Default, Serialize, Deserialize)]
    /// # struct Order { receipt: Option<String> }
    /// # #[node(Order, writes = receipt)] async fn pay() -> String { "paid".into() }
    /// # flow! { pub Shop: Order { pay; } }
    /// use pocketflow::StepLimit;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Checkpoints::open(folder.path().join("runs.db")).await?;
    /// runs.worker().flow(Shop.with(StepLimit::new(1_000))).run_until_idle().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// The worker makes the store of a run with its `Default`. A store without one is read as a whole,
    /// so it needs `Deserialize`. If neither is right, use
    /// [`flow_with_store`](Self::flow_with_store).
    ///
    /// # Panics
    ///
    /// The worker has a flow of this name already.
    pub fn flow<S, F>(self, flow: F) -> Self
    where
        F: Drive<S, DurableRun<E>, Items> + 'static,
        S: Durable + FromState,
    {
        self.add(FlowJob::new(flow, |state| match S::blank() {
            Some(store) => Ok(store),
            None => S::from_state(state),
        }))
    }

    /// Adds a flow, with a function that makes the store of a run. The stored state then replaces
    /// the fields of that store, except those that serde skips.
    ///
    /// # Panics
    ///
    /// The worker has a flow of this name already.
    pub fn flow_with_store<S, F>(
        self,
        flow: F,
        store: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self
    where
        F: Drive<S, DurableRun<E>, Items> + 'static,
        S: Durable,
    {
        self.add(FlowJob::new(flow, move |_| Ok(store())))
    }

    fn add(mut self, job: impl Job<E> + 'static) -> Self {
        let name = job.name();
        let before = self.flows.insert(name, Arc::new(job));
        assert!(before.is_none(), "a worker has one flow called `{name}`");
        self
    }

    /// Converts the stored states of the runs of a flow that an older program stored, as
    /// [`DurableRun::migrate`] does for one run:
    ///
    /// ```
    /// # use pocketflow::{Shared, flow, node};
    /// # use pocketflow_checkpoint::Checkpoints;
    /// # use serde::{Deserialize, Serialize};
    /// /// The field was called `total`, and had euros.
    /// #[derive(Shared, Default, Serialize, Deserialize)]
    /// struct Order { total_cents: u64, receipt: Option<String> }
    /// # #[node(Order, writes = receipt)]
    /// # async fn pay(total_cents: &u64) -> String { format!("{total_cents} cents, with thanks") }
    /// # flow! { pub Shop: Order { pay; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Checkpoints::open(folder.path().join("runs.db")).await?;
    /// let worker = runs.worker().flow(Shop).migrate(&Shop, |mut state| {
    ///     let total = state["total"].as_u64().ok_or("`total` is a number")?;
    ///     let fields = state.as_object_mut().ok_or("a state is an object")?;
    ///     fields.remove("total");
    ///     fields.insert("total_cents".into(), (total * 100).into());
    ///     Ok(state)
    /// });
    /// worker.run_until_idle().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// The worker does not have the flow.
    pub fn migrate<F: Flow>(
        mut self,
        _flow: &F,
        migration: impl Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let name = F::GRAPH.name;
        let known = self.flows.contains_key(name);
        assert!(
            known,
            "the worker has no flow called `{name}`: add it first"
        );
        self.migrations.insert(name, Arc::new(migration));
        self
    }

    /// Sets how many runs are in progress at the same time at most: 100 by default. Runs that wait
    /// do not count.
    ///
    /// # Panics
    ///
    /// `runs` is 0.
    pub fn concurrency(mut self, runs: u32) -> Self {
        self.concurrency = NonZeroU32::new(runs).expect("a worker runs at least one run at a time");
        self
    }

    /// Sets how long the steps in progress may take to finish after the signal of
    /// [`run_until`](Self::run_until): 15 seconds by default. A step that takes longer is dropped,
    /// and runs again elsewhere.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Runs what there is to run, for ever.
    ///
    /// If the future is dropped, so are the steps in progress. Their leases are released.
    ///
    /// # Errors
    ///
    /// The storage fails for good: its file was deleted, for example.
    pub async fn run(self) -> StorageResult<()> {
        self.run_until(pending()).await
    }

    /// [`run`](Self::run) until the signal comes, such as `tokio::signal::ctrl_c()`.
    ///
    /// Then it takes up no more runs. Each run in progress finishes its step, which is stored, and
    /// its lease is released, so that another worker goes on with it at once. A step that takes longer
    /// than the [`grace`](Self::grace) is dropped.
    ///
    /// # Errors
    ///
    /// Those of `run`.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> StorageResult<()> {
        Work::new(self).until(signal, false).await
    }

    /// [`run`](Self::run) until nothing is in progress and nothing is left that it can take up: for
    /// tests, and for programs that are started from time to time.
    ///
    /// # Errors
    ///
    /// Those of `run`.
    pub async fn run_until_idle(self) -> StorageResult<()> {
        Work::new(self).until(pending(), true).await
    }
}

impl<E: Storage> fmt::Debug for Worker<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("flows", &self.flows.keys())
            .field("concurrency", &self.concurrency)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}
