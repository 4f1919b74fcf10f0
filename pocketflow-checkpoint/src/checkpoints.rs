//! All runs of one storage.

mod manage;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pocketflow::FlowOf;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::causes::BadState;
use crate::durable_run::{Backoff, DurableRun, RunsShared, retry};
use crate::events::event;
use crate::storage::{
    Checkpoint, Retention, RunSummary, Sqlite, Status, Storage, StorageError, StorageResult, owner,
};
use crate::worker::Worker;
use pocketflow_durable::{Durable, StateReader, without_values};

/// The runs of a storage, which makes [`DurableRun`]s.
///
/// ```
/// use pocketflow::{Shared, flow, node};
/// use pocketflow_checkpoint::Checkpoints;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Shared, Default, Serialize, Deserialize)]
/// struct Order { total_cents: u64, receipt: Option<String> }
///
/// #[node(Order, writes = receipt)]
/// async fn pay(total_cents: &u64) -> String { format!("{total_cents} cents, with thanks") }
///
/// flow! { Shop { pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?; let file = folder.path().join("runs.db");
/// let runs = Checkpoints::open(&file).await?;
/// let mut order = Order { total_cents: 4_200, ..Default::default() };
/// Shop.with(runs.run("order-17")).run(&mut order).await?;
///
/// // Under the same id, a run resumes after its last finished step. This run has finished, so it
/// // returns its result at once.
/// let mut again = Order::default();
/// Shop.with(runs.run("order-17")).run(&mut again).await?;
/// assert_eq!(again.receipt.as_deref(), Some("4200 cents, with thanks"));
/// # Ok(()) }
/// ```
pub struct Checkpoints<E = Sqlite> {
    pub(crate) shared: Arc<RunsShared<E>>,
}

/// Why a stored state cannot be read.
type Error = Box<dyn std::error::Error + Send + Sync>;

impl<E> Clone for Checkpoints<E> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl Checkpoints<Sqlite> {
    /// Opens a file of runs, and creates it if it does not exist. Several processes may have it
    /// open.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, is not a file of runs, or was written by a newer version.
    pub fn open(file: impl AsRef<Path>) -> impl Future<Output = StorageResult<Self>> + Send {
        let file = file.as_ref().to_owned();
        async move { Ok(Self::new(Sqlite::open(file).await?)) }
    }

    /// Copies all runs, as they are at this moment, to a new file, while this file is in use. For a
    /// PostgreSQL database, use `pg_dump`.
    ///
    /// # Errors
    ///
    /// The new file exists already, or it cannot be written.
    pub async fn backup(&self, to: impl AsRef<Path>) -> StorageResult<()> {
        self.shared.storage.backup(to).await
    }
}

impl<E: Storage> Checkpoints<E> {
    /// The runs of another storage.
    pub fn new(storage: E) -> Self {
        Self {
            shared: Arc::new(RunsShared::new(storage)),
        }
    }

