//! What the engines have in common: what may be stored, who may write, and how rows are read.

use std::time::Duration;

use crate::error::StorageError;
use crate::process;
use crate::storage::{
    Checkpoint, CheckpointState, ItemKey, RunRecord, RunSummary, Status, StorageResult, millis,
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

/// PostgreSQL has no NUL in texts, and `sqlite3` prints none; the limit is for indexes and for
/// people.
pub(crate) fn id(what: &'static str, text: &str) -> StorageResult<()> {
    let why = match text {
        "" => "it is empty",
        _ if text.len() > 200 => "it is longer than 200 bytes",
        _ if text.contains('\0') => "it has a NUL character",
        _ => return Ok(()),
    };
    Err(StorageError::Invalid {
        what,
        value: shortened(text),
        why,
    })
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
    i64::try_from(number).map_err(|_| StorageError::Invalid {
        what,
        value: number.to_string(),
        why,
    })
}

pub(crate) fn item_columns(key: &ItemKey) -> StorageResult<(i64, i64)> {
    let item = key.item.map_or(Ok(-1), |item| number("item", item))?;
    Ok((key.branch.map_or(-1, i64::from), item))
}

pub(crate) fn json(run: &str, field: &str, value: &str) -> StorageResult<()> {
    serde_json::from_str::<serde::de::IgnoredAny>(value)
        .map(drop)
        .map_err(|source| StorageError::InvalidJson {
            run: run.to_owned(),
            field: field.to_owned(),
            source,
        })
}

/// How long a lease of a version that did not store it holds.
const OLD_LEASE: i64 = 30_000;

/// What the rules need to know of a run.
#[derive(Debug)]
pub(crate) struct Head {
    status: Status,
    pub(crate) step: i64,
    owner: Option<String>,
    lease_until: Option<i64>,
    lease: Option<i64>,
    beat: i64,
    waits_for: Option<String>,
    visit: Option<i64>,
    filled: bool,
    crashes: i64,
    crash_mark: Option<String>,
    message: Option<String>,
    /// By the clock that leases go by.
    pub(crate) now: i64,
}

/// How a lease is looked at. `S` is what somebody who waits for it has seen.
pub(crate) enum Clock<'a> {
    /// All see the clock of the server.
    #[cfg(feature = "postgres")]
    Server,
    /// Each process has a clock of its own, which may be wrong.
    Own(Option<&'a Seen>),
}

/// A lease that somebody watches: it is over when its owner has not moved for as long as it lasts,
/// by the watcher's clock alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    owner: String,
    beat: i64,
    /// How long it lasts.
    pub(crate) lease: Duration,
    /// For how long nothing moved.
    pub(crate) still: Duration,
}

/// What somebody may do who wants a run.
pub(crate) enum Free<T> {
    /// It was free, and this was done.
    Yes(T),
    /// Whether its owner lives shows only when somebody looks again.
    Watch(Seen),
}

/// What becomes of the lease and the status when a known run is begun.
pub(crate) enum Take {
    Leave,
    As(Status),
    Watch(Seen),
}

/// The wait that a value is for.
pub(crate) struct Wait<'a> {
    pub(crate) field: &'a str,
    pub(crate) visit: Option<i64>,
}

impl<'a> Wait<'a> {
    /// `approval` or `approval#2`.
    pub(crate) fn parse(name: &'a str) -> StorageResult<Self> {
        id("field", name)?;
        let numbered = name.rsplit_once('#').filter(|(field, visit)| {
            !field.is_empty()
                && !visit.is_empty()
                && visit.bytes().all(|byte| byte.is_ascii_digit())
        });
        let Some((field, visit)) = numbered else {
            // No field of a store has such a name.
            if name.contains('#') {
                let why =
                    "write a field, or a field and the number of its wait, such as approval#2";
                return Err(StorageError::Invalid {
                    what: "wait",
                    value: shortened(name),
                    why,
                });
            }
            return Ok(Self {
                field: name,
                visit: None,
            });
        };
        match visit.parse() {
            Ok(visit) if visit > 0 => Ok(Self {
                field,
                visit: Some(visit),
            }),
            _ => {
                let why = "waits are counted from 1";
                Err(StorageError::Invalid {
                    what: "wait",
                    value: shortened(name),
                    why,
                })
            }
        }
    }
}

/// A value for a wait that the run has not come to is kept until it does, so the flow must have an
/// `await` of that field. `graph` is the flow as the run stored it; one that does not say what it
/// waits for may wait for anything.
pub(crate) fn awaited(run: &str, field: &str, graph: &str) -> StorageResult<()> {
    #[derive(serde::Deserialize)]
    struct Waits {
        waits: Vec<String>,
    }
    match serde_json::from_str::<Waits>(graph) {
        Ok(Waits { waits: fields }) if !fields.iter().any(|other| other == field) => {
            Err(StorageError::NoSuchWait {
                run: run.to_owned(),
                field: field.to_owned(),
                fields,
            })
        }
        _ => Ok(()),
    }
}

