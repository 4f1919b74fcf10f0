//! What the engines have in common: what may be stored, who may write, and how rows are read.

mod input;
mod manage;
mod rows;

use std::time::Duration;

pub(crate) use input::{
    WaitName, attempt_columns, awaited, id, item_columns, json, number, run_id, text, wait_name,
};
pub(crate) use manage::is_orphaned;
pub(crate) use rows::{attempt, inner_run, item, record, step, step_state, summary};

use super::data::Status;
use super::error::{StorageError, StorageResult};
use super::millis;
use super::operation::OpError;
use super::owner;
use super::transaction::{LeaseClock, Row};

/// The length of a lease, in milliseconds, of a version that did not store it.
const OLD_LEASE: i64 = 30_000;

/// What the rules need to know of a run.
#[derive(Debug)]
pub(crate) struct RunHead {
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
    /// The version of the graph.
    pub(crate) graph: i64,
    /// The state as it is stored.
    pub(crate) state: String,
    /// The outermost run, if this is an inner run.
    pub(crate) root: Option<String>,
    /// The time, by the clock that leases are measured with.
    pub(crate) now: i64,
}

/// A lease that another process watches. It has expired when its owner has not renewed it for as
/// long as it lasts, by the clock of the watching process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseObservation {
    owner: String,
    beat: i64,
    /// How long the lease lasts.
    pub(crate) lease: Duration,
    /// For how long the owner has not renewed it.
    pub(crate) still: Duration,
}

impl LeaseObservation {
    /// How often to look again.
    pub(crate) fn pause(&self) -> Duration {
        (self.lease / 20).clamp(Duration::from_millis(1), Duration::from_secs(1))
    }

    /// The owner has not renewed the lease since the last look. If the database was locked in the
    /// meantime, or this process was stopped, the owner may have had no chance to renew it.
    pub(crate) fn still_for(&mut self, since_last_look: Duration) {
        self.still += since_last_look.min(2 * self.pause());
    }
}

/// A lease that an owner holds.
#[derive(Debug)]
pub(crate) struct HeldLease<'a> {
    owner: &'a str,
    /// When it expires.
    until: i64,
    /// How long it lasts.
    length: i64,
    beat: i64,
}

impl<'a> HeldLease<'a> {
    pub(crate) fn new(owner: &'a str, until: Option<i64>, length: Option<i64>, beat: i64) -> Self {
        Self {
            owner,
            until: until.unwrap_or(0),
            length: length.unwrap_or(OLD_LEASE),
            beat,
        }
    }

    /// Whether another owner may take it over: its owner is known to be dead, or it has expired.
    pub(crate) fn availability(
        &self,
        run: &str,
        now: i64,
        clock: LeaseClock,
        observed: Option<&LeaseObservation>,
    ) -> StorageResult<Availability<()>> {
        let Self {
            owner,
            until,
            length,
            beat,
        } = *self;
        if owner::is_dead(owner) {
            return Ok(Availability::Free(()));
        }
        let alive = |until| {
            let (run, owner, until) = (run.to_owned(), owner.to_owned(), millis::to_time(until));
            Err(StorageError::Alive { run, owner, until })
        };
        if clock == LeaseClock::Server {
            return if until > now {
                alive(until)
            } else {
                Ok(Availability::Free(()))
            };
        }
        match observed {
            Some(seen) if seen.owner != owner || seen.beat != beat => {
                alive(now.saturating_add(length))
            }
            Some(seen) if seen.still >= seen.lease => Ok(Availability::Free(())),
            Some(seen) => Ok(Availability::Watch(seen.clone())),
            // The owner looks alive. That can be wrong for the length of one lease. That an owner
            // looks dead can be wrong forever.
            None if until > now && until.saturating_sub(now) <= length => alive(until),
            None if length <= 0 => Ok(Availability::Free(())),
            None => Ok(Availability::Watch(LeaseObservation {
                owner: owner.to_owned(),
                beat,
                lease: Duration::from_millis(length.unsigned_abs()),
                still: Duration::ZERO,
            })),
        }
    }
}

/// What is stored of a wait.
pub(crate) struct KnownWait {
    /// The step in which the run reached it, or a negative number.
    step: i64,
    value: Option<String>,
    pub(crate) expired: bool,
}

impl KnownWait {
    pub(crate) fn read<E>(mut row: Row) -> Result<Self, OpError<E>> {
        Ok(Self {
            step: row.int(0)?,
            value: row.maybe_text(1)?,
            expired: row.int(2)? != 0,
        })
    }
}

/// Whether a run is available to another owner.
pub(crate) enum Availability<T> {
    /// The lease was free, and the operation returned this.
    Free(T),
    /// Only another look at the lease can show whether its owner is alive.
    Watch(LeaseObservation),
}

/// What happens to the lease and the status when a known run starts again.
pub(crate) enum Takeover {
    /// The lease is not taken.
    None,
    /// The lease is taken, and the run has this status.
    As(Status),
    Watch(LeaseObservation),
}

