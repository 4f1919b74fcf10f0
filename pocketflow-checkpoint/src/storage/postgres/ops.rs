//! The operations, each within a transaction. What they decide is in the
//! [rules](crate::storage::rules), as for SQLite.

use std::time::{Duration, SystemTime};

use tokio_postgres::{Error, Row};

use super::pool::Transaction;
use crate::error::StorageError;
use crate::storage::rules::{self, Clock, Columns, Fault, Head, Take, Wait};
use crate::storage::{
    Begun, Checkpoint, CheckpointState, ItemKey, Keep, NewRun, OpenWait, Pause, RunRecord,
    RunSummary, Status, Step, millis, sql,
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

type Param<'a> = dyn tokio_postgres::types::ToSql + Sync + 'a;
type Tx<'a> = Transaction<'a>;

fn all<T>(rows: &[Row], read: fn(&Row) -> Ran<T>) -> Ran<Vec<T>> {
    rows.iter().map(read).collect()
}

fn until(now: i64, lease: Duration) -> i64 {
    now.saturating_add(millis::from_duration(lease))
}

async fn count(tx: &mut Tx<'_>, sql: &'static str, params: &[&Param<'_>]) -> Ran<i64> {
    match tx.rows(sql, params).await?.first() {
        Some(row) => row.int(0),
        None => Ok(0),
    }
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
    rows.first()
        .map(|row| Head::read(row, row.int(12)?))
        .transpose()
}

async fn head(tx: &mut Tx<'_>, sql: &'static str, run: &str) -> Ran<Head> {
    rules::id("run", run)?;
    Ok(find(tx, sql, run)
        .await?
        .ok_or_else(|| rules::unknown(run))?)
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
        let (flow, length, until) = (
            rules::text(&new.flow),
            millis::from_duration(lease),
            until(now, lease),
        );
        let row: [&Param<'_>; 7] = [&run, &flow, &new.position, &owner, &length, &until, &now];
        let inserted = tx.change(sql::BEGIN_RUN, &row).await?;
        if inserted == 1 {
            tx.change(sql::BEGIN_STATE, &[&run, &new.graph, &new.state])
                .await?;
            return Ok(Begun::New);
        }
        // Somebody else was faster, and has committed: the next look finds that run, unless it has
        // been removed since.
    };
    let take = head.take(run, owner, Clock::Server)?;
    let mut record = show(tx, run).await?.ok_or_else(|| rules::unknown(run))?;
    if let Take::As(status) = take {
        let (length, until) = (millis::from_duration(lease), until(head.now, lease));
        let items = count(tx, sql::COUNT_ITEMS, &[&run, &(head.step + 1)]).await?;
        let (crashes, mark) = head.crashes(owner, items);
        let status = status.as_str();
        let row: [&Param<'_>; 8] = [
            &run, &owner, &length, &until, &status, &crashes, &mark, &head.now,
        ];
        tx.change(sql::TAKE_OVER, &row).await?;
        record.owner = Some(owner.to_owned());
        record.lease_until = Some(millis::to_time(until));
        record.crashes = crashes.unsigned_abs();
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
    let (length, until, now) = (
        millis::from_duration(lease),
        until(head.now, lease),
        head.now,
    );
    let row: [&Param<'_>; 8] = [
        &run,
        &number,
        &path,
        &step.position,
        &action,
        &length,
        &until,
        &now,
    ];
    tx.change(sql::COMMIT_RUN, &row).await?;
    tx.change(sql::COMMIT_STATE, &[&run, &step.graph, &step.state])
        .await?;
    tx.change(sql::DROP_ITEMS, &[&run, &number]).await?;
    if !matches!(keep, Keep::None | Keep::Last(0)) {
        let row: [&Param<'_>; 8] = [
            &run,
            &number,
            &path,
            &step.position,
            &action,
            &now,
            &step.graph,
            &step.state,
        ];
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
    tx.change(
        sql::KEEP_ITEM,
        &[&run, &rules::number("step", step)?, &branch, &item, &json],
    )
    .await?;
    Ok(())
}

pub(super) async fn items(tx: &mut Tx<'_>, run: &str, step: u64) -> Ran<Vec<(ItemKey, String)>> {
    rules::id("run", run)?;
    all(
        &tx.rows(sql::ITEMS, &[&run, &rules::number("step", step)?])
            .await?,
        rules::item,
    )
}

pub(super) async fn wait(
    tx: &mut Tx<'_>,
    run: &str,
    owner: &str,
    pause: &Pause<'_>,
) -> Ran<OpenWait> {
    let Pause {
        step,
        field,
        position,
        graph,
        state,
        refused,
    } = *pause;
    rules::id("field", field)?;
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    let (number, now) = (head.not_before(run, step)?, head.now);
    let known = tx
        .rows(sql::WAIT_AT, &[&run, &field, &(number + 1)])
        .await?;
    let (visit, value) = match known.first() {
        Some(row) => (row.int(0)?, row.maybe_text(1)?),
        None => {
            let visit = count(tx, sql::LAST_VISIT, &[&run, &field]).await? + 1;
            let early = tx.rows(sql::WAIT_NAMED, &[&run, &field, &visit]).await?;
            tx.change(sql::OPEN_WAIT, &[&run, &field, &visit, &(number + 1)])
                .await?;
            (
                visit,
                early
                    .first()
                    .map(|row| row.maybe_text(1))
                    .transpose()?
                    .flatten(),
            )
        }
    };
    tx.change(sql::COMMIT_STATE, &[&run, &graph, &state])
        .await?;
    let name = rules::wait_name(field, visit);
    if value.is_some() && refused.is_none() {
        tx.change(
            sql::PASS_WAIT,
            &[&run, &number, &field, &visit, &position, &now],
        )
        .await?;
        return Ok(OpenWait { name, value });
    }
    tx.change(sql::DROP_VALUE, &[&run, &field, &visit]).await?;
    let message = refused.map(rules::text);
    let row: [&Param<'_>; 7] = [&run, &number, &field, &visit, &position, &message, &now];
    tx.change(sql::WAIT_RUN, &row).await?;
    Ok(OpenWait { name, value: None })
}

pub(super) async fn fill(tx: &mut Tx<'_>, run: &str, wait: &str, value: &str) -> Ran<()> {
    let Wait { field, visit } = Wait::parse(wait)?;
    rules::json(run, wait, value)?;
    let head = head(tx, sql::HEAD_LOCKED, run).await?;
    let visit = match visit {
        None => head.fillable(run, field)?,
        Some(visit) => {
            let known = tx.rows(sql::WAIT_NAMED, &[&run, &field, &visit]).await?;
            let known = known
                .first()
                .map(|row| Ok::<_, Fault<Error>>((row.int(0)?, row.maybe_text(1)?)));
            let is_early = known.is_none();
            head.named(run, (field, visit), known.transpose()?)?;
            if is_early {
                let graph = tx.rows(sql::GRAPH, &[&run]).await?;
                let graph = graph.first().map(|row| row.text(0)).transpose()?;
                rules::awaited(run, field, &graph.unwrap_or_default())?;
            }
            visit
        }
    };
    let open = i64::from(head.open() == Some((field, visit)));
    tx.change(sql::FILL, &[&run, &field, &visit, &value])
        .await?;
    tx.change(sql::FILL_RUN, &[&run, &open, &head.now]).await?;
    Ok(())
}

pub(super) async fn filled(tx: &mut Tx<'_>, run: &str, wait: &str) -> Ran<Option<String>> {
    let (wait, head) = (Wait::parse(wait)?, head(tx, sql::HEAD_SHARED, run).await?);
    let Some((field, visit)) = head.named_or_open(&wait) else {
        return Ok(None);
    };
    let rows = tx.rows(sql::WAIT_NAMED, &[&run, &field, &visit]).await?;
    Ok(rows
        .first()
        .map(|row| row.maybe_text(1))
        .transpose()?
        .flatten())
}

pub(super) async fn finish(
    tx: &mut Tx<'_>,
    run: &str,
    owner: &str,
    exit: &str,
    state: &str,
) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    tx.change(sql::FINISH_RUN, &[&run, &rules::text(exit), &head.now])
        .await?;
    tx.change(sql::SET_STATE, &[&run, &state]).await?;
    tx.change(sql::DROP_ALL_ITEMS, &[&run]).await?;
    Ok(())
}

pub(super) async fn fail(
    tx: &mut Tx<'_>,
    run: &str,
    owner: &str,
    message: &str,
    status: Status,
) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    tx.change(
        sql::FAIL,
        &[&run, &rules::text(message), &head.now, &status.as_str()],
    )
    .await?;
    Ok(())
}

pub(super) async fn retry(tx: &mut Tx<'_>, run: &str) -> Ran<()> {
    let head = head(tx, sql::HEAD_LOCKED, run).await?;
    head.stuck(run)?;
    tx.change(sql::RETRY, &[&run, &head.now]).await?;
    Ok(())
}

pub(super) async fn renew(tx: &mut Tx<'_>, run: &str, owner: &str, lease: Duration) -> Ran<()> {
    let head = fenced(tx, sql::HEAD_LOCKED, run, owner).await?;
    let (length, until) = (millis::from_duration(lease), until(head.now, lease));
    tx.change(sql::RENEW, &[&run, &length, &until]).await?;
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
    tx.rows(sql::SHOW, &[&run])
        .await?
        .first()
        .map(rules::record)
        .transpose()
}

pub(super) async fn history(tx: &mut Tx<'_>, run: &str) -> Ran<Vec<Checkpoint>> {
    // The lock keeps the run from being removed in between.
    head(tx, sql::HEAD_SHARED, run).await?;
    all(&tx.rows(sql::HISTORY, &[&run]).await?, rules::step)
}

pub(super) async fn checkpoint(
    tx: &mut Tx<'_>,
    run: &str,
    step: u64,
) -> Ran<Option<CheckpointState>> {
    rules::id("run", run)?;
    let rows = tx
        .rows(sql::CHECKPOINT, &[&run, &rules::number("step", step)?])
        .await?;
    rows.first().map(rules::step_state).transpose()
}

pub(super) async fn fork(tx: &mut Tx<'_>, run: &str, step: u64, new_run: &str) -> Ran<()> {
    rules::id("new run", new_run)?;
    head(tx, sql::HEAD_SHARED, run).await?;
    let number = rules::number("step", step)?;
    let exists = || StorageError::Exists {
        run: new_run.to_owned(),
    };
    if !tx.rows(sql::HEAD, &[&new_run]).await?.is_empty() {
        return Err(exists().into());
    }
    if tx.rows(sql::CHECKPOINT, &[&run, &number]).await?.is_empty() {
        return Err(StorageError::NoCheckpoint {
            run: run.to_owned(),
            step,
        }
        .into());
    }
    let now = now(tx).await?;
    if tx
        .change(sql::FORK_RUN, &[&run, &number, &new_run, &now])
        .await?
        == 0
    {
        // Somebody else made one in between.
        return Err(exists().into());
    }
    tx.change(sql::FORK_STATE, &[&run, &number, &new_run])
        .await?;
    tx.change(sql::FORK_HISTORY, &[&run, &number, &new_run])
        .await?;
    tx.change(sql::FORK_WAITS, &[&run, &number, &new_run])
        .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx<'_>, run: &str) -> Ran<()> {
    head(tx, sql::HEAD_LOCKED, run)
        .await?
        .idle(run, None, Clock::Server)?;
    tx.change(sql::REMOVE, &[&run]).await?;
    Ok(())
}

pub(super) async fn drop_items(tx: &mut Tx<'_>, run: &str) -> Ran<u64> {
    head(tx, sql::HEAD_LOCKED, run)
        .await?
        .idle(run, None, Clock::Server)?;
    tx.change(sql::DROP_ALL_ITEMS, &[&run]).await
}

pub(super) async fn prune(tx: &mut Tx<'_>, finished_before: SystemTime) -> Ran<u64> {
    tx.change(sql::PRUNE_SHARED, &[&millis::from_time(finished_before)])
        .await
}
