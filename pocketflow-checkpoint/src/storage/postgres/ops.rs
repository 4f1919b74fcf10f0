//! The operations, each within a transaction. What they decide is in the [rules](crate::storage::rules), as for SQLite.

use std::time::{Duration, SystemTime};

use tokio_postgres::{Error, Row};

use super::pool::Transaction;
use crate::error::StorageError;
use crate::storage::rules::{self, Columns, Fault, Head, Take};
use crate::storage::{
    Begun, Checkpoint, CheckpointState, Filled, ItemKey, Keep, NewRun, Pause, RunRecord, RunSummary, Status,
    Step, millis, sql,
};

/// What an operation returns; the transaction adds what it was, and where.
pub(super) type Ran<T> = Result<T, Fault<Error>>;

impl From<Error> for Fault<Error> {
    fn from(error: Error) -> Self {
        Fault::Engine(error)
    }
}

impl Columns for Row {
    type Error = Error;
    fn text(&self, at: usize) -> Ran<String> {
        Ok(self.try_get(at)?)
    }
    fn maybe_text(&self, at: usize) -> Ran<Option<String>> {
        Ok(self.try_get(at)?)
    }
    fn int(&self, at: usize) -> Ran<i64> {
        Ok(self.try_get(at)?)
    }
    fn maybe_int(&self, at: usize) -> Ran<Option<i64>> {
        Ok(self.try_get(at)?)
    }
}

type Tx<'a> = Transaction<'a>;

fn all<T>(rows: &[Row], read: fn(&Row) -> Ran<T>) -> Ran<Vec<T>> {
    rows.iter().map(read).collect()
}

fn until(now: i64, lease: Duration) -> i64 {
    now.saturating_add(millis::from_duration(lease))
}

/// The time by the database's clock.
async fn now(tx: &mut Tx<'_>) -> Ran<i64> {
    match tx.rows(sql::CLOCK, &[]).await?.first() {
        Some(row) => row.int(0),
        None => Ok(0),
    }
}

/// Locks the run's row until the end of the transaction, if there is one.
async fn find(tx: &mut Tx<'_>, sql: &'static str, run: &str) -> Ran<Option<Head>> {
    let rows = tx.rows(sql, &[&run]).await?;
    rows.first().map(|row| Head::read(row, row.int(7)?)).transpose()
}

async fn head(tx: &mut Tx<'_>, sql: &'static str, run: &str) -> Ran<Head> {
    rules::id("run", run)?;
    Ok(find(tx, sql, run).await?.ok_or_else(|| rules::unknown(run))?)
}

async fn fenced(tx: &mut Tx<'_>, sql: &'static str, run: &str, owner: &str) -> Ran<Head> {
    rules::ids(run, owner)?;
    let head = head(tx, sql, run).await?;
    head.fence(run, owner)?;
    Ok(head)
}

pub(super) async fn begin(
    tx: &mut Tx<'_>,
    run: &str,
    owner: &str,
    lease: Duration,
    new: &NewRun,
) -> Ran<Begun> {
    rules::ids(run, owner)?;
    let head = loop {
        if let Some(head) = find(tx, sql::HEAD_LOCKED, run).await? {
            break head;
        }
        let now = now(tx).await?;
        let (flow, until) = (rules::text(&new.flow), until(now, lease));
        let inserted = tx.change(sql::BEGIN_RUN, &[&run, &flow, &new.position, &owner, &until, &now]).await?;
        if inserted == 1 {
            tx.change(sql::BEGIN_STATE, &[&run, &new.graph, &new.state]).await?;
            return Ok(Begun::New);
        }
        // Somebody else was faster, and has committed: the next look finds that run, unless it has been removed since.
    };
    let take = head.take(run, owner)?;
    let mut record = show(tx, run).await?.ok_or_else(|| rules::unknown(run))?;
    if let Take::Take(status) = take {
        let until = until(head.now, lease);
        tx.change(sql::TAKE_OVER, &[&run, &owner, &until, &status.as_str(), &head.now]).await?;
        record.owner = Some(owner.to_owned());
        record.lease_until = Some(millis::to_time(until));
    }
    Ok(Begun::Known(Box::new(record)))
}

pub(super) async fn commit(
    tx: &mut Tx<'_>,
    run: &str,
    owner: &str,
    lease: Duration,
    step: &Step,
    keep: Keep,
) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    let number = head.not_before(run, step.step)?;
    let (path, action) = (rules::text(&step.path), rules::text(&step.action));
    let (until, now) = (until(head.now, lease), head.now);
    tx.change(sql::COMMIT_RUN, &[&run, &number, &path, &step.position, &action, &until, &now]).await?;
    tx.change(sql::COMMIT_STATE, &[&run, &step.graph, &step.state]).await?;
    tx.change(sql::DROP_ITEMS, &[&run, &number]).await?;
    if !matches!(keep, Keep::None | Keep::Last(0)) {
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&run, &number, &path, &step.position, &action, &now, &step.graph, &step.state];
        tx.change(sql::ADD_CHECKPOINT, &row).await?;
    }
    let last = match keep {
        Keep::All => return Ok(()),
        Keep::Last(last) => i64::from(last),
        Keep::None => 0,
    };
    tx.change(sql::PRUNE_HISTORY, &[&run, &last]).await?;
    Ok(())
}

pub(super) async fn keep_item(
    tx: &mut Tx<'_>,
    run: &str,
    owner: &str,
    step: u64,
    item: &ItemKey,
    json: &str,
) -> Ran<()> {
    fenced(tx, sql::HEAD_SHARED, run, owner).await?;
    let (branch, item) = rules::item_columns(item)?;
    tx.change(sql::KEEP_ITEM, &[&run, &rules::number("step", step)?, &branch, &item, &json]).await?;
    Ok(())
}