/// The name of a wait.
pub(crate) fn wait_name(field: &str, visit: i64) -> String {
    format!("{field}#{visit}")
}

impl Head {
    pub(crate) fn read<C: Columns>(row: &C, now: i64) -> Result<Head, Fault<C::Error>> {
        Ok(Head {
            status: status(row, 0)?,
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
            now,
        })
    }

    /// The caller must hold the lease. Whether it ran out does not matter as long as nobody took it
    /// over.
    pub(crate) fn fence(&self, run: &str, owner: &str) -> StorageResult<()> {
        if self.owner.as_deref() == Some(owner) {
            return Ok(());
        }
        let (run, owner) = (run.to_owned(), owner.to_owned());
        Err(StorageError::LeaseLost {
            run,
            owner,
            holder: self.owner.clone(),
        })
    }

    /// Nobody but `caller` may hold a lease that has not run out.
    pub(crate) fn idle(
        &self,
        run: &str,
        caller: Option<&str>,
        clock: Clock<'_>,
    ) -> StorageResult<Free<()>> {
        let Some(owner) = self.owner.as_deref().filter(|owner| caller != Some(owner)) else {
            return Ok(Free::Yes(()));
        };
        if process::is_dead(owner) {
            return Ok(Free::Yes(()));
        }
        let until = self.lease_until.unwrap_or(0);
        let alive = |until| {
            let (run, owner, until) = (run.to_owned(), owner.to_owned(), millis::to_time(until));
            Err(StorageError::Alive { run, owner, until })
        };
        let seen = match clock {
            #[cfg(feature = "postgres")]
            Clock::Server if until > self.now => return alive(until),
            #[cfg(feature = "postgres")]
            Clock::Server => return Ok(Free::Yes(())),
            Clock::Own(seen) => seen,
        };
        let lease = self.lease.unwrap_or(OLD_LEASE);
        match seen {
            Some(seen) if seen.owner != owner || seen.beat != self.beat => {
                alive(self.now.saturating_add(lease))
            }
            Some(seen) if seen.still >= seen.lease => Ok(Free::Yes(())),
            Some(seen) => Ok(Free::Watch(seen.clone())),
            // It looks alive. That may be wrong for the length of a lease; that it looks dead may
            // be wrong for ever.
            None if until > self.now && until.saturating_sub(self.now) <= lease => alive(until),
            None if lease <= 0 => Ok(Free::Yes(())),
            None => Ok(Free::Watch(Seen {
                owner: owner.to_owned(),
                beat: self.beat,
                lease: Duration::from_millis(lease.unsigned_abs()),
                still: Duration::ZERO,
            })),
        }
    }

    pub(crate) fn take(&self, run: &str, owner: &str, clock: Clock<'_>) -> StorageResult<Take> {
        match self.status {
            Status::Finished => return Ok(Take::Leave),
            Status::Stuck => {
                let why = self.message.clone().unwrap_or_default();
                return Err(StorageError::Stuck {
                    run: run.to_owned(),
                    why,
                });
            }
            Status::Running | Status::Waiting | Status::Failed => {}
        }
        if let Free::Watch(seen) = self.idle(run, Some(owner), clock)? {
            return Ok(Take::Watch(seen));
        }
        // A run that waits for a value can be filled while its driver looks at it, and if the
        // driver dies it still waits.
        let waits = self.status == Status::Waiting && !self.filled;
        Ok(Take::As(if waits {
            Status::Waiting
        } else {
            Status::Running
        }))
    }

    /// How many owners in a row have died at this step, with so many items of it kept: one more if
    /// `owner` takes over from one.
    pub(crate) fn crashes(&self, owner: &str, items: i64) -> (i64, String) {
        let mark = format!("{}/{items}", self.step);
        let before = if self.crash_mark.as_deref() == Some(&mark) {
            self.crashes
        } else {
            0
        };
        let died =
            self.status == Status::Running && self.owner.as_deref().is_some_and(|was| was != owner);
        (before + i64::from(died), mark)
    }

    pub(crate) fn not_before(&self, run: &str, step: u64) -> StorageResult<i64> {
        let number = number("step", step)?;
        if number >= self.step {
            return Ok(number);
        }
        Err(StorageError::Behind {
            run: run.to_owned(),
            step,
            stored: self.step.unsigned_abs(),
        })
    }

    /// The wait that is open, and has been filled or not.
    pub(crate) fn open(&self) -> Option<(&str, i64)> {
        Some((self.waits_for.as_deref()?, self.visit?))
    }

