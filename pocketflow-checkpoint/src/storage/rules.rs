//! What the engines have in common: what may be stored, who may write, and how rows are read.

use crate::error::StorageError;
use crate::storage::{
    Checkpoint, CheckpointState, Filled, ItemKey, RunRecord, RunSummary, Status, StorageResult, millis,
};

/// Why an operation failed: the engine, or a rule.
#[derive(Debug)]
pub(crate) enum Fault<E> {
    Engine(E),
    Rule(StorageError),
}

impl<E> From<StorageError> for Fault<E> {
    fn from(error: StorageError) -> Self {
        Fault::Rule(error)
    }
}

/// The columns of a row, as the engine reads them.
pub(crate) trait Columns {
    type Error;
    fn text(&self, at: usize) -> Result<String, Fault<Self::Error>>;
    fn maybe_text(&self, at: usize) -> Result<Option<String>, Fault<Self::Error>>;
    fn int(&self, at: usize) -> Result<i64, Fault<Self::Error>>;
    fn maybe_int(&self, at: usize) -> Result<Option<i64>, Fault<Self::Error>>;
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// PostgreSQL has no NUL in texts, and `sqlite3` prints none; the limit is for indexes and for people.
pub(crate) fn id(what: &'static str, text: &str) -> StorageResult<()> {
    let why = match text {
        "" => "it is empty",
        _ if text.len() > 200 => "it is longer than 200 bytes",
        _ if text.contains('\0') => "it has a NUL character",
        _ => return Ok(()),
    };
    Err(StorageError::Invalid { what, value: shortened(text), why })
}

pub(crate) fn ids(run: &str, owner: &str) -> StorageResult<()> {
    id("run", run)?;
    id("owner", owner)
}

/// What is text and no id. JSON has no NUL, and no other text needs one.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Databases count up to `i64::MAX`.
pub(crate) fn number(what: &'static str, number: u64) -> StorageResult<i64> {
    let why = "it is too large";
    i64::try_from(number).map_err(|_| StorageError::Invalid { what, value: number.to_string(), why })
}

pub(crate) fn item_columns(key: &ItemKey) -> StorageResult<(i64, i64)> {
    let item = key.item.map_or(Ok(-1), |item| number("item", item))?;
    Ok((key.branch.map_or(-1, i64::from), item))
}

pub(crate) fn json(run: &str, field: &str, value: &str) -> StorageResult<()> {
    serde_json::from_str::<serde::de::IgnoredAny>(value)
        .map(drop)
        .map_err(|source| StorageError::InvalidJson { run: run.to_owned(), field: field.to_owned(), source })
}

/// What the rules need to know of a run.
#[derive(Debug)]
pub(crate) struct Head {
    status: Status,
    step: i64,
    owner: Option<String>,
    lease_until: Option<i64>,
    waits_for: Option<String>,
    filled_field: Option<String>,
    filled_seen: bool,
    /// By the clock that leases go by.
    pub(crate) now: i64,
}

/// What becomes of the lease and the status when a known run is begun.
pub(crate) enum Take {
    Leave,
    Take(Status),
}

impl Head {
    pub(crate) fn read<C: Columns>(row: &C, now: i64) -> Result<Head, Fault<C::Error>> {
        Ok(Head {
            status: status(row, 0)?,
            step: row.int(1)?,
            owner: row.maybe_text(2)?,
            lease_until: row.maybe_int(3)?,
            waits_for: row.maybe_text(4)?,
            filled_field: row.maybe_text(5)?,
            filled_seen: row.int(6)? != 0,
            now,
        })
    }

    /// The caller must hold the lease. Whether it ran out does not matter as long as nobody took it over.
    pub(crate) fn fence(&self, run: &str, owner: &str) -> StorageResult<()> {
        if self.owner.as_deref() == Some(owner) {
            return Ok(());
        }
        let (run, owner) = (run.to_owned(), owner.to_owned());
        Err(StorageError::LeaseLost { run, owner, holder: self.owner.clone() })
    }