    /// Sets how long a process that has died still holds its run: 30 seconds by default. A live
    /// process renews the lease after a third of this time.
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        self.change(|shared| shared.lease = lease)
    }

    /// Sets how much of a run's history is kept: its last 10 steps by default.
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn retention(self, retention: Retention) -> Self {
        self.change(|shared| shared.retention = retention)
    }

    /// Sets how often the runs that wait in memory are checked for what another process has filled:
    /// every second by default. One query checks all of them. On PostgreSQL, a process usually
    /// [hears](crate::Storage::announcements) of it before that.
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn poll(self, poll: Duration) -> Self {
        self.change(|shared| shared.poll = poll)
    }

    /// Sets how long a call of the storage is retried after transient failures, such as a server
    /// that restarts, a lost connection, or a lock that another process holds: two minutes by
    /// default. After that time the run ends with
    /// [`StorageError::LeaseNotRenewed`](crate::StorageError::LeaseNotRenewed).
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn max_retry_time(self, time: Duration) -> Self {
        self.change(|shared| shared.max_retry_time = time)
    }

    /// Sets how many processes in a row may die in the same step, with nothing stored in between,
    /// before the run is [stuck](Status::Stuck): 10 by default, and `None` for any number. A
    /// process that ends normally does not count.
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn max_crashes(self, crashes: impl Into<Option<u32>>) -> Self {
        self.change(|shared| shared.max_crashes = crashes.into())
    }

    /// Sets how long a run stays after it has finished or was cancelled. Then it is removed with its
    /// history, some time after a run of these checkpoints starts. By default it stays.
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn remove_finished_after(self, ttl: Duration) -> Self {
        self.change(|shared| shared.ttl.finished = Some(ttl))
    }

    /// Sets how long a run stays after it has failed, like
    /// [`remove_finished_after`](Self::remove_finished_after). A stuck run stays.
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn remove_failed_after(self, ttl: Duration) -> Self {
        self.change(|shared| shared.ttl.failed = Some(ttl))
    }

    /// Describes the type of a field that flows wait for, as a JSON Schema. It is stored with the runs that start
    /// from now on, so that a person who answers one gets a form, as on the page of `pocketflow-serve`. Whether a value
    /// fits is still for the type to say.
    ///
    /// ```
    /// # use pocketflow_checkpoint::Checkpoints;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?; let file = folder.path().join("runs.db");
    /// use serde_json::json;
    ///
    /// // With the crate schemars: `schemars::schema_for!(Decision).to_value()`.
    /// let decision = json!({ "enum": ["approved", "rejected"] });
    /// let runs = Checkpoints::open(&file).await?.schema("decision", decision);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// These checkpoints have made a run already.
    #[must_use]
    pub fn schema(self, field: impl Into<String>, schema: serde_json::Value) -> Self {
        self.change(|shared| {
            shared.schemas.insert(field.into(), schema);
        })
    }

    fn change(mut self, change: impl FnOnce(&mut RunsShared<E>)) -> Self {
        change(Arc::get_mut(&mut self.shared).expect("settings come before the first run"));
        self
    }

    /// Returns the run with an id: a driver, for `flow.with(runs.run("order-17")).run(&mut order)`.
    pub fn run(&self, id: impl Into<String>) -> DurableRun<E> {
        DurableRun::new(self.shared.clone(), id.into(), owner::new())
    }

    /// Stores a new run, which a [worker](Self::worker) of this process or another then takes up.
    /// When this returns, the run is durable.
    ///
    /// The same run may be enqueued again, for example when a client repeats its request: if the
    /// flow and the input are the same, nothing happens.
    ///
    /// # Errors
    ///
    /// An input of the flow is empty, or the store cannot be stored; the id belongs to a run of
    /// another flow ([`OtherFlow`](crate::OtherFlow)) or with other input
    /// ([`OtherInput`](crate::OtherInput)); the storage fails.
    pub async fn enqueue<S: Durable, F: FlowOf<S>>(
        &self,
        run: impl Into<String>,
        _flow: &F,
        shared: S,
    ) -> Result<(), pocketflow::Error> {
        self.run(run).enqueue(F::GRAPH, shared).await
    }

    /// Returns a worker, which runs what is enqueued, what has been filled, and what a process that
    /// has died left unfinished.
    pub fn worker(&self) -> Worker<E> {
        Worker::new(self.shared.clone())
    }

    /// Answers a wait of a run with a JSON value. A run that waits in this process resumes at once.
    ///
    /// The name of the wait is its field and its visit, such as `approval#2`.
    /// [`Parked`](crate::Parked), [`list`](Self::list) and `pocketflow runs list` contain it. With
    /// this name, an answer that arrives twice or late is never used for the next question. A value
    /// may arrive before the run waits for it. The field alone is enough while the run waits for
    /// it.
    ///
    /// # Errors
    ///
    /// The wait is closed or filled already; without a visit, the run does not wait for that field;
    /// the storage fails. If the run waits in this process, a value that does not fit the field is
    /// rejected with [`StorageError::WrongValue`]. Otherwise the run rejects the value when it
    /// resumes, still waits, and has the reason as its message.
    pub async fn fill(&self, run: &str, wait: &str, json: &str) -> StorageResult<()> {
        let filled = self.store_value(run, wait, json).await;
        match &filled {
            Ok(()) => {
                event!(INFO, "wait filled", run = run, wait = wait);
                self.shared.waiters.wake(run);
                self.shared.ready.send_replace(());
                self.shared.storage.announce(run).await;
            }
            Err(error) => {
                let error = error.to_string();
                event!(WARN, "fill refused", run = run, wait = wait, error = error);
            }
        }
        filled
    }

    async fn store_value(&self, run: &str, wait: &str, json: &str) -> StorageResult<()> {
        self.shared.fits(run, wait, json)?;
        let RunsShared {
            storage,
            max_retry_time,
            ..
        } = &*self.shared;
        let mut backoff = Backoff::new(*max_retry_time, run);
        // Without a visit, a retried call could fill another wait.
        let open = match wait.contains('#') {
            true => None,
            false => retry!(backoff, storage.show(run))?
                .filter(|run| run.waits_for.as_deref() == Some(wait)),
        };
        let named = open.and_then(|run| run.wait);
        let done = match named.as_deref().or(wait.contains('#').then_some(wait)) {
            Some(wait) => retry!(backoff, storage.fill(run, wait, json)),
            None => storage.fill(run, wait, json).await,
        };
        let refused = match &done {
            Err(
                StorageError::AlreadyFilled { wait, .. } | StorageError::WaitClosed { wait, .. },
            ) => Some(wait),
            _ => None,
        };
        match refused.filter(|_| backoff.has_retried()) {
            // An earlier call may have filled it before its answer was lost.
            Some(wait) => {
                let kept = retry!(backoff, storage.filled(run, wait))?;
                if kept.as_deref() != Some(json) {
                    return done;
                }
            }
            None => done?,
        }
        Ok(())
    }

    /// [`fill`](Self::fill) with a value: `runs.fill_value("rain", "approval#1", "Ada")`.
    ///
    /// # Errors
    ///
    /// Those of `fill`, and [`StorageError::InvalidJson`] if JSON cannot hold the value.
    pub async fn fill_value<T: Serialize + Sync + ?Sized>(
        &self,
        run: &str,
        wait: &str,
        value: &T,
    ) -> StorageResult<()> {
        let json = serde_json::to_string(value).map_err(|source| {
            let (run, field) = (run.to_owned(), wait.to_owned());
            StorageError::InvalidJson { run, field, source }
        })?;
        self.fill(run, wait, &json).await
    }

    /// Removes the stored items and inner runs of the step that a run is in, and returns how many there
    /// were. They run again when the run resumes. Use this after [`Changed`](crate::Changed) reports
    /// that a node returns another type than when its items were stored.
    ///
    /// # Errors
    ///
    /// The run is in progress, or does not exist.
    pub async fn drop_items(&self, run: &str) -> StorageResult<u64> {
        self.shared.storage.drop_items(run).await
    }

    /// Returns the runs with a status, or all runs.
    ///
    /// # Errors
    ///
    /// The storage fails.
    pub async fn list(&self, status: Option<Status>) -> StorageResult<Vec<RunSummary>> {
        self.shared.storage.list(status).await
    }

    /// Returns the history of a run: its finished steps in their order, as many as
    /// [`retention`](Self::retention) keeps.
    ///
    /// # Errors
    ///
    /// There is no such run.
    pub async fn history(&self, run: &str) -> StorageResult<Vec<Checkpoint>> {
        self.shared.storage.history(run).await
    }

    /// Returns the store of a run as it was after a step, or `None` if the history does not have
    /// that step. `S` is the store, or a `serde_json::Value`.
    ///
    /// # Errors
    ///
    /// The storage fails, or the state does not fit `S`.
    pub async fn state_at<S: DeserializeOwned>(
        &self,
        run: &str,
        step: u64,
    ) -> Result<Option<S>, Error> {
        let Some(kept) = self.shared.storage.checkpoint(run, step).await? else {
            return Ok(None);
        };
        let state = StateReader::read(&kept.state);
        Ok(Some(state.map_err(|error| BadState {
            run: run.into(),
            doing: "read",
            what: "the store".into(),
            source: without_values(error, &kept.state),
        })?))
    }

    /// Copies a run, as it was after a step, to a new run. To try again from there, run the new one
    /// under its id.
    ///
    /// # Errors
    ///
    /// The history does not have that step, or a run with the new id exists.
    pub async fn fork(&self, run: &str, step: u64, new: &str) -> StorageResult<()> {
        self.shared.storage.fork(run, step, new).await?;
        self.shared.ready.send_replace(());
        self.shared.storage.announce(new).await;
        Ok(())
    }

    /// Returns the storage, which has more operations.
    pub fn storage(&self) -> &E {
        &self.shared.storage
    }
}
