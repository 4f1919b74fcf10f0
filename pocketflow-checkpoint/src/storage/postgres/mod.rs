//! The engine for several machines.

mod later;
mod ops;
mod pool;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{
    Begun, Checkpoint, CheckpointState, ItemKey, Keep, NewRun, OpenWait, Pause, RunRecord,
    RunSummary, Status, Step, Storage, StorageResult,
};
use later::Later;
use pool::Pool;

/// Runs in a PostgreSQL database, which several machines may share. Feature `postgres`.
///
/// It keeps up to eight connections (without TLS), and opens one when it needs one. Leases go by
/// the clock of the database, so the clocks of the machines do not matter. If a connection is lost,
/// the call in flight fails with [`StorageError::Disconnected`](crate::StorageError::Disconnected),
/// and the next one connects anew.
///
/// The tables are in a schema of their own. Each operation is acknowledged when it is on the
/// server's disk, whatever the server's `synchronous_commit` is by default.
///
/// A clone shares the connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Arc<Pool>,
    later: Arc<Later>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.pool.place()).finish()
    }
}

impl Postgres {
    /// Connects, and creates the schema `pocketflow` with its tables if they do not exist.
    ///
    /// `config` is an address (`postgres://user:password@host/database`), or words
    /// (`host=/run/postgresql dbname=runs`).
    ///
    /// # Errors
    ///
    /// Of [`StorageError`](crate::StorageError): `Unreachable`, `Newer`, `Foreign` if the schema
    /// has other tables, `Engine`.
    pub async fn connect(config: &str) -> StorageResult<Postgres> {
        Postgres::connect_in(config, "pocketflow").await
    }

    /// The same in another schema.
    ///
    /// # Errors
    ///
    /// Those of [`Postgres::connect`].
    pub async fn connect_in(config: &str, schema: &str) -> StorageResult<Postgres> {
        super::rules::id("schema", schema)?;
        let pool = Arc::new(Pool::open(config, schema).await?);
        let later = Arc::new(Later::new(pool.clone()));
        Ok(Postgres { pool, later })
    }
}

impl Storage for Postgres {
    async fn begin(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        new: &NewRun,
    ) -> StorageResult<Begun> {
        let mut tx = self.pool.begin(format!("begin run `{run}`")).await?;
        let done = ops::begin(&mut tx, run, owner, lease, new).await;
        tx.end(done).await
    }

