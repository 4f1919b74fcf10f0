//! How rows are read.

use super::RunHead;
use super::input::{shortened, wait_name};
use super::is_orphaned;
use crate::storage::data::{
    Checkpoint, CheckpointState, InnerRecord, ItemKey, NextAttempt, PendingAttempt, RunRecord,
    RunSummary, Status,
};
use crate::storage::error::StorageError;
use crate::storage::millis;
use crate::storage::operation::OpError;
use crate::storage::transaction::Row;

impl RunHead {
    pub(crate) fn read<E>(mut row: Row, now: i64) -> Result<RunHead, OpError<E>> {
        Ok(RunHead {
            status: status(&mut row, 0)?,
            step: row.int(1)?,
            owner: row.maybe_text(2)?,
            lease_until: row.maybe_int(3)?,
            lease: row.maybe_int(4)?,
            beat: row.int(5)?,
            waits_for: row.maybe_text(6)?,
            visit: row.maybe_int(7)?,
            filled: row.int(8)? != 0,
            crashes: row.int(9)?,
            crash_mark: row.maybe_text(10)?,
            message: row.maybe_text(11)?,
            graph: row.int(12)?,
            state: row.text(13)?,
            root: row.maybe_text(14)?,
            now,
        })
    }
}

fn status<E>(row: &mut Row, at: usize) -> Result<Status, OpError<E>> {
    let text = row.text(at)?;
    let why = "this program does not know it; another program changed the database";
    Ok(text.parse().map_err(|_| StorageError::Invalid {
        what: "status",
        value: shortened(&text),
        why,
    })?)
}

fn count<E>(row: &mut Row, at: usize) -> Result<u64, OpError<E>> {
    Ok(row.int(at)?.unsigned_abs())
}

/// The number of an attempt, or how many there are.
fn small<E>(row: &mut Row, at: usize) -> Result<u32, OpError<E>> {
    u32::try_from(row.int(at)?).map_err(|_| OpError::Column { at })
}

/// The texts of an error and its sources.
fn causes<E>(row: &mut Row, at: usize) -> Result<Vec<String>, OpError<E>> {
    serde_json::from_str(&row.text(at)?).map_err(|_| OpError::Column { at })
}

pub(crate) fn attempt<E>(mut row: Row) -> Result<PendingAttempt, OpError<E>> {
    Ok(PendingAttempt {
        branch: u32::try_from(row.int(0)?).ok(),
        item: u64::from_str_radix(&row.text(1)?, 16).ok(),
        path: row.text(2)?,
        number: small(&mut row, 3)?,
        of: small(&mut row, 4)?,
        causes: causes(&mut row, 5)?,
    })
}

/// The attempt for which a run waits, or that it has begun.
fn next_attempt<E>(row: &mut Row, status: Status) -> Result<Option<NextAttempt>, OpError<E>> {
    let path = row.maybe_text(17)?;
    let Some(path) = path.filter(|_| matches!(status, Status::Running | Status::Waiting)) else {
        return Ok(None);
    };
    Ok(Some(NextAttempt {
        path,
        number: small(row, 18)?,
        of: small(row, 19)?,
        due: millis::to_time(row.int(20)?),
        causes: causes(row, 21)?,
    }))
}

pub(crate) fn summary<E>(row: &mut Row, now: i64) -> Result<RunSummary, OpError<E>> {
    let (waits_for, visit) = (row.maybe_text(9)?, row.maybe_int(10)?);
    let (status, owner, lease_until) = (status(row, 2)?, row.maybe_text(5)?, row.maybe_int(6)?);
    let outer = row.maybe_text(14)?;
    let enqueued =
        status == Status::Running && owner.is_none() && outer.is_none() && row.int(22)? == 0;
    Ok(RunSummary {
        run: row.text(0)?,
        flow: row.text(1)?,
        status,
        step: count(row, 3)?,
        path: row.text(4)?,
        orphaned: !enqueued && is_orphaned(status, owner.as_deref(), lease_until, now),
        enqueued,
        owner,
        lease_until: lease_until.map(millis::to_time),
        exit: row.maybe_text(7)?,
        message: row.maybe_text(8)?,
        wait: waits_for
            .as_deref()
            .zip(visit)
            .map(|(field, visit)| wait_name(field, visit)),
        waits_for,
        filled: row.int(11)? != 0,
        created: millis::to_time(row.int(12)?),
        updated: millis::to_time(row.int(13)?),
        outer,
        inner_waits: count(row, 15)?,
        until: row.maybe_int(16)?.map(millis::to_time),
        next_attempt: next_attempt(row, status)?,
    })
}

/// A run with its stored state, and the version of that state.
pub(crate) fn record<E>(mut row: Row, now: i64) -> Result<(RunRecord, i64), OpError<E>> {
    let short = summary(&mut row, now)?;
    let version = row.int(28)?;
    let record = RunRecord {
        run: short.run,
        flow: short.flow,
        graph: row.text(26)?,
        status: short.status,
        step: short.step,
        path: short.path,
        position: row.text(23)?,
        action: row.maybe_text(24)?,
        state: row.text(27)?,
        owner: short.owner,
        lease_until: short.lease_until,
        orphaned: short.orphaned,
        enqueued: short.enqueued,
        crashes: count(&mut row, 25)?,
        exit: short.exit,
        message: short.message,
        waits_for: short.waits_for,
        wait: short.wait,
        filled: short.filled,
        until: short.until,
        created: short.created,
        updated: short.updated,
        outer: short.outer,
        inner_waits: short.inner_waits,
        next_attempt: short.next_attempt,
        inner_runs: count(&mut row, 29)?,
    };
    Ok((record, version))
}

pub(crate) fn inner_run<E>(mut row: Row) -> Result<InnerRecord, OpError<E>> {
    Ok(InnerRecord {
        run: row.text(0)?,
        status: status(&mut row, 1)?,
        step: count(&mut row, 2)?,
        position: row.text(3)?,
    })
}

pub(crate) fn item<E>(mut row: Row) -> Result<(ItemKey, String), OpError<E>> {
    // -1 stands for none and is outside both types.
    let key = ItemKey {
        branch: u32::try_from(row.int(0)?).ok(),
        item: u64::try_from(row.int(1)?).ok(),
    };
    Ok((key, row.text(2)?))
}

pub(crate) fn step<E>(mut row: Row) -> Result<Checkpoint, OpError<E>> {
    let time = millis::to_time(row.int(3)?);
    Ok(Checkpoint {
        step: count(&mut row, 0)?,
        path: row.text(1)?,
        action: row.text(2)?,
        time,
    })
}

/// A step with its stored state, and the version of that state.
pub(crate) fn step_state<E>(mut row: Row) -> Result<(CheckpointState, i64), OpError<E>> {
    let step = CheckpointState {
        graph: row.text(0)?,
        position: row.text(1)?,
        action: row.text(2)?,
        state: row.text(3)?,
    };
    Ok((step, row.int(4)?))
}
