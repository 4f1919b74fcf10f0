//! Operations that share a transaction.

use std::time::Duration;

use rusqlite::{Connection, Error};
use tokio::sync::oneshot;

use super::open::{self, Open};
use super::transaction::{self, SqliteResult};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::operation::Operation;

/// An operation with its caller, who waits for the outcome.
pub(super) struct Job {
    writes: bool,
    request: Box<dyn Perform>,
}

impl Job {
    pub(super) fn new<O: Operation>(
        operation: O,
    ) -> (Self, oneshot::Receiver<StorageResult<O::Output>>) {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Request {
            operation,
            outcome: None,
            reply,
        });
        let writes = O::WRITES;
        (Self { writes, request }, answer)
    }

    /// The run whose progress the operation stores.
    pub(super) fn run(&self) -> Option<&str> {
        self.request.run()
    }
}

/// A request of any operation. It may be performed more than once, each time in another
/// transaction, of which only the last is committed.
trait Perform: Send {
    /// Performs the operation, and returns whether it succeeded. If it did not, the worker rolls
    /// back what it wrote.
    fn perform(&mut self, db: &mut Connection) -> bool;

    fn run(&self) -> Option<&str>;

    /// Sends the caller the outcome; `failure` is why the transaction could not be committed. It
    /// makes no difference whether the caller still waits.
    fn answer(self: Box<Self>, place: &str, failure: Option<Failure>);
}

/// Why a whole transaction failed.
enum Failure {
    Engine(Error),
    /// This file was deleted or replaced, so what was stored is lost.
    Gone(String),
}

struct Request<O: Operation> {
    operation: O,
    outcome: Option<SqliteResult<O::Output>>,
    reply: oneshot::Sender<StorageResult<O::Output>>,
}

impl<O: Operation> Perform for Request<O> {
    fn perform(&mut self, db: &mut Connection) -> bool {
        let outcome = transaction::perform(&self.operation, db);
        self.outcome.insert(outcome).is_ok()
    }

    fn run(&self) -> Option<&str> {
        self.operation.run()
    }

    fn answer(self: Box<Self>, place: &str, failure: Option<Failure>) {
        let doing = || self.operation.describe();
        let answer = match (self.outcome, failure) {
            (_, Some(Failure::Engine(failure))) => Err(open::explain(place, &doing(), failure)),
            (_, Some(Failure::Gone(file))) => Err(StorageError::Gone {
                place: place.to_owned(),
                file,
            }),
            (Some(Ok(value)), None) => Ok(value),
            (Some(Err(error)), None) => Err(error.explain(place, &doing(), open::explain)),
            (None, None) => return,
        };
        // An error means that the caller's future was dropped.
        let _ = self.reply.send(answer);
    }
}

/// Runs the group in one transaction. If that cannot be committed, runs each operation in its own
/// transaction, so that only operations that are too large for the disk fail.
pub(super) fn perform(open: &mut Open, place: &str, mut group: Vec<Job>) {
    let writes = group.iter().any(|job| job.writes);
    let begun = begin(&open.db, writes).map_err(TransactError::Begin);
    let done = begun.and_then(|()| transact(&mut open.db, &mut group));
    answer(open, place, group, done);
}

/// [`perform`] for an operation that is alone and writes, unless another process writes at this
/// moment, or the transaction cannot begin for another reason.
pub(super) fn perform_now(open: &mut Open, place: &str, job: Job) -> Result<(), Job> {
    let patience = open.busy_timeout;
    let begun = open.db.busy_timeout(Duration::ZERO);
    let begun = begun.and_then(|()| begin(&open.db, true));
    if open.db.busy_timeout(patience).is_err() | begun.is_err() {
        return Err(job);
    }
    let mut group = vec![job];
    let done = transact(&mut open.db, &mut group);
    answer(open, place, group, done);
    Ok(())
}

fn answer(open: &mut Open, place: &str, group: Vec<Job>, done: Result<(), TransactError>) {
    let failure = match done {
        Ok(()) => None,
        Err(TransactError::Begin(error)) => Some(error),
        Err(TransactError::RolledBack(error)) if group.len() == 1 => error,
        Err(TransactError::RolledBack(_)) => {
            for job in group {
                perform(open, place, vec![job]);
            }
            return;
        }
    };
    // A write to a file that was deleted or replaced is not acknowledged.
    let gone = open.files.gone().map(|file| file.display().to_string());
    for job in group {
        let failure = match &gone {
            Some(file) => Some(Failure::Gone(file.clone())),
            None => failure.as_ref().map(|error| Failure::Engine(copy(error))),
        };
        job.request.answer(place, failure);
    }
}

/// Why a transaction was not committed.
enum TransactError {
    /// It could not begin.
    Begin(Error),
    /// It was rolled back. Without an error, the outcome of an operation has the reason.
    RolledBack(Option<Error>),
}

fn begin(db: &Connection, writes: bool) -> Result<(), Error> {
    run(db, if writes { "BEGIN IMMEDIATE" } else { "BEGIN" })
}

/// Runs a statement that is prepared once.
fn run(db: &Connection, sql: &str) -> Result<(), Error> {
    db.prepare_cached(sql)?.execute(()).map(drop)
}

/// Runs the operations in the transaction that has begun, and ends it.
fn transact(db: &mut Connection, group: &mut [Job]) -> Result<(), TransactError> {
    let lost = |error| TransactError::RolledBack(Some(error));
    let done = run_all(db, group).and_then(|()| run(db, "COMMIT").map_err(lost));
    if !db.is_autocommit() {
        // This happens only after an error. If it fails too, SQLite has already rolled back.
        let _ = db.execute_batch("ROLLBACK");
    }
    done
}

fn run_all(db: &mut Connection, group: &mut [Job]) -> Result<(), TransactError> {
    let lost = |error| TransactError::RolledBack(Some(error));
    let alone = group.len() == 1;
    for job in group {
        if alone {
            // Without a savepoint, the whole transaction is rolled back.
            return if job.request.perform(db) {
                Ok(())
            } else {
                Err(TransactError::RolledBack(None))
            };
        }
        run(db, "SAVEPOINT one").map_err(lost)?;
        let succeeded = job.request.perform(db);
        if db.is_autocommit() {
            // After some errors (no room, no memory, no disk), SQLite rolls the whole transaction
            // back.
            return Err(TransactError::RolledBack(None));
        }
        if !succeeded {
            run(db, "ROLLBACK TO one").map_err(lost)?;
        }
        run(db, "RELEASE one").map_err(lost)?;
    }
    Ok(())
}

/// Each request of a group needs the error, which is not `Clone`.
fn copy(error: &Error) -> Error {
    match error {
        Error::SqliteFailure(code, message) => Error::SqliteFailure(*code, message.clone()),
        other => Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR),
            Some(other.to_string()),
        ),
    }
}
