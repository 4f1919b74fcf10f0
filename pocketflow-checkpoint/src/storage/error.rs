//! What can go wrong with a storage.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::data::Status;

/// What an operation returns.
pub type StorageResult<T> = Result<T, StorageError>;

/// The error of a database engine.
pub type Cause = Box<dyn Error + Send + Sync + 'static>;

/// Why an operation of a [`Storage`](crate::Storage) failed. Unless a variant says otherwise,
/// nothing was written.
///
/// `place` is the file of an SQLite database, or the address of a PostgreSQL server without user
/// and password. `doing` is what was under way, with the run: ``store step 3 of run `order-7` ``.
#[derive(Debug)]
#[non_exhaustive]
pub enum StorageError {
    /// Somebody else holds the run's lease.
    Alive {
        /// The run.
        run: String,
        /// Who holds the lease.
        owner: String,
        /// Until when it holds, unless it is renewed.
        until: SystemTime,
    },
    /// The caller does not hold the run's lease: it ran out and somebody took it over, or it was
    /// released.
    LeaseLost {
        /// The run.
        run: String,
        /// The caller.
        owner: String,
        /// Who holds the lease now.
        holder: Option<String>,
    },
    /// There is no such run.
    UnknownRun {
        /// The run.
        run: String,
    },
    /// The run does not wait for this field, or no longer.
    NotWaiting {
        /// The run.
        run: String,
        /// What became of it.
        status: Status,
        /// The field that was to be filled.
        field: String,
        /// The wait that is open.
        waits_for: Option<String>,
    },
    /// The run's flow has no `await` of this field, so a value for it would be kept for ever.
    NoSuchWait {
        /// The run.
        run: String,
        /// The field that was to be filled.
        field: String,
        /// The fields that the flow waits for.
        fields: Vec<String>,
    },
    /// Somebody has filled this wait already, and the run has not gone on yet.
    AlreadyFilled {
        /// The run.
        run: String,
        /// The wait, such as `approval#2`.
        wait: String,
    },
    /// The run has gone on from this wait.
    WaitClosed {
        /// The run.
        run: String,
        /// The wait, such as `approval#2`.
        wait: String,
        /// The wait that is open.
        open: Option<String>,
    },
    /// Process after process has died in the same step of the run, so it does not begin again by
    /// itself.
    Stuck {
        /// The run.
        run: String,
        /// How often, and where.
        why: String,
    },
    /// The run is not stuck.
    NotStuck {
        /// The run.
        run: String,
        /// What became of it.
        status: Status,
    },
    /// The storage has failed for so long that the lease can no longer be counted on. What was not
    /// stored is lost with this process; the run goes on from its last step when it is begun
    /// again.
    LeaseNotRenewed {
        /// The run.
        run: String,
        /// For how long the storage has failed.
        after: Duration,
        /// How it failed the last time.
        source: Box<StorageError>,
    },
    /// A run with the new id exists.
    Exists {
        /// The run.
        run: String,
    },
    /// The run's history does not have this step, or no longer.
    NoCheckpoint {
        /// The run.
        run: String,
        /// The step.
        step: u64,
    },
    /// The run is further than the step that was to be stored.
    Behind {
        /// The run.
        run: String,
        /// The step that was to be stored.
        step: u64,
        /// The last finished step as it is stored.
        stored: u64,
    },
    /// An id, a field or a number that cannot be stored.
    Invalid {
        /// What it is: `run`, `owner`, `field`, `step`, …
        what: &'static str,
        /// What it says, shortened.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The value that was to be filled is no JSON.
    InvalidJson {
        /// The run.
        run: String,
        /// The field.
        field: String,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// The value that was to be filled does not fit the field, as the run that waits for it in this
    /// process knows. It was not filled.
    WrongValue {
        /// The run.
        run: String,
        /// The field.
        field: String,
        /// The value, as JSON.
        value: String,
        /// Why it does not fit.
        source: serde_json::Error,
    },
    /// The database was written by a newer version of this crate. It is left alone.
    Newer {
        /// The database.
        place: String,
        /// The version of its schema.
        found: i64,
        /// The newest version of the schema that this crate knows.
        known: i64,
    },
    /// What is there is no database of runs. It is left alone.
    Foreign {
        /// The database.
        place: String,
        /// What it is instead.
        why: String,
    },
    /// There is no such file.
    Missing {
        /// The file.
        place: String,
    },
    /// The database cannot be opened or reached.
    Unreachable {
        /// The database.
        place: String,
        /// Why.
        source: Cause,
    },
    /// The connection to the database was lost. **Whether the operation was done is unknown.** The
    /// next call connects anew, and `commit`, `keep_item`, `renew` and `begin` may simply be
    /// called again.
    Disconnected {
        /// The database.
        place: String,
        /// What was under way.
        doing: String,
        /// How it was lost.
        source: Cause,
    },
    /// The database is damaged.
    Corrupt {
        /// The database.
        place: String,
        /// What was under way.
        doing: String,
        /// What the engine found.
        source: Cause,
    },
    /// The disk is full, or the database is as large as it may become.
    Full {
        /// The database.
        place: String,
        /// What was under way.
        doing: String,
        /// What the engine said.
        source: Cause,
    },
    /// The database may only be read.
    ReadOnly {
        /// The database.
        place: String,
        /// What was under way.
        doing: String,
        /// What the engine said, if it was asked.
        source: Option<Cause>,
    },
    /// Another process has held the database's lock for too long.
    Busy {
        /// The database.
        place: String,
        /// What was under way.
        doing: String,
        /// What the engine said.
        source: Cause,
    },
    /// The file, or its write-ahead log, was deleted or replaced while it was open. What was
    /// acknowledged before may be gone too.
    Gone {
        /// The database.
        place: String,
        /// Which file.
        file: String,
    },
    /// The file cannot be copied to where the backup should be.
    Backup {
        /// The backup.
        place: String,
        /// Why.
        source: Cause,
    },
    /// The storage was closed.
    Closed {
        /// The database.
        place: String,
    },
    /// Another error of the database engine.
    Engine {
        /// The database.
        place: String,
        /// What was under way.
        doing: String,
        /// What the engine said.
        source: Cause,
    },
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alive { run, owner, until } => {
                let left = until.duration_since(SystemTime::now()).unwrap_or_default();
                write!(
                    f,
                    "run `{run}` is being driven by `{owner}`: wait until it is done, or, if that process died, for the {} s \
                     until its lease runs out",
                    left.as_secs().saturating_add(1),
                )
            }
            Self::LeaseLost {
                run,
                owner,
                holder: Some(holder),
            } => write!(
                f,
                "`{owner}` no longer holds the lease of run `{run}`, `{holder}` does: stop here, or choose a longer lease"
            ),
            Self::LeaseLost {
                run,
                owner,
                holder: None,
            } => {
                write!(
                    f,
                    "`{owner}` no longer holds the lease of run `{run}`: begin the run again"
                )
            }
            Self::UnknownRun { run } => write!(f, "there is no run `{run}`"),
            Self::NotWaiting {
                run,
                status,
                field,
                waits_for,
            } => {
                write!(f, "run `{run}` does not wait for `{field}`: ")?;
                match waits_for {
                    Some(other) if *status == Status::Waiting => {
                        write!(f, "it waits for `{other}`")
                    }
                    _ if *status == Status::Finished => write!(f, "it is finished"),
                    _ => write!(
                        f,
                        "it is {status}; a value that comes before the run waits names its wait, such as `{field}#1`"
                    ),
                }
            }
            Self::NoSuchWait { run, field, fields } => {
                write!(f, "the flow of run `{run}` has no `await({field})`: ")?;
                match fields.split_first() {
                    None => write!(f, "it waits for nothing"),
                    Some((first, more)) => {
                        write!(f, "it waits for `{first}`")?;
                        more.iter().try_for_each(|field| write!(f, ", `{field}`"))
                    }
                }
            }
            Self::AlreadyFilled { run, wait } => write!(
                f,
                "`{wait}` of run `{run}` has been filled already, and the run goes on with that value when it is begun again"
            ),
            Self::WaitClosed { run, wait, open } => {
                write!(
                    f,
                    "`{wait}` of run `{run}` is closed: the run has gone on from it"
                )?;
                match open {
                    Some(open) => {
                        write!(f, "; it waits for `{open}` now: look at it, and fill that")
                    }
                    None => Ok(()),
                }
            }
            Self::Stuck { run, why } => write!(
                f,
                "run `{run}` is stuck: {why}; find out why, and then let it begin again with `Checkpoints::retry` or \
                 `pocketflow-runs retry {run}`"
            ),
            Self::NotStuck { run, status } => {
                write!(
                    f,
                    "run `{run}` is not stuck, but {status}: it needs no retry"
                )
            }
            Self::LeaseNotRenewed { run, after, .. } => write!(
                f,
                "the lease of run `{run}` cannot be held: the storage has failed for {} s; begin the run again when it works",
                after.as_secs()
            ),
            Self::Exists { run } => {
                write!(
                    f,
                    "a run `{run}` exists: choose another id, or remove that run first"
                )
            }
            Self::NoCheckpoint { run, step } => write!(
                f,
                "the history of run `{run}` has no step {step}: it never was, or it is not kept any more; choose one that \
                 the history lists"
            ),
            Self::Behind { run, step, stored } => write!(
                f,
                "step {step} of run `{run}` cannot be stored, for step {stored} has been: begin the run again"
            ),
            Self::Invalid { what, value, why } => write!(f, "`{value}` cannot be a {what}: {why}"),
            Self::InvalidJson { run, field, .. } => {
                write!(
                    f,
                    "the value for `{field}` of run `{run}` is no JSON: a text needs quotation marks"
                )
            }
            Self::WrongValue {
                run, field, value, ..
            } => {
                write!(
                    f,
                    "{value} does not fit the field `{field}` of run `{run}`, which still waits for it"
                )
            }
            Self::Newer {
                place,
                found,
                known,
            } => write!(
                f,
                "{place} was written by a newer pocketflow-checkpoint (schema {found}, and this program knows {known}): update \
                 this program; the database was left as it is"
            ),
            Self::Foreign { place, why } => {
                write!(
                    f,
                    "{place} is no database of runs, but {why}: choose another; it was left as it is"
                )
            }
            Self::Missing { place } => write!(f, "there is no file {place}"),
            Self::Unreachable { place, .. } => write!(f, "{place} cannot be opened"),
            Self::Disconnected { place, doing, .. } => write!(
                f,
                "the connection to {place} was lost, and it is unknown whether it could {doing}: call again, it connects anew"
            ),
            Self::Corrupt { place, doing, .. } => write!(
                f,
                "{place} is damaged, could not {doing}: stop, copy the database, and restore it from a backup or with \
                 `sqlite3 FILE .recover`"
            ),
            Self::Full { place, doing, .. } => write!(
                f,
                "there is no room left for {place}, could not {doing}: make room and begin the run again; what was stored \
                 before is safe"
            ),
            Self::ReadOnly { place, doing, .. } => write!(
                f,
                "{place} may only be read, could not {doing}: both the file and its folder must be writable for this user"
            ),
            Self::Busy { place, doing, .. } => {
                write!(
                    f,
                    "{place} is locked by another process, could not {doing}: try again"
                )
            }
            Self::Gone { place, file } => write!(
                f,
                "{file} was deleted or replaced while {place} was open: stop all programs that use it, restore it from a backup \
                 (`pocketflow-runs backup` makes one) without the old `-wal` and `-shm` beside it, and begin the runs again"
            ),
            Self::Backup { place, .. } => write!(f, "cannot back up to {place}"),
            Self::Closed { place } => write!(f, "{place} has been closed: open it again"),
            Self::Engine { place, doing, .. } => write!(f, "{place} failed, could not {doing}"),
        }
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InvalidJson { source, .. } | Self::WrongValue { source, .. } => Some(source),
            Self::LeaseNotRenewed { source, .. } => Some(source),
            Self::Unreachable { source, .. }
            | Self::Disconnected { source, .. }
            | Self::Corrupt { source, .. }
            | Self::Full { source, .. }
            | Self::Busy { source, .. }
            | Self::Backup { source, .. }
            | Self::Engine { source, .. } => Some(&**source),
            Self::ReadOnly { source, .. } => source
                .as_ref()
                .map(|source| &**source as &(dyn Error + 'static)),
            _ => None,
        }
    }
}

impl StorageError {
    /// Whether the same call may succeed when it is made again.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Disconnected { .. } | Self::Unreachable { .. }
        )
    }
}
