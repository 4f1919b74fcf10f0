//! The operations, each within a transaction that the [worker](super::worker) began.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Error, Params, Row};

use crate::error::StorageError;
use crate::storage::rules::{self, Clock, Columns, Fault, Free, Head, Seen, Take, Wait};
use crate::storage::{
    Begun, Checkpoint, CheckpointState, ItemKey, Keep, NewRun, OpenWait, Pause, RunRecord,
    RunSummary, Status, Step, millis, sql,
};

/// What an operation returns; the worker adds what it was, and on which file.
pub(super) type Ran<T> = Result<T, Fault<Error>>;

impl From<Error> for Fault<Error> {
    fn from(error: Error) -> Self {
        Fault::Engine(error)
    }
}

impl Columns for Row<'_> {
    type Error = Error;
    fn text(&self, at: usize) -> Ran<String> {
        Ok(self.get(at)?)
    }
    fn maybe_text(&self, at: usize) -> Ran<Option<String>> {
        Ok(self.get(at)?)
    }
    fn int(&self, at: usize) -> Ran<i64> {
        Ok(self.get(at)?)
    }
    fn maybe_int(&self, at: usize) -> Ran<Option<i64>> {
        Ok(self.get(at)?)
    }
}

fn change(db: &Connection, sql: &str, params: impl Params) -> Ran<usize> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> Ran<T>,
) -> Ran<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn row<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> Ran<T>,
) -> Ran<Option<T>> {
    Ok(rows(db, sql, params, read)?.pop())
}

fn count(db: &Connection, sql: &str, params: impl Params) -> Ran<i64> {
    Ok(db
        .prepare_cached(sql)?
        .query_row(params, |row| row.get(0))?)
}

fn now() -> i64 {
    millis::from_time(SystemTime::now())
}

fn until(now: i64, lease: Duration) -> i64 {
    now.saturating_add(millis::from_duration(lease))
}

fn find(db: &Connection, run: &str) -> Ran<Option<Head>> {
    row(db, sql::HEAD, [run], |row| Head::read(row, now()))
}

fn head(db: &Connection, run: &str) -> Ran<Head> {
    rules::id("run", run)?;
    Ok(find(db, run)?.ok_or_else(|| rules::unknown(run))?)
}

fn fenced(db: &Connection, run: &str, owner: &str) -> Ran<Head> {
    rules::ids(run, owner)?;
    let head = head(db, run)?;
    head.fence(run, owner)?;
    Ok(head)
}

pub(super) fn begin(
    db: &Connection,
    run: &str,
    owner: &str,
    lease: Duration,
    new: &NewRun,
    seen: Option<&Seen>,
) -> Ran<Free<Begun>> {
    rules::ids(run, owner)?;
    let length = millis::from_duration(lease);
    let Some(head) = find(db, run)? else {
        let now = now();
        let flow = rules::text(&new.flow);
        change(
            db,
            sql::BEGIN_RUN,
            (
                run,
                flow,
                &new.position,
                owner,
                length,
                until(now, lease),
                now,
            ),
        )?;
        change(db, sql::BEGIN_STATE, (run, &new.graph, &new.state))?;
        return Ok(Free::Yes(Begun::New));
    };
    let take = head.take(run, owner, Clock::Own(seen))?;
    let mut record = show(db, run)?.ok_or_else(|| rules::unknown(run))?;
    match take {
        Take::Watch(seen) => return Ok(Free::Watch(seen)),
        Take::Leave => {}
        Take::As(status) => {
            let until = until(head.now, lease);
            let (crashes, mark) =
                head.crashes(owner, count(db, sql::COUNT_ITEMS, (run, head.step + 1))?);
            let row = (
                run,
                owner,
                length,
                until,
                status.as_str(),
                crashes,
                mark,
                head.now,
            );
            change(db, sql::TAKE_OVER, row)?;
            record.owner = Some(owner.to_owned());
            record.lease_until = Some(millis::to_time(until));
            record.crashes = crashes.unsigned_abs();
        }
    }
    Ok(Free::Yes(Begun::Known(Box::new(record))))
}