    async fn commit(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        step: &Step,
        keep: Keep,
    ) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("store step {} of run `{run}`", step.step))
            .await?;
        let done = ops::commit(&mut tx, run, owner, lease, step, keep).await;
        tx.end(done).await
    }

    async fn keep_item(
        &self,
        run: &str,
        owner: &str,
        step: u64,
        item: &ItemKey,
        json: &str,
    ) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("keep an item of step {step} of run `{run}`"))
            .await?;
        let done = ops::keep_item(&mut tx, run, owner, step, item, json).await;
        tx.end(done).await
    }

    async fn items(&self, run: &str, step: u64) -> StorageResult<Vec<(ItemKey, String)>> {
        let mut tx = self
            .pool
            .begin(format!("read the items of step {step} of run `{run}`"))
            .await?;
        let done = ops::items(&mut tx, run, step).await;
        tx.end(done).await
    }

    async fn wait(&self, run: &str, owner: &str, pause: &Pause<'_>) -> StorageResult<OpenWait> {
        let mut tx = self.pool.begin(format!("let run `{run}` wait")).await?;
        let done = ops::wait(&mut tx, run, owner, pause).await;
        tx.end(done).await
    }

    async fn fill(&self, run: &str, wait: &str, value_json: &str) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("fill `{wait}` of run `{run}`"))
            .await?;
        let done = ops::fill(&mut tx, run, wait, value_json).await;
        tx.end(done).await
    }

    async fn filled(&self, run: &str, wait: &str) -> StorageResult<Option<String>> {
        let mut tx = self
            .pool
            .begin(format!("read what was filled into run `{run}`"))
            .await?;
        let done = ops::filled(&mut tx, run, wait).await;
        tx.end(done).await
    }

    async fn finish(&self, run: &str, owner: &str, exit: &str, state: &str) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("store the end of run `{run}`"))
            .await?;
        let done = ops::finish(&mut tx, run, owner, exit, state).await;
        tx.end(done).await
    }

    async fn fail(&self, run: &str, owner: &str, message: &str) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("store that run `{run}` failed"))
            .await?;
        let done = ops::fail(&mut tx, run, owner, message, Status::Failed).await;
        tx.end(done).await
    }

    async fn give_up(&self, run: &str, owner: &str, why: &str) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("store that run `{run}` is stuck"))
            .await?;
        let done = ops::fail(&mut tx, run, owner, why, Status::Stuck).await;
        tx.end(done).await
    }

    async fn retry(&self, run: &str) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("let run `{run}` begin again"))
            .await?;
        let done = ops::retry(&mut tx, run).await;
        tx.end(done).await
    }

    async fn renew(&self, run: &str, owner: &str, lease: Duration) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("renew the lease of run `{run}`"))
            .await?;
        let done = ops::renew(&mut tx, run, owner, lease).await;
        tx.end(done).await
    }

    async fn release(&self, run: &str, owner: &str) -> StorageResult<()> {
        let mut tx = self.pool.begin(format!("release run `{run}`")).await?;
        let done = ops::release(&mut tx, run, owner).await;
        tx.end(done).await
    }

    fn release_later(&self, run: &str, owner: &str) {
        self.later.release(run, owner);
    }

    async fn list(&self, filter: Option<Status>) -> StorageResult<Vec<RunSummary>> {
        let mut tx = self.pool.begin("list the runs".to_owned()).await?;
        let done = ops::list(&mut tx, filter).await;
        tx.end(done).await
    }

    async fn show(&self, run: &str) -> StorageResult<Option<RunRecord>> {
        let mut tx = self.pool.begin(format!("read run `{run}`")).await?;
        let done = ops::show(&mut tx, run).await;
        tx.end(done).await
    }

    async fn history(&self, run: &str) -> StorageResult<Vec<Checkpoint>> {
        let mut tx = self
            .pool
            .begin(format!("read the history of run `{run}`"))
            .await?;
        let done = ops::history(&mut tx, run).await;
        tx.end(done).await
    }

    async fn checkpoint(&self, run: &str, step: u64) -> StorageResult<Option<CheckpointState>> {
        let mut tx = self
            .pool
            .begin(format!("read step {step} of run `{run}`"))
            .await?;
        let done = ops::checkpoint(&mut tx, run, step).await;
        tx.end(done).await
    }

    async fn fork(&self, run: &str, step: u64, new_run: &str) -> StorageResult<()> {
        let mut tx = self
            .pool
            .begin(format!("fork run `{run}` at step {step}"))
            .await?;
        let done = ops::fork(&mut tx, run, step, new_run).await;
        tx.end(done).await
    }

    async fn remove(&self, run: &str) -> StorageResult<()> {
        let mut tx = self.pool.begin(format!("remove run `{run}`")).await?;
        let done = ops::remove(&mut tx, run).await;
        tx.end(done).await
    }

    async fn drop_items(&self, run: &str) -> StorageResult<u64> {
        let mut tx = self
            .pool
            .begin(format!("drop the kept items of run `{run}`"))
            .await?;
        let done = ops::drop_items(&mut tx, run).await;
        tx.end(done).await
    }

    async fn prune(&self, finished_before: SystemTime) -> StorageResult<u64> {
        let mut tx = self.pool.begin("remove the old runs".to_owned()).await?;
        let done = ops::prune(&mut tx, finished_before).await;
        tx.end(done).await
    }
}
