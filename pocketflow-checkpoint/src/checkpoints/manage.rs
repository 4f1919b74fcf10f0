//! What people do to runs from outside: cancel them, let them start again, mend and remove them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::value::RawValue;

use super::Checkpoints;
use crate::events::event;
use crate::storage::{Status, Storage, StorageError, StorageResult};

impl<E: Storage> Checkpoints<E> {
    /// Lets a run start again that is [stuck](Status::Stuck), failed or
    /// [cancelled](Self::cancel): it is running, and goes on after its last finished step when it is
    /// run under its id. A run that waits for [another attempt](crate::RunSummary::next_attempt), or an inner
    /// run of which does, need not wait any longer, and neither does one that a
    /// [worker](crate::Worker) could not resume. In each case the attempts start over.
    ///
    /// # Errors
    ///
    /// The run is in progress, finished, or waits for something else, or it does not exist.
    pub async fn retry(&self, run: &str) -> StorageResult<()> {
        self.shared.storage.retry(run).await?;
        event!(INFO, "run retried", run = run);
        self.shared.ready.send_replace(());
        self.shared.storage.announce(run).await;
        Ok(())
    }

    /// Cancels a run, whichever process drives it. That process stops when it stores something next,
    /// at the end of its step or when it renews its lease, and the error of its run is
    /// [`StorageError::Cancelled`]. A run that waits in memory stops at once, or when it is polled.
    /// The run starts again, and can be filled again, only after a [`retry`](Self::retry).
    ///
    /// ```
    /// # use pocketflow::{Shared, flow, node};
    /// # use pocketflow_checkpoint::{Checkpoints, Status, StorageError};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Shared, Default, Serialize, Deserialize)] struct Order { total_cents: u64, approval: Option<bool> }
    /// # #[node(Order)] fn pay(approval: &bool) {}
    /// # flow! { Shop { await(approval) >> pay; } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?; let file = folder.path().join("runs.db");
    /// let runs = Checkpoints::open(&file).await?;
    /// let mut order = Order { total_cents: 4_200, ..Default::default() };
    /// let parked = Shop.with(runs.run("order-17").park()).run(&mut order).await;
    /// # parked.unwrap_err();
    /// runs.cancel("order-17").await?;
    /// let stopped = Shop.with(runs.run("order-17").park()).run(&mut order).await.unwrap_err();
    /// assert!(matches!(stopped.cause().downcast_ref(), Some(StorageError::Cancelled { .. })));
    ///
    /// runs.retry("order-17").await?;
    /// runs.edit("order-17", "total_cents", "2100").await?;
    /// runs.fill("order-17", "approval#1", "true").await?;
    /// let mut order = Order::default();
    /// Shop.with(runs.run("order-17")).run(&mut order).await?;
    /// assert_eq!(order.total_cents, 2_100);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The run is finished, or does not exist.
    pub async fn cancel(&self, run: &str) -> StorageResult<()> {
        self.shared.storage.cancel(run).await?;
        event!(INFO, "run cancelled", run = run);
        self.shared.waiters.wake_within(run);
        self.shared.storage.announce(run).await;
        Ok(())
    }

    /// Releases the lease of a run, whichever process holds it, so that the run can start at once. Use
    /// this if that process has died and its lease lasts for long. If it is alive, it stops when it
    /// stores something next, and the step that it was in runs once more.
    ///
    /// # Errors
    ///
    /// No process holds the lease, or the run does not exist.
    pub async fn release_lease(&self, run: &str) -> StorageResult<()> {
        self.shared.storage.release_lease(run).await?;
        event!(WARN, "lease released", run = run);
        self.shared.ready.send_replace(());
        self.shared.storage.announce(run).await;
        Ok(())
    }

    /// Puts a run back to where it was after a step of its [history](Self::history), whatever its
    /// status is. What it did after that step it does again, with the same
    /// [`Attempt::key`](pocketflow::Attempt::key)s, and what it asked after that step it asks again. To keep
    /// the run as it is and try something else, [`fork`](Self::fork) it.
    ///
    /// # Errors
    ///
    /// The history does not have that step, the run is in progress, or it does not exist.
    pub async fn rewind(&self, run: &str, step: u64) -> StorageResult<()> {
        self.shared.storage.rewind(run, step).await?;
        event!(INFO, "run rewound", run = run, step = step);
        self.shared.waiters.wake(run);
        self.shared.ready.send_replace(());
        self.shared.storage.announce(run).await;
        Ok(())
    }

    /// Sets a field of the store of a run that is not in progress to a JSON value. Whether the value
    /// fits becomes known when the run resumes.
    ///
    /// # Errors
    ///
    /// The run is in progress or finished, does not exist, or its store has no such field; the value
    /// is not JSON.
    pub async fn edit(&self, run: &str, field: &str, json: &str) -> StorageResult<()> {
        let value: &RawValue = serde_json::from_str(json).map_err(|source| {
            let (run, field) = (run.to_owned(), field.to_owned());
            StorageError::InvalidJson { run, field, source }
        })?;
        let fields = serde_json::to_string(&BTreeMap::from([(field, value)]));
        let fields = fields.expect("names and JSON are JSON");
        self.shared.storage.edit(run, &fields).await?;
        event!(INFO, "run edited", run = run, field = field);
        Ok(())
    }

    /// [`edit`](Self::edit) with a value: `runs.edit_value("order-17", "total_cents", &2_100)`.
    ///
    /// # Errors
    ///
    /// Those of `edit`, and [`StorageError::InvalidJson`] if JSON cannot hold the value.
    pub async fn edit_value<T: Serialize + Sync + ?Sized>(
        &self,
        run: &str,
        field: &str,
        value: &T,
    ) -> StorageResult<()> {
        let json = serde_json::to_string(value).map_err(|source| {
            let (run, field) = (run.to_owned(), field.to_owned());
            StorageError::InvalidJson { run, field, source }
        })?;
        self.edit(run, field, &json).await
    }

    /// Removes a run with its history.
    ///
    /// # Errors
    ///
    /// The run is in progress, or does not exist.
    pub async fn remove(&self, run: &str) -> StorageResult<()> {
        self.shared.storage.remove(run).await?;
        event!(INFO, "run removed", run = run);
        self.shared.waiters.wake(run);
        Ok(())
    }

    /// Removes the runs with a status that have not changed for this long, and returns how many there
    /// were. [`remove_finished_after`](Self::remove_finished_after) does it as runs start.
    ///
    /// # Errors
    ///
    /// The status is running or waiting; the storage fails.
    pub async fn prune(&self, status: Status, older_than: Duration) -> StorageResult<u64> {
        let before = SystemTime::now().checked_sub(older_than);
        let before = before.unwrap_or(SystemTime::UNIX_EPOCH);
        let count = self.shared.storage.prune(status, before, None).await?;
        event!(INFO, "runs pruned", status = status.as_str(), count = count);
        Ok(count)
    }

    /// Gives the room of removed runs and steps back to the system. Runs may be in progress, and wait
    /// in the meantime.
    ///
    /// # Errors
    ///
    /// The storage fails: an SQLite file needs room for a second copy of it.
    pub async fn vacuum(&self) -> StorageResult<()> {
        self.shared.storage.vacuum().await
    }
}