pub(super) fn commit(
    db: &Connection,
    run: &str,
    owner: &str,
    lease: Duration,
    step: &Step,
    keep: Keep,
) -> Ran<()> {
    let head = fenced(db, run, owner)?;
    let number = head.not_before(run, step.step)?;
    let (path, action) = (rules::text(&step.path), rules::text(&step.action));
    let (length, until) = (millis::from_duration(lease), until(head.now, lease));
    let row = (
        run,
        number,
        &path,
        &step.position,
        &action,
        length,
        until,
        head.now,
    );
    change(db, sql::COMMIT_RUN, row)?;
    change(db, sql::COMMIT_STATE, (run, &step.graph, &step.state))?;
    change(db, sql::DROP_ITEMS, (run, number))?;
    if !matches!(keep, Keep::None | Keep::Last(0)) {
        let row = (
            run,
            number,
            &path,
            &step.position,
            &action,
            head.now,
            &step.graph,
            &step.state,
        );
        change(db, sql::ADD_CHECKPOINT, row)?;
    }
    match keep {
        Keep::All => {}
        Keep::Last(last) => drop(change(db, sql::PRUNE_HISTORY, (run, last))?),
        Keep::None => drop(change(db, sql::PRUNE_HISTORY, (run, 0))?),
    }
    Ok(())
}

pub(super) fn keep_item(
    db: &Connection,
    run: &str,
    owner: &str,
    step: u64,
    item: &ItemKey,
    json: &str,
) -> Ran<()> {
    fenced(db, run, owner)?;
    let (branch, item) = rules::item_columns(item)?;
    change(
        db,
        sql::KEEP_ITEM,
        (run, rules::number("step", step)?, branch, item, json),
    )?;
    Ok(())
}

pub(super) fn items(db: &Connection, run: &str, step: u64) -> Ran<Vec<(ItemKey, String)>> {
    rules::id("run", run)?;
    rows(db, sql::ITEMS, (run, rules::number("step", step)?), |row| {
        rules::item(row)
    })
}

pub(super) fn wait(db: &Connection, run: &str, owner: &str, pause: &Pause<'_>) -> Ran<OpenWait> {
    let Pause {
        step,
        field,
        position,
        graph,
        state,
        refused,
    } = *pause;
    rules::id("field", field)?;
    let head = fenced(db, run, owner)?;
    let number = head.not_before(run, step)?;
    let known = row(db, sql::WAIT_AT, (run, field, number + 1), |row| {
        Ok((row.int(0)?, row.maybe_text(1)?))
    })?;
    let (visit, value) = match known {
        Some(known) => known,
        None => {
            let visit = count(db, sql::LAST_VISIT, (run, field))? + 1;
            let early = row(db, sql::WAIT_NAMED, (run, field, visit), |row| {
                row.maybe_text(1)
            })?;
            change(db, sql::OPEN_WAIT, (run, field, visit, number + 1))?;
            (visit, early.flatten())
        }
    };
    change(db, sql::COMMIT_STATE, (run, graph, state))?;
    let name = rules::wait_name(field, visit);
    if value.is_some() && refused.is_none() {
        change(
            db,
            sql::PASS_WAIT,
            (run, number, field, visit, position, head.now),
        )?;
        return Ok(OpenWait { name, value });
    }
    change(db, sql::DROP_VALUE, (run, field, visit))?;
    let message = refused.map(rules::text);
    change(
        db,
        sql::WAIT_RUN,
        (run, number, field, visit, position, message, head.now),
    )?;
    Ok(OpenWait { name, value: None })
}

pub(super) fn fill(db: &Connection, run: &str, wait: &str, value: &str) -> Ran<()> {
    let Wait { field, visit } = Wait::parse(wait)?;
    rules::json(run, wait, value)?;
    let head = head(db, run)?;
    let visit = match visit {
        None => head.fillable(run, field)?,
        Some(visit) => {
            let read = |row: &Row<'_>| Ok((row.int(0)?, row.maybe_text(1)?));
            let known = row(db, sql::WAIT_NAMED, (run, field, visit), read)?;
            let is_early = known.is_none();
            head.named(run, (field, visit), known)?;
            if is_early {
                let graph = row(db, sql::GRAPH, [run], |row| row.text(0))?;
                rules::awaited(run, field, &graph.unwrap_or_default())?;
            }
            visit
        }
    };
    let open = head.open() == Some((field, visit));
    change(db, sql::FILL, (run, field, visit, value))?;
    change(db, sql::FILL_RUN, (run, i64::from(open), head.now))?;
    Ok(())
}

pub(super) fn filled(db: &Connection, run: &str, wait: &str) -> Ran<Option<String>> {
    let (wait, head) = (Wait::parse(wait)?, head(db, run)?);
    let Some((field, visit)) = head.named_or_open(&wait) else {
        return Ok(None);
    };
    Ok(row(db, sql::WAIT_NAMED, (run, field, visit), |row| {
        row.maybe_text(1)
    })?
    .flatten())
}

