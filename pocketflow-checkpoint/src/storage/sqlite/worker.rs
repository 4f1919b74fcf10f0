//! The thread that owns the connection, and its group commit.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use rusqlite::{Connection, Error};
use tokio::sync::oneshot;

use super::open::Open;
use super::ops::Ran;
use super::{SqliteOptions, Target, open, place};
use crate::error::StorageError;
use crate::storage::StorageResult;
use crate::storage::rules::Fault;

/// How many operations share a transaction at most, so that the first of a crowd does not wait for
/// all of it.
const GROUP: usize = 512;

/// The way to the thread. The thread ends when the last of these is dropped, which waits for what
/// has been asked.
#[derive(Clone)]
pub(super) struct Worker(Arc<Way>);

struct Way {
    path: PathBuf,
    /// Always there until it is dropped.
    queue: Option<mpsc::Sender<Message>>,
    /// Is cut off when the thread ends.
    ended: Mutex<mpsc::Receiver<()>>,
}

/// For how long a process that ends waits until a lease is given back: another process may hold the
/// file's lock.
const LAST_WAIT: Duration = Duration::from_secs(5);

impl Drop for Way {
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
    work: Box<dyn Work>,
}

/// An operation. It may run more than once, each time in another transaction, of which only the
/// last is committed.
trait Work: Send {
    /// Returns whether it succeeded. If it did not, the worker undoes what it wrote.
    fn run(&mut self, db: &Connection) -> bool;

    /// Tells the caller how it went; `failure` is why its transaction could not be committed.
    /// Whether the caller still waits makes no difference.
    fn answer(self: Box<Self>, place: &str, failure: Option<Failure>);
}

/// Why nothing of a transaction counts.
enum Failure {
    Engine(Error),
    /// This file is gone, so what was stored is nowhere.
    Gone(String),
}

struct Ask<T, F> {
    doing: String,
    run: F,
    outcome: Option<Ran<T>>,
    reply: oneshot::Sender<StorageResult<T>>,
}

impl<T: Send, F: FnMut(&Connection) -> Ran<T> + Send> Work for Ask<T, F> {
    fn run(&mut self, db: &Connection) -> bool {
        self.outcome.insert((self.run)(db)).is_ok()
    }

    fn answer(self: Box<Self>, place: &str, failure: Option<Failure>) {
        let answer = match (self.outcome, failure) {
            (_, Some(Failure::Engine(failure))) => Err(open::explain(place, &self.doing, failure)),
            (_, Some(Failure::Gone(file))) => Err(StorageError::Gone {
                place: place.to_owned(),
                file,
            }),
            (Some(Ok(value)), None) => Ok(value),
            (Some(Err(Fault::Rule(error))), None) => Err(error),
            (Some(Err(Fault::Engine(error))), None) => {
                Err(open::explain(place, &self.doing, error))
            }
            (None, None) => return,
        };
        // An error here says that the caller's future was dropped.
        let _ = self.reply.send(answer);
    }
}

impl Worker {
    pub(super) async fn start(path: PathBuf, options: SqliteOptions) -> StorageResult<Worker> {
        let (queue, messages) = mpsc::channel();
        let (opened, open) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let way = Way {
            path: path.clone(),
            queue: Some(queue),
            ended: Mutex::new(ended),
        };
        let worker = Worker(Arc::new(way));
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

    fn place(&self) -> String {
        place(self.path())
    }

    /// Whether the thread is there to get it.
    fn tell(&self, message: Message) -> bool {
        self.0
            .queue
            .as_ref()
            .is_some_and(|queue| queue.send(message).is_ok())
    }

    /// Asks for a change without waiting for it.
    pub(super) fn send<F: FnMut(&Connection) -> Ran<()> + Send + 'static>(
        &self,
        doing: String,
        run: F,
    ) {
        let (reply, _) = oneshot::channel();
        let work = Box::new(Ask {
            doing,
            run,
            outcome: None,
            reply,
        });
        self.tell(Message::Job(Job { writes: true, work }));
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.tell(Message::Close(reply)) {
            let _ = closed.await;
        }
    }