impl RunHead {
    /// The caller must hold the lease. An expired lease still counts as long as no other owner has
    /// taken it over.
    pub(crate) fn fence(&self, run: &str, owner: &str) -> StorageResult<()> {
        if self.owner.as_deref() == Some(owner) {
            return Ok(());
        }
        if self.status == Status::Cancelled {
            return Err(StorageError::Cancelled {
                run: run.to_owned(),
            });
        }
        let (run, owner) = (run.to_owned(), owner.to_owned());
        Err(StorageError::LeaseLost {
            run,
            owner,
            holder: self.owner.clone(),
        })
    }

    pub(crate) fn is_outermost(&self) -> bool {
        self.root.is_none()
    }

    /// The run must not be an inner run.
    pub(crate) fn outermost(&self, run: &str) -> StorageResult<()> {
        match &self.root {
            None => Ok(()),
            Some(root) => Err(StorageError::InnerRun {
                run: run.to_owned(),
                outermost: root.clone(),
            }),
        }
    }

    /// Whether an inner run that begins again is running from then on: it had failed, its wait has
    /// been filled, or it waits for an attempt, which may be due.
    pub(crate) fn starts_again(&self) -> bool {
        match self.status {
            Status::Failed | Status::Stuck | Status::Cancelled => true,
            Status::Waiting => self.filled || self.visit.is_none(),
            Status::Running | Status::Finished => false,
        }
    }

    /// No owner except `caller` may hold a lease that has not expired.
    pub(crate) fn idle(
        &self,
        run: &str,
        caller: Option<&str>,
        clock: LeaseClock,
        observed: Option<&LeaseObservation>,
    ) -> StorageResult<Availability<()>> {
        let Some(owner) = self.owner.as_deref().filter(|owner| caller != Some(owner)) else {
            return Ok(Availability::Free(()));
        };
        let held = HeldLease::new(owner, self.lease_until, self.lease, self.beat);
        held.availability(run, self.now, clock, observed)
    }

    pub(crate) fn is_owned(&self) -> bool {
        self.owner.is_some()
    }

    pub(crate) fn takeover(
        &self,
        run: &str,
        owner: &str,
        clock: LeaseClock,
        observed: Option<&LeaseObservation>,
    ) -> StorageResult<Takeover> {
        match self.status {
            Status::Finished => return Ok(Takeover::None),
            Status::Stuck => {
                let why = self.message.clone().unwrap_or_default();
                return Err(StorageError::Stuck {
                    run: run.to_owned(),
                    why,
                });
            }
            Status::Cancelled => {
                return Err(StorageError::Cancelled {
                    run: run.to_owned(),
                });
            }
            Status::Running | Status::Waiting | Status::Failed => {}
        }
        if let Availability::Watch(seen) = self.idle(run, Some(owner), clock, observed)? {
            return Ok(Takeover::Watch(seen));
        }
        // A waiting run can be filled while a driver holds its lease, and it still waits if that
        // driver dies. One that waits for inner runs, or for an attempt, waits again if it has to.
        let waits = self.status == Status::Waiting && !self.filled && self.waits_for.is_some();
        Ok(Takeover::As(if waits {
            Status::Waiting
        } else {
            Status::Running
        }))
    }

    /// How many owners in a row have died at this step with this progress in it, including the owner
    /// from which `owner` takes over.
    pub(crate) fn crashes(&self, owner: &str, progress: &str) -> (i64, String) {
        let mark = format!("{}/{progress}", self.step);
        let before = if self.crash_mark.as_deref() == Some(&mark) {
            self.crashes
        } else {
            0
        };
        let died =
            self.status == Status::Running && self.owner.as_deref().is_some_and(|was| was != owner);
        (before + i64::from(died), mark)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    /// The version of what the next change of the run stores.
    pub(crate) fn next_version(&self) -> i64 {
        self.beat + 1
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

    /// The step must come after the last stored one.
    pub(crate) fn before(&self, run: &str, step: u64) -> StorageResult<()> {
        if number("step", step)? > self.step {
            return Ok(());
        }
        Err(StorageError::Behind {
            run: run.to_owned(),
            step,
            stored: self.step.unsigned_abs(),
        })
    }

    /// The open wait, filled or not.
    pub(crate) fn open(&self) -> Option<(&str, i64)> {
        Some((self.waits_for.as_deref()?, self.visit?))
    }

    /// The visit that a value is for if the caller names only the field: that of the open wait.
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

    /// Whether the wait with this name may be filled. `known` is what is stored of it.
    pub(crate) fn named(
        &self,
        run: &str,
        (field, visit): (&str, i64),
        known: Option<KnownWait>,
    ) -> StorageResult<()> {
        match known {
            Some(known) if known.expired || (0..=self.step).contains(&known.step) => {
                let open = self.open().filter(|open| *open != (field, visit));
                Err(StorageError::WaitClosed {
                    run: run.to_owned(),
                    wait: wait_name(field, visit),
                    open: open.map(|(field, visit)| wait_name(field, visit)),
                    expired: known.expired,
                })
            }
            _ if matches!(self.status, Status::Finished | Status::Cancelled) => {
                Err(self.not_waiting(run, field))
            }
            Some(KnownWait { value: Some(_), .. }) => Err(StorageError::AlreadyFilled {
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
}

pub(crate) fn unknown(run: &str) -> StorageError {
    StorageError::UnknownRun {
        run: run.to_owned(),
    }
}