pub(super) async fn items(tx: &mut Tx<'_>, run: &str, step: u64) -> Ran<Vec<(ItemKey, String)>> {
    rules::id("run", run)?;
    all(&tx.rows(sql::ITEMS, &[&run, &rules::number("step", step)?]).await?, rules::item)
}

pub(super) async fn wait(tx: &mut Tx<'_>, run: &str, owner: &str, pause: &Pause<'_>) -> Ran<()> {
    let Pause { step, field, position, graph, state } = *pause;
    rules::id("field", field)?;
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    let number = head.not_before(run, step)?;
    if !head.keeps_filled(field) {
        tx.change(sql::DROP_FILLED, &[&run]).await?;
    }
    tx.change(sql::WAIT_RUN, &[&run, &number, &field, &position, &head.now]).await?;
    tx.change(sql::COMMIT_STATE, &[&run, &graph, &state]).await?;
    Ok(())
}

pub(super) async fn fill(tx: &mut Tx<'_>, run: &str, field: &str, value: &str) -> Ran<()> {
    rules::id("field", field)?;
    rules::json(run, field, value)?;
    let head = head(tx, sql::HEAD_LOCKED, run).await?;
    head.fillable(run, field)?;
    tx.change(sql::FILL, &[&run, &field, &value, &head.now]).await?;
    Ok(())
}

pub(super) async fn filled(tx: &mut Tx<'_>, run: &str) -> Ran<Option<Filled>> {
    rules::id("run", run)?;
    let rows = tx.rows(sql::FILLED, &[&run]).await?;
    rules::filled(rows.first().ok_or_else(|| rules::unknown(run))?)
}

pub(super) async fn finish(tx: &mut Tx<'_>, run: &str, owner: &str, exit: &str, state: &str) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    tx.change(sql::FINISH_RUN, &[&run, &rules::text(exit), &head.now]).await?;
    tx.change(sql::SET_STATE, &[&run, &state]).await?;
    tx.change(sql::DROP_ALL_ITEMS, &[&run]).await?;
    Ok(())
}

pub(super) async fn fail(tx: &mut Tx<'_>, run: &str, owner: &str, message: &str) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    tx.change(sql::FAIL, &[&run, &rules::text(message), &head.now]).await?;
    Ok(())
}

pub(super) async fn renew(tx: &mut Tx<'_>, run: &str, owner: &str, lease: Duration) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    tx.change(sql::RENEW, &[&run, &until(head.now, lease)]).await?;
    Ok(())
}

pub(super) async fn release(tx: &mut Tx<'_>, run: &str, owner: &str) -> Ran<()> {
    fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    tx.change(sql::RELEASE, &[&run]).await?;
    Ok(())
}

pub(super) async fn list(tx: &mut Tx<'_>, filter: Option<Status>) -> Ran<Vec<RunSummary>> {
    let rows = match filter {
        Some(status) => tx.rows(sql::LIST, &[&status.as_str()]).await?,
        None => tx.rows(sql::LIST_ALL, &[]).await?,
    };
    all(&rows, rules::summary)
}

pub(super) async fn show(tx: &mut Tx<'_>, run: &str) -> Ran<Option<RunRecord>> {
    rules::id("run", run)?;
    tx.rows(sql::SHOW, &[&run]).await?.first().map(rules::record).transpose()
}

pub(super) async fn history(tx: &mut Tx<'_>, run: &str) -> Ran<Vec<Checkpoint>> {
    // The lock keeps the run from being removed in between.
    head(tx, sql::HEAD_SHARED, run).await?;
    all(&tx.rows(sql::HISTORY, &[&run]).await?, rules::step)
}

pub(super) async fn checkpoint(tx: &mut Tx<'_>, run: &str, step: u64) -> Ran<Option<CheckpointState>> {
    rules::id("run", run)?;
    let rows = tx.rows(sql::CHECKPOINT, &[&run, &rules::number("step", step)?]).await?;
    rows.first().map(rules::step_state).transpose()
}

pub(super) async fn fork(tx: &mut Tx<'_>, run: &str, step: u64, new_run: &str) -> Ran<()> {
    rules::id("new run", new_run)?;
    head(tx, sql::HEAD_SHARED, run).await?;
    let number = rules::number("step", step)?;
    let exists = || StorageError::Exists { run: new_run.to_owned() };
    if !tx.rows(sql::HEAD, &[&new_run]).await?.is_empty() {
        return Err(exists().into());
    }
    if tx.rows(sql::CHECKPOINT, &[&run, &number]).await?.is_empty() {
        return Err(StorageError::NoCheckpoint { run: run.to_owned(), step }.into());
    }
    let now = now(tx).await?;
    if tx.change(sql::FORK_RUN, &[&run, &number, &new_run, &now]).await? == 0 {
        // Somebody else made one in between.
        return Err(exists().into());
    }
    tx.change(sql::FORK_STATE, &[&run, &number, &new_run]).await?;
    tx.change(sql::FORK_HISTORY, &[&run, &number, &new_run]).await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx<'_>, run: &str) -> Ran<()> {
    head(tx, sql::HEAD_LOCKED, run).await?.idle(run, None)?;
    tx.change(sql::REMOVE, &[&run]).await?;
    Ok(())
}

pub(super) async fn prune(tx: &mut Tx<'_>, finished_before: SystemTime) -> Ran<u64> {
    tx.change(sql::PRUNE_SHARED, &[&millis::from_time(finished_before)]).await
}
