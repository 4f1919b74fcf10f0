//! All runs of one storage.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::causes::BadState;
use crate::run::{Backoff, DurableRun, RunsShared, retry};
use crate::state::StateReader;
use crate::storage::{
    Checkpoint, Retention, RunSummary, Sqlite, Status, Storage, StorageError, StorageResult, owner,
};

/// The runs of a storage: where [`DurableRun`]s come from.
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
/// // Run again under the same id, it goes on after the last finished step. This one is over, so its result is there at once.
/// let mut again = Order::default();
/// Shop.with(runs.run("order-17")).run(&mut again).await?;
/// assert_eq!(again.receipt.as_deref(), Some("4200 cents, with thanks"));
/// # Ok(()) }
/// ```
pub struct Checkpoints<E = Sqlite> {
    pub(crate) shared: Arc<RunsShared<E>>,
}

/// What can go wrong with a state that is read back.
type Error = Box<dyn std::error::Error + Send + Sync>;

impl<E> Clone for Checkpoints<E> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl Checkpoints<Sqlite> {
    /// Opens a file of runs, and makes it if there is none. Several processes may have it open.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, is no file of runs, or was written by a newer version.
    pub fn open(file: impl AsRef<Path>) -> impl Future<Output = StorageResult<Self>> + Send {
        let file = file.as_ref().to_owned();
        async move { Ok(Self::new(Sqlite::open(file).await?)) }
    }

    /// Copies all runs, as they are at this moment, to a new file, while this one is in use. A
    /// PostgreSQL database has `pg_dump`.
    ///
    /// # Errors
    ///
    /// There is a file already, or it cannot be written.
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