    pub(super) fn write<T: Send + 'static, F: FnMut(&Connection) -> Ran<T> + Send + 'static>(
        &self,
        doing: String,
        run: F,
    ) -> impl Future<Output = StorageResult<T>> + Send + use<T, F> {
        self.ask(true, doing, run)
    }

    pub(super) fn read<T: Send + 'static, F: FnMut(&Connection) -> Ran<T> + Send + 'static>(
        &self,
        doing: String,
        run: F,
    ) -> impl Future<Output = StorageResult<T>> + Send + use<T, F> {
        self.ask(false, doing, run)
    }

    fn ask<T: Send + 'static, F: FnMut(&Connection) -> Ran<T> + Send + 'static>(
        &self,
        writes: bool,
        doing: String,
        run: F,
    ) -> impl Future<Output = StorageResult<T>> + Send + use<T, F> {
        let worker = self.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            let work = Box::new(Ask {
                doing,
                run,
                outcome: None,
                reply,
            });
            let closed = || StorageError::Closed {
                place: worker.place(),
            };
            if !worker.tell(Message::Job(Job { writes, work })) {
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

/// Runs the group in one transaction, or, if that cannot be committed, each of it in its own: then
/// what is too large for the disk fails, and what still fits does not.
fn perform(open: &mut Open, place: &str, mut group: Vec<Job>) {
    let failure = match transact(&open.db, &mut group) {
        Ok(()) => None,
        Err(Stuck::Began(error)) => Some(error),
        Err(Stuck::Lost(error)) if group.len() == 1 => error,
        Err(Stuck::Lost(_)) => {
            for job in group {
                perform(open, place, vec![job]);
            }
            return;
        }
    };
    // What was written to a file that nobody can find any more is not acknowledged.
    let gone = open.files.gone().map(|file| file.display().to_string());
    for job in group {
        let failure = match &gone {
            Some(file) => Some(Failure::Gone(file.clone())),
            None => failure.as_ref().map(|error| Failure::Engine(copy(error))),
        };
        job.work.answer(place, failure);
    }
}

/// Why a transaction was not committed.
enum Stuck {
    /// It could not begin.
    Began(Error),
    /// It was rolled back. Without an error, an operation knows why.
    Lost(Option<Error>),
}

fn transact(db: &Connection, group: &mut [Job]) -> Result<(), Stuck> {
    let writes = group.iter().any(|job| job.writes);
    db.execute_batch(if writes { "BEGIN IMMEDIATE" } else { "BEGIN" })
        .map_err(Stuck::Began)?;
    let done = run_all(db, group).and_then(|()| {
        db.execute_batch("COMMIT")
            .map_err(|error| Stuck::Lost(Some(error)))
    });
    if !db.is_autocommit() {
        // Only after an error; and if this fails too, SQLite has rolled back itself.
        let _ = db.execute_batch("ROLLBACK");
    }
    done
}

fn run_all(db: &Connection, group: &mut [Job]) -> Result<(), Stuck> {
    let lost = |error| Stuck::Lost(Some(error));
    let alone = group.len() == 1;
    for job in group {
        if alone {
            // Without a savepoint, the transaction is what is undone.
            return if job.work.run(db) {
                Ok(())
            } else {
                Err(Stuck::Lost(None))
            };
        }
        db.execute_batch("SAVEPOINT one").map_err(lost)?;
        let succeeded = job.work.run(db);
        if db.is_autocommit() {
            // After some errors (no room, no memory, no disk), SQLite rolls the whole transaction
            // back.
            return Err(Stuck::Lost(None));
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

/// Each of a group needs the error, which is not `Clone`.
fn copy(error: &Error) -> Error {
    match error {
        Error::SqliteFailure(code, message) => Error::SqliteFailure(*code, message.clone()),
        other => Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR),
            Some(other.to_string()),
        ),
    }
}