    /// The wait with this name; of a field alone, the one that is open.
    pub(crate) fn named_or_open<'a>(&self, wait: &Wait<'a>) -> Option<(&'a str, i64)> {
        let visit = wait.visit.or_else(|| {
            self.open()
                .filter(|open| open.0 == wait.field)
                .map(|open| open.1)
        });
        Some((wait.field, visit?))
    }

    /// Which visit of the field a value is for, if the caller names none: the one that is open.
    pub(crate) fn fillable(&self, run: &str, field: &str) -> StorageResult<i64> {
        match self.open() {
            Some((open, visit))
                if open == field && self.status == Status::Waiting && !self.filled =>
            {
                Ok(visit)
            }
            _ => Err(self.not_waiting(run, field)),
        }
    }

    /// Whether a value for the wait with this name may come, which the run has come to in `step` if
    /// it is known, and which may have a value.
    pub(crate) fn named(
        &self,
        run: &str,
        (field, visit): (&str, i64),
        known: Option<(i64, Option<String>)>,
    ) -> StorageResult<()> {
        match known {
            Some((step, _)) if (0..=self.step).contains(&step) => Err(StorageError::WaitClosed {
                run: run.to_owned(),
                wait: wait_name(field, visit),
                open: self.open().map(|(field, visit)| wait_name(field, visit)),
            }),
            _ if self.status == Status::Finished => Err(self.not_waiting(run, field)),
            Some((_, Some(_))) => Err(StorageError::AlreadyFilled {
                run: run.to_owned(),
                wait: wait_name(field, visit),
            }),
            _ => Ok(()),
        }
    }

    fn not_waiting(&self, run: &str, field: &str) -> StorageError {
        let run = run.to_owned();
        match self.open() {
            Some((open, visit)) if open == field && self.filled => StorageError::AlreadyFilled {
                run,
                wait: wait_name(open, visit),
            },
            open => StorageError::NotWaiting {
                run,
                status: self.status,
                field: field.to_owned(),
                waits_for: open.map(|(field, visit)| wait_name(field, visit)),
            },
        }
    }

    pub(crate) fn stuck(&self, run: &str) -> StorageResult<()> {
        if self.status == Status::Stuck {
            return Ok(());
        }
        Err(StorageError::NotStuck {
            run: run.to_owned(),
            status: self.status,
        })
    }
}

pub(crate) fn unknown(run: &str) -> StorageError {
    StorageError::UnknownRun {
        run: run.to_owned(),
    }
}

fn status<C: Columns>(row: &C, at: usize) -> Result<Status, Fault<C::Error>> {
    let text = row.text(at)?;
    let why = "it is none that this program knows; somebody changed the database";
    Ok(text.parse().map_err(|_| StorageError::Invalid {
        what: "status",
        value: shortened(&text),
        why,
    })?)
}

fn count<C: Columns>(row: &C, at: usize) -> Result<u64, Fault<C::Error>> {
    Ok(row.int(at)?.unsigned_abs())
}

pub(crate) fn summary<C: Columns>(row: &C) -> Result<RunSummary, Fault<C::Error>> {
    let (waits_for, visit) = (row.maybe_text(9)?, row.maybe_int(10)?);
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
        wait: waits_for
            .as_deref()
            .zip(visit)
            .map(|(field, visit)| wait_name(field, visit)),
        waits_for,
        filled: row.int(11)? != 0,
        created: millis::to_time(row.int(12)?),
        updated: millis::to_time(row.int(13)?),
    })
}

pub(crate) fn record<C: Columns>(row: &C) -> Result<RunRecord, Fault<C::Error>> {
    let short = summary(row)?;
    Ok(RunRecord {
        run: short.run,
        flow: short.flow,
        graph: row.text(17)?,
        status: short.status,
        step: short.step,
        path: short.path,
        position: row.text(14)?,
        action: row.maybe_text(15)?,
        state: row.text(18)?,
        owner: short.owner,
        lease_until: short.lease_until,
        crashes: count(row, 16)?,
        exit: short.exit,
        message: short.message,
        waits_for: short.waits_for,
        wait: short.wait,
        filled: short.filled,
        created: short.created,
        updated: short.updated,
    })
}

pub(crate) fn item<C: Columns>(row: &C) -> Result<(ItemKey, String), Fault<C::Error>> {
    // -1, which is none, is what neither type has.
    let key = ItemKey {
        branch: u32::try_from(row.int(0)?).ok(),
        item: u64::try_from(row.int(1)?).ok(),
    };
    Ok((key, row.text(2)?))
}

pub(crate) fn step<C: Columns>(row: &C) -> Result<Checkpoint, Fault<C::Error>> {
    let time = millis::to_time(row.int(3)?);
    Ok(Checkpoint {
        step: count(row, 0)?,
        path: row.text(1)?,
        action: row.text(2)?,
        time,
    })
}

pub(crate) fn step_state<C: Columns>(row: &C) -> Result<CheckpointState, Fault<C::Error>> {
    Ok(CheckpointState {
        graph: row.text(0)?,
        position: row.text(1)?,
        action: row.text(2)?,
        state: row.text(3)?,
    })
}