pub(super) fn finish(db: &Connection, run: &str, owner: &str, exit: &str, state: &str) -> Ran<()> {
    let head = fenced(db, run, owner)?;
    change(db, sql::FINISH_RUN, (run, rules::text(exit), head.now))?;
    change(db, sql::SET_STATE, (run, state))?;
    change(db, sql::DROP_ALL_ITEMS, [run])?;
    Ok(())
}

pub(super) fn fail(
    db: &Connection,
    run: &str,
    owner: &str,
    message: &str,
    status: Status,
) -> Ran<()> {
    let head = fenced(db, run, owner)?;
    change(
        db,
        sql::FAIL,
        (run, rules::text(message), head.now, status.as_str()),
    )?;
    Ok(())
}

pub(super) fn retry(db: &Connection, run: &str) -> Ran<()> {
    let head = head(db, run)?;
    head.stuck(run)?;
    change(db, sql::RETRY, (run, head.now))?;
    Ok(())
}

pub(super) fn renew(db: &Connection, run: &str, owner: &str, lease: Duration) -> Ran<()> {
    let head = fenced(db, run, owner)?;
    change(
        db,
        sql::RENEW,
        (run, millis::from_duration(lease), until(head.now, lease)),
    )?;
    Ok(())
}

pub(super) fn release(db: &Connection, run: &str, owner: &str) -> Ran<()> {
    fenced(db, run, owner)?;
    change(db, sql::RELEASE, [run])?;
    Ok(())
}

pub(super) fn list(db: &Connection, filter: Option<Status>) -> Ran<Vec<RunSummary>> {
    match filter {
        Some(status) => rows(db, sql::LIST, [status.as_str()], |row| rules::summary(row)),
        None => rows(db, sql::LIST_ALL, [], |row| rules::summary(row)),
    }
}

pub(super) fn show(db: &Connection, run: &str) -> Ran<Option<RunRecord>> {
    rules::id("run", run)?;
    row(db, sql::SHOW, [run], |row| rules::record(row))
}

pub(super) fn history(db: &Connection, run: &str) -> Ran<Vec<Checkpoint>> {
    head(db, run)?;
    rows(db, sql::HISTORY, [run], |row| rules::step(row))
}

pub(super) fn checkpoint(db: &Connection, run: &str, step: u64) -> Ran<Option<CheckpointState>> {
    rules::id("run", run)?;
    row(
        db,
        sql::CHECKPOINT,
        (run, rules::number("step", step)?),
        |row| rules::step_state(row),
    )
}

pub(super) fn fork(db: &Connection, run: &str, step: u64, new_run: &str) -> Ran<()> {
    rules::id("new run", new_run)?;
    head(db, run)?;
    let number = rules::number("step", step)?;
    if find(db, new_run)?.is_some() {
        return Err(StorageError::Exists {
            run: new_run.to_owned(),
        }
        .into());
    }
    if change(db, sql::FORK_RUN, (run, number, new_run, now()))? == 0 {
        return Err(StorageError::NoCheckpoint {
            run: run.to_owned(),
            step,
        }
        .into());
    }
    change(db, sql::FORK_STATE, (run, number, new_run))?;
    change(db, sql::FORK_HISTORY, (run, number, new_run))?;
    change(db, sql::FORK_WAITS, (run, number, new_run))?;
    Ok(())
}

pub(super) fn remove(db: &Connection, run: &str, seen: Option<&Seen>) -> Ran<Free<()>> {
    let free = head(db, run)?.idle(run, None, Clock::Own(seen))?;
    if let Free::Yes(()) = free {
        change(db, sql::REMOVE, [run])?;
    }
    Ok(free)
}

pub(super) fn drop_items(db: &Connection, run: &str, seen: Option<&Seen>) -> Ran<Free<u64>> {
    Ok(match head(db, run)?.idle(run, None, Clock::Own(seen))? {
        Free::Yes(()) => Free::Yes(change(db, sql::DROP_ALL_ITEMS, [run])? as u64),
        Free::Watch(seen) => Free::Watch(seen),
    })
}

pub(super) fn prune(db: &Connection, finished_before: SystemTime) -> Ran<u64> {
    Ok(change(db, sql::PRUNE, [millis::from_time(finished_before)])? as u64)
}
