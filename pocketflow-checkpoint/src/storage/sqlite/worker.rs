//! The thread that owns the connection, and its group commit.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use rusqlite::{Connection, Error};
use tokio::sync::oneshot;

use super::open::Open;
use super::transaction::{self, SqliteResult};
use super::{SqliteOptions, Target, open, place};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::operation::Operation;

/// How many operations share a transaction at most, so that the first of many does not wait for all
/// of them.
const GROUP: usize = 512;

/// A handle of the thread. The thread ends when the last handle is dropped, which waits for the
/// operations that were sent.
#[derive(Clone)]
pub(super) struct Worker(Arc<Channel>);

struct Channel {
    path: PathBuf,
    options: SqliteOptions,
    /// Always `Some` until it is dropped.
    queue: Option<mpsc::Sender<Message>>,
    /// Disconnected when the thread ends.
    ended: Mutex<mpsc::Receiver<()>>,
}

/// How long a process that ends waits for the release of a lease: another process may have locked
/// the file.
const LAST_WAIT: Duration = Duration::from_secs(5);

impl Drop for Channel {
    fn drop(&mut self) {
        self.queue = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(LAST_WAIT);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().fmt(f)
    }
}

enum Message {
    Job(Job),
    Close(oneshot::Sender<()>),
}

struct Job {
    writes: bool,
    request: Box<dyn Perform>,
}

impl Message {
    fn request<O: Operation>(
        operation: O,
        reply: oneshot::Sender<StorageResult<O::Output>>,
    ) -> Self {
        Message::Job(Job {
            writes: O::WRITES,
            request: Box::new(Request {
                operation,
                outcome: None,
                reply,
            }),
        })
    }
}

/// A request of any operation. It may be performed more than once, each time in another
/// transaction, of which only the last is committed.
trait Perform: Send {
    /// Performs the operation, and returns whether it succeeded. If it did not, the worker rolls
    /// back what it wrote.
    fn perform(&mut self, db: &mut Connection) -> bool;

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

impl Worker {
    pub(super) async fn start(path: PathBuf, options: SqliteOptions) -> StorageResult<Worker> {
        let (queue, messages) = mpsc::channel();
        let (opened, open) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let channel = Channel {
            path: path.clone(),
            options: options.clone(),
            queue: Some(queue),
            ended: Mutex::new(ended),
        };
        let worker = Worker(Arc::new(channel));
        let place = place(&path);
        let closed = StorageError::Closed {
            place: place.clone(),
        };
        std::thread::Builder::new()
            .name("pocketflow-runs".to_owned())
            .spawn(move || {
                let _end: mpsc::Sender<()> = end;
                match open::open(&Target { path, options }) {
                    Ok(open) => {
                        if opened.send(Ok(())).is_ok() {
                            work(open, &place, &messages);
                        }
                    }
                    Err(error) => drop(opened.send(Err(error))),
                }
            })
            .map_err(|source| StorageError::Unreachable {
                place: worker.place(),
                source: source.into(),
            })?;
        open.await.unwrap_or(Err(closed))?;
        Ok(worker)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    pub(super) fn options(&self) -> &SqliteOptions {
        &self.0.options
    }

    fn place(&self) -> String {
        place(self.path())
    }

    /// Whether the thread is still running.
    fn enqueue(&self, message: Message) -> bool {
        self.0
            .queue
            .as_ref()
            .is_some_and(|queue| queue.send(message).is_ok())
    }

    /// Sends an operation without waiting for it.
    pub(super) fn send<O: Operation>(&self, operation: O) {
        let (reply, _) = oneshot::channel();
        self.enqueue(Message::request(operation, reply));
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.enqueue(Message::Close(reply)) {
            let _ = closed.await;
        }
    }

    /// Sends an operation, and waits for its outcome.
    pub(super) fn run<O: Operation>(
        &self,
        operation: O,
    ) -> impl Future<Output = StorageResult<O::Output>> + Send + use<O> {
        let worker = self.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            let closed = || StorageError::Closed {
                place: worker.place(),
            };
            if !worker.enqueue(Message::request(operation, reply)) {
                return Err(closed());
            }
            answer.await.unwrap_or_else(|_| Err(closed()))
        }
    }
}

fn work(mut open: Open, place: &str, messages: &mpsc::Receiver<Message>) {
    while let Ok(first) = messages.recv() {
        let mut group = Vec::new();
        let mut close = None;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => group.push(job),
                Message::Close(reply) => close = Some(reply),
            }
            next = if close.is_some() || group.len() == GROUP {
                None
            } else {
                messages.try_recv().ok()
            };
        }
        perform(&mut open, place, group);
        if let Some(reply) = close {
            drop(open);
            let _ = reply.send(());
            return;
        }
    }
}

/// Runs the group in one transaction. If that cannot be committed, runs each operation in its own
/// transaction, so that only operations that are too large for the disk fail.
fn perform(open: &mut Open, place: &str, mut group: Vec<Job>) {
    let failure = match transact(&mut open.db, &mut group) {
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

fn transact(db: &mut Connection, group: &mut [Job]) -> Result<(), TransactError> {
    let writes = group.iter().any(|job| job.writes);
    db.execute_batch(if writes { "BEGIN IMMEDIATE" } else { "BEGIN" })
        .map_err(TransactError::Begin)?;
    let done = run_all(db, group).and_then(|()| {
        db.execute_batch("COMMIT")
            .map_err(|error| TransactError::RolledBack(Some(error)))
    });
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
        db.execute_batch("SAVEPOINT one").map_err(lost)?;
        let succeeded = job.request.perform(db);
        if db.is_autocommit() {
            // After some errors (no room, no memory, no disk), SQLite rolls the whole transaction
            // back.
            return Err(TransactError::RolledBack(None));
        }
        let end = if succeeded {
            "RELEASE one"
        } else {
            "ROLLBACK TO one; RELEASE one"
        };
        db.execute_batch(end).map_err(lost)?;
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