    /// Nobody but `caller` may hold a lease that has not run out.
    pub(crate) fn idle(&self, run: &str, caller: Option<&str>) -> StorageResult<()> {
        match (&self.owner, self.lease_until) {
            (Some(owner), Some(until)) if caller != Some(owner) && until > self.now => {
                let until = millis::to_time(until);
                Err(StorageError::Alive { run: run.to_owned(), owner: owner.clone(), until })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn take(&self, run: &str, owner: &str) -> StorageResult<Take> {
        if self.status == Status::Finished {
            return Ok(Take::Leave);
        }
        self.idle(run, Some(owner))?;
        // A run that waits for a value can be filled while its driver looks at it, and if the driver dies it still waits.
        let waits = self.status == Status::Waiting && self.filled_field.is_none();
        Ok(Take::Take(if waits { Status::Waiting } else { Status::Running }))
    }

    pub(crate) fn not_before(&self, run: &str, step: u64) -> StorageResult<i64> {
        let number = number("step", step)?;
        if number >= self.step {
            return Ok(number);
        }
        Err(StorageError::Behind { run: run.to_owned(), step, stored: self.step.unsigned_abs() })
    }

    /// Whether what was filled outlasts that the run waits for `field` (anew).
    pub(crate) fn keeps_filled(&self, field: &str) -> bool {
        !self.filled_seen && self.filled_field.as_deref() == Some(field)
    }

    pub(crate) fn fillable(&self, run: &str, field: &str) -> StorageResult<()> {
        let waits = self.status == Status::Waiting && self.waits_for.as_deref() == Some(field);
        if waits && self.filled_field.is_none() {
            return Ok(());
        }
        Err(StorageError::NotWaiting {
            run: run.to_owned(),
            status: self.status,
            field: field.to_owned(),
            waits_for: self.waits_for.clone(),
        })
    }
}

pub(crate) fn unknown(run: &str) -> StorageError {
    StorageError::UnknownRun { run: run.to_owned() }
}

fn status<C: Columns>(row: &C, at: usize) -> Result<Status, Fault<C::Error>> {
    let text = row.text(at)?;
    let why = "it is none that this program knows; somebody changed the database";
    Ok(text.parse().map_err(|_| StorageError::Invalid { what: "status", value: shortened(&text), why })?)
}

fn count<C: Columns>(row: &C, at: usize) -> Result<u64, Fault<C::Error>> {
    Ok(row.int(at)?.unsigned_abs())
}

pub(crate) fn summary<C: Columns>(row: &C) -> Result<RunSummary, Fault<C::Error>> {
    Ok(RunSummary {
        run: row.text(0)?,
        flow: row.text(1)?,
        status: status(row, 2)?,
        step: count(row, 3)?,
        path: row.text(4)?,
        owner: row.maybe_text(5)?,
        lease_until: row.maybe_int(6)?.map(millis::to_time),
        exit: row.maybe_text(7)?,
        message: row.maybe_text(8)?,
        waits_for: row.maybe_text(9)?,
        filled: row.int(10)? != 0,
        created: millis::to_time(row.int(11)?),
        updated: millis::to_time(row.int(12)?),
    })
}

pub(crate) fn record<C: Columns>(row: &C) -> Result<RunRecord, Fault<C::Error>> {
    let short = summary(row)?;
    Ok(RunRecord {
        run: short.run,
        flow: short.flow,
        graph: row.text(15)?,
        status: short.status,
        step: short.step,
        path: short.path,
        position: row.text(13)?,
        action: row.maybe_text(14)?,
        state: row.text(16)?,
        owner: short.owner,
        lease_until: short.lease_until,
        exit: short.exit,
        message: short.message,
        waits_for: short.waits_for,
        filled: short.filled,
        created: short.created,
        updated: short.updated,
    })
}

pub(crate) fn item<C: Columns>(row: &C) -> Result<(ItemKey, String), Fault<C::Error>> {
    // -1, which is none, is what neither type has.
    let key = ItemKey { branch: u32::try_from(row.int(0)?).ok(), item: u64::try_from(row.int(1)?).ok() };
    Ok((key, row.text(2)?))
}

pub(crate) fn filled<C: Columns>(row: &C) -> Result<Option<Filled>, Fault<C::Error>> {
    Ok(row.maybe_text(0)?.zip(row.maybe_text(1)?).map(|(field, value)| Filled { field, value }))
}

pub(crate) fn step<C: Columns>(row: &C) -> Result<Checkpoint, Fault<C::Error>> {
    let time = millis::to_time(row.int(3)?);
    Ok(Checkpoint { step: count(row, 0)?, path: row.text(1)?, action: row.text(2)?, time })
}

pub(crate) fn step_state<C: Columns>(row: &C) -> Result<CheckpointState, Fault<C::Error>> {
    Ok(CheckpointState {
        graph: row.text(0)?,
        position: row.text(1)?,
        action: row.text(2)?,
        state: row.text(3)?,
    })
}
