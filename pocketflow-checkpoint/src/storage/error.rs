//! What can go wrong with a storage.

mod words;

use std::error::Error;
use std::time::{Duration, SystemTime};

use self::words::{closed, instead, instead_of, listed, lost_to, open_now, seconds_until};
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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Another owner holds the run's lease.
    #[error(
        "run `{run}` is being driven by `{owner}`: wait until it is done, or, if that process has died, {} s until its lease expires",
        seconds_until(until)
    )]
    Alive {
        /// The run.
        run: String,
        /// The owner that holds the lease.
        owner: String,
        /// Until when it holds, unless it is renewed.
        until: SystemTime,
    },
    /// The caller does not hold the run's lease: it expired and another owner took the run over, or
    /// it was released.
    #[error("`{owner}` no longer holds the lease of run `{run}`{}", lost_to(holder.as_deref()))]
    LeaseLost {
        /// The run.
        run: String,
        /// The caller.
        owner: String,
        /// The owner that holds the lease now.
        holder: Option<String>,
    },
    /// There is no such run.
    #[error("there is no run `{run}`")]
    UnknownRun {
        /// The run.
        run: String,
    },
    /// The run does not wait for this field, or does not any more.
    #[error("run `{run}` does not wait for `{field}`: {}", instead(*status, field, waits_for.as_deref()))]
    NotWaiting {
        /// The run.
        run: String,
        /// The status of the run.
        status: Status,
        /// The field that was to be filled.
        field: String,
        /// The wait that is open.
        waits_for: Option<String>,
    },
    /// The run's flow has no `await` of this field, so a value for it would never be used.
    #[error(
        "the flow of run `{run}` has no `await({field})`: it waits for {}",
        listed(fields)
    )]
    NoSuchWait {
        /// The run.
        run: String,
        /// The field that was to be filled.
        field: String,
        /// The fields that the flow waits for.
        fields: Vec<String>,
    },
    /// This wait has been filled already, and the run has not resumed yet.
    #[error(
        "`{wait}` of run `{run}` has been filled already, and the run uses that value when it resumes"
    )]
    AlreadyFilled {
        /// The run.
        run: String,
        /// The wait, such as `approval#2`.
        wait: String,
    },
    /// The run has continued after this wait, or the wait has expired.
    #[error("`{wait}` of run `{run}` is closed: {}{}", closed(*expired), open_now(open.as_deref()))]
    WaitClosed {
        /// The run.
        run: String,
        /// The wait, such as `approval#2`.
        wait: String,
        /// The wait that is open.
        open: Option<String>,
        /// Whether its deadline passed before it was filled.
        expired: bool,
    },
    /// Several processes in a row have died in the same step of the run, so it does not start again
    /// by itself.
    #[error(
        "run `{run}` is stuck: {why}; find out why, and then let it start again with `Checkpoints::retry` or `pocketflow runs retry {run}`"
    )]
    Stuck {
        /// The run.
        run: String,
        /// How often, and where.
        why: String,
    },
    /// The run was cancelled: its owner stops, and no owner may start it.
    #[error(
        "run `{run}` was cancelled: to let it start again, use `Checkpoints::retry` or `pocketflow runs retry {run}`"
    )]
    Cancelled {
        /// The run.
        run: String,
    },
    /// This is not possible for a run with this status.
    #[error("run `{run}` cannot be {done}: it is {status}{}", instead_of(done, *status))]
    WrongStatus {
        /// The run.
        run: String,
        /// What was to be done: `cancelled`, `retried`, `edited`, `pruned`.
        done: &'static str,
        /// The status of the run.
        status: Status,
    },
    /// No owner holds the run's lease, so there is none to release.
    #[error("no process holds the lease of run `{run}`: it can start at once")]
    NoLease {
        /// The run.
        run: String,
    },
    /// The state of the run has no such field.
    #[error(
        "the state of run `{run}` has no field `{field}`: it has {}",
        listed(fields)
    )]
    NoSuchField {
        /// The run.
        run: String,
        /// The field that was to be changed.
        field: String,
        /// The fields of the state.
        fields: Vec<String>,
    },
    /// The storage has failed for so long that the lease is no longer certain. What was not stored
    /// is lost with this process. When the run is started again, it resumes after its last stored
    /// step.
    #[error("the lease of run `{run}` cannot be held: the storage has failed for {} s; begin the run again when it works", after.as_secs())]
    LeaseNotRenewed {
        /// The run.
        run: String,
        /// For how long the storage has failed.
        after: Duration,
        /// How it failed the last time.
        source: Box<StorageError>,
    },
    /// The run is an inner run. It has no lease, and no end, without the outermost run.
    #[error("run `{run}` is a part of run `{outermost}`: do this with `{outermost}`")]
    InnerRun {
        /// The run.
        run: String,
        /// The outermost run.
        outermost: String,
    },
    /// A run with the new id exists.
    #[error("a run `{run}` exists: choose another id, or remove that run first")]
    Exists {
        /// The run.
        run: String,
    },
    /// The run's history does not have this step, or does not have it any more.
    #[error(
        "the history of run `{run}` has no step {step}: the step was never stored, or is not kept any more; choose one that the history lists"
    )]
    NoCheckpoint {
        /// The run.
        run: String,
        /// The step.
        step: u64,
    },
    /// A later step of the run is stored already.
    #[error(
        "step {step} of run `{run}` cannot be stored, because step {stored} is stored already: begin the run again"
    )]
    Behind {
        /// The run.
        run: String,
        /// The step that was to be stored.
        step: u64,
        /// The last finished step as it is stored.
        stored: u64,
    },
    /// An id, a field or a number that cannot be stored.
    #[error("`{value}` cannot be a {what}: {why}")]
    Invalid {
        /// What it is: `run`, `owner`, `field`, `step`, …
        what: &'static str,
        /// The value, shortened.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The value to fill in is not JSON.
    #[error("the value for `{field}` of run `{run}` is not JSON: a text needs quotation marks")]
    InvalidJson {
        /// The run.
        run: String,
        /// The field.
        field: String,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// A state is not an object with the fields of a store: the new one, or the stored one of which
    /// only some fields should change.
    #[error("the state of run `{run}` is not a JSON object with the fields of its store")]
    InvalidState {
        /// The run.
        run: String,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// The value does not fit the field, according to the run that waits for it in this process. The
    /// wait was not filled. Neither the message nor the source contains the value, which may be
    /// confidential.
    #[error("the value does not fit the field `{field}` of run `{run}`, which still waits for it")]
    WrongValue {
        /// The run.
        run: String,
        /// The field.
        field: String,
        /// Why it does not fit.
        source: serde_json::Error,
    },
    /// The database was written by a newer version of this crate. It is left unchanged.
    #[error(
        "{place} was written by a newer pocketflow-checkpoint (schema {found}, and this program knows {known}): update this program; the database was left as it is"
    )]
    Newer {
        /// The database.
        place: String,
        /// The version of its schema.
        found: i64,
        /// The newest version of the schema that this crate knows.
        known: i64,
    },
    /// The database was written by an older version of this crate, and was opened only to be read. It
    /// is left unchanged.
    #[error(
        "{place} was written by an older pocketflow-checkpoint (schema {found}, and this program knows {known}), and reading does not upgrade it: open it to write, as a program that runs its flows does, or `pocketflow runs vacuum`"
    )]
    Older {
        /// The database.
        place: String,
        /// The version of its schema.
        found: i64,
        /// The newest version of the schema that this crate knows.
        known: i64,
    },
    /// This is not a database of runs. It is left unchanged.
    #[error("{place} is not a database of runs, but {why}: choose another; it was left as it is")]
    Foreign {
        /// The database.
        place: String,
        /// What it is instead.
        why: String,
    },
    /// There is no such file.
    #[error("there is no file {place}")]
    Missing {
        /// The file.
        place: String,
    },
    /// The database cannot be opened or reached.
    #[error("{place} cannot be opened")]
    Unreachable {
        /// The database.
        place: String,
        /// Why.
        source: Cause,
    },
    /// The connection to the database was lost. **It is unknown whether the operation took
    /// effect.** The next call reconnects, and `commit`, `keep_item`, `renew` and `begin` may simply
    /// be called again.
    #[error(
        "the connection to {place} was lost, and it is unknown whether it could {doing}: call again, which opens a new connection"
    )]
    Disconnected {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// How it was lost.
        source: Cause,
    },
    /// The database is damaged.
    #[error(
        "{place} is damaged, could not {doing}: stop, copy the database, and restore it from a backup or with `sqlite3 FILE .recover`"
    )]
    Corrupt {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// What the engine found.
        source: Cause,
    },
    /// The disk is full, or the database has reached its maximum size.
    #[error(
        "there is no room left for {place}, could not {doing}: make room and begin the run again; what was stored before is safe"
    )]
    Full {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// What the engine said.
        source: Cause,
    },
    /// The database is read-only.
    #[error(
        "{place} is read-only, could not {doing}: this user must be able to write the file and its folder"
    )]
    ReadOnly {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// What the engine said, if it reported the error.
        source: Option<Cause>,
    },
    /// The user of the database does not have the right to do this.
    #[error("{place} does not let this user {doing}: {remedy}")]
    Forbidden {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// Who has to run what.
        remedy: String,
        /// What the engine said, if it reported the error.
        source: Option<Cause>,
    },
    /// Another process has held the database's lock for too long.
    #[error("{place} is locked by another process, could not {doing}: try again")]
    Busy {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// What the engine said.
        source: Cause,
    },
    /// The file, or its write-ahead log, was deleted or replaced while it was open. What was
    /// acknowledged before may be gone too.
    #[error(
        "{file} was deleted or replaced while {place} was open: stop all programs that use it, restore it from a backup (`pocketflow runs backup` makes one) without the old `-wal` and `-shm` beside it, and begin the runs again"
    )]
    Gone {
        /// The database.
        place: String,
        /// Which file.
        file: String,
    },
    /// The file cannot be copied to where the backup should be.
    #[error("cannot back up to {place}")]
    Backup {
        /// The backup.
        place: String,
        /// Why.
        source: Cause,
    },
    /// The storage was closed.
    #[error("{place} has been closed: open it again")]
    Closed {
        /// The database.
        place: String,
    },
    /// Another error of the database engine.
    #[error("{place} failed, could not {doing}")]
    Engine {
        /// The database.
        place: String,
        /// The operation in progress.
        doing: String,
        /// What the engine said.
        source: Cause,
    },
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