    /// How long a process that has died still holds its run: 30 seconds by default. A living one
    /// renews it three times as often.
    ///
    /// # Panics
    ///
    /// If there are runs of these checkpoints already.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        self.change(|shared| shared.lease = lease)
    }

    /// How much of a run's history is kept: its last 10 steps by default.
    ///
    /// # Panics
    ///
    /// If there are runs of these checkpoints already.
    #[must_use]
    pub fn retention(self, retention: Retention) -> Self {
        self.change(|shared| shared.retention = retention)
    }

    /// How often a run that waits in memory looks whether another process has filled its field:
    /// every second by default.
    ///
    /// # Panics
    ///
    /// If there are runs of these checkpoints already.
    #[must_use]
    pub fn poll(self, poll: Duration) -> Self {
        self.change(|shared| shared.poll = poll)
    }

    /// For how long what a run stores is tried again while the storage fails in a way that may
    /// pass: a server that is restarted, a lost connection, a lock that another process holds.
    /// Two minutes by default; then the run ends with
    /// [`StorageError::LeaseNotRenewed`](crate::StorageError::LeaseNotRenewed).
    ///
    /// # Panics
    ///
    /// If there are runs of these checkpoints already.
    #[must_use]
    pub fn max_retry_time(self, time: Duration) -> Self {
        self.change(|shared| shared.max_retry_time = time)
    }

    /// How many processes in a row may die in the same step, with nothing stored in between, before
    /// the run is [stuck](Status::Stuck): 10 by default, and `None` for any number. A process
    /// that ends in an orderly way does not count.
    ///
    /// # Panics
    ///
    /// If there are runs of these checkpoints already.
    #[must_use]
    pub fn max_crashes(self, crashes: impl Into<Option<u32>>) -> Self {
        self.change(|shared| shared.max_crashes = crashes.into())
    }

    fn change(mut self, change: impl FnOnce(&mut RunsShared<E>)) -> Self {
        change(Arc::get_mut(&mut self.shared).expect("settings come before the first run"));
        self
    }

    /// The run with an id: a driver, for `flow.with(runs.run("order-17")).run(&mut order)`.
    pub fn run(&self, id: impl Into<String>) -> DurableRun<E> {
        DurableRun::new(self.shared.clone(), id.into(), owner::new())
    }

    /// Fills a wait of a run with JSON. A run that waits in this process goes on at once.
    ///
    /// The wait is named by its field and its visit, `approval#2`, as [`Parked`](crate::Parked),
    /// [`list`](Self::list) and `pocketflow-runs list` give it out: then an answer that comes
    /// twice, or late, is not taken for what the run asks next. A value may come before the run
    /// waits for it. The field alone is enough while the run waits for it.
    ///
    /// # Errors
    ///
    /// The wait is over or filled already; without a visit, the run does not wait for that field;
    /// the storage fails. If the run waits in this process, a value that does not fit the field
    /// is refused with [`StorageError::WrongValue`]; otherwise the run refuses it when it goes
    /// on, goes on waiting, and has the reason as its message.
    pub async fn fill(&self, run: &str, wait: &str, json: &str) -> StorageResult<()> {
        self.shared.fits(run, wait, json)?;
        let RunsShared {
            storage,
            max_retry_time,
            filled,
            ..
        } = &*self.shared;
        let mut backoff = Backoff::new(*max_retry_time, run);
        // A field alone may mean another wait by the time that the call is made again.
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
            // It may be this very call that filled it, before its answer was lost.
            Some(wait) => {
                let kept = retry!(backoff, storage.filled(run, wait))?;
                if kept.as_deref() != Some(json) {
                    return done;
                }
            }
            None => done?,
        }
        filled.send_replace(());
        Ok(())
    }

    /// [`fill`](Self::fill) with a value: `runs.fill_value("rain", "approval#1", "Ada")`.
    ///
    /// # Errors
    ///
    /// As `fill`; and [`StorageError::InvalidJson`] if the value is none that JSON holds.
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

    /// Lets a run that is [stuck](Status::Stuck) begin again: run it under its id.
    ///
    /// # Errors
    ///
    /// The run is not stuck, or does not exist.
    pub async fn retry(&self, run: &str) -> StorageResult<()> {
        self.shared.storage.retry(run).await
    }

    /// Drops what is kept of the items of a run's step, and says how many: when the run is run
    /// again, they are done again. It is for a run whose node returns another type than when
    /// they were kept, which [`Changed`](crate::Changed) says.
    ///
    /// # Errors
    ///
    /// The run is being driven, or does not exist.
    pub async fn drop_items(&self, run: &str) -> StorageResult<u64> {
        self.shared.storage.drop_items(run).await
    }

    /// The runs with a status, or all.
    ///
    /// # Errors
    ///
    /// The storage fails.
    pub async fn list(&self, status: Option<Status>) -> StorageResult<Vec<RunSummary>> {
        self.shared.storage.list(status).await
    }

    /// The finished steps of a run that are kept, in their order: how many is for
    /// [`retention`](Self::retention) to say.
    ///
    /// # Errors
    ///
    /// There is no such run.
    pub async fn history(&self, run: &str) -> StorageResult<Vec<Checkpoint>> {
        self.shared.storage.history(run).await
    }

    /// The store as a run had it after a step, or `None` if that step is not kept; or its state as
    /// a `serde_json::Value`.
    ///
    /// # Errors
    ///
    /// The storage fails, or the state is none of this store.
    pub async fn state_at<S: DeserializeOwned>(
        &self,
        run: &str,
        step: u64,
    ) -> Result<Option<S>, Error> {
        let Some(kept) = self.shared.storage.checkpoint(run, step).await? else {
            return Ok(None);
        };
        let state = StateReader::read(&kept.state);
        Ok(Some(state.map_err(|source| BadState {
            run: run.into(),
            doing: "read",
            what: "the store".into(),
            source,
        })?))
    }

    /// Makes a new run that stands where another stood after a step, to try again from there: run
    /// it under its id.
    ///
    /// # Errors
    ///
    /// That step is not kept, or there is a run with the new id.
    pub async fn fork(&self, run: &str, step: u64, new: &str) -> StorageResult<()> {
        self.shared.storage.fork(run, step, new).await
    }

    /// The storage, for what is not asked for every day.
    pub fn storage(&self) -> &E {
        &self.shared.storage
    }
}
