//! The connection, and the thread that works off the queue of operations.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;

use super::blocking::Blocking;
use super::files::Files;
use super::group::{self, Job};
use super::open::Open;
use super::reader::Reader;
use super::{SqliteOptions, Target, open, place};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::operation::Operation;

/// How many operations share a transaction at most, so that the first of many does not wait for all
/// of them.
const GROUP: usize = 512;

/// A handle of the connection and its thread. The thread ends when the last handle is dropped, which
/// waits for the operations that were sent.
#[derive(Clone)]
pub(super) struct Worker(Arc<Channel>);

struct Channel {
    path: PathBuf,
    options: SqliteOptions,
    desk: Arc<Desk>,
    blocking: Blocking,
    reader: Reader,
    /// Always `Some` until it is dropped.
    queue: Option<mpsc::Sender<Message>>,
    /// Disconnected when the thread ends.
    ended: Mutex<mpsc::Receiver<()>>,
}

/// The connection, which the thread and a caller that is alone use in turn.
#[derive(Default)]
struct Desk {
    connection: Mutex<Shared>,
    /// How many operations are in the queue, or in progress in the thread.
    queued: AtomicUsize,
    /// How many of them nobody waits for. What is read afterwards must show what they do.
    unattended: AtomicUsize,
    /// The files that are open.
    files: OnceLock<Files>,
}

#[derive(Default)]
struct Shared {
    /// `None` before the file is open, and after it is closed.
    open: Option<Open>,
    /// The run of the last operations, if they were of one run.
    last: String,
}

/// How long a process that ends waits for the release of a lease: another process may have locked
/// the file.
const LAST_WAIT: Duration = Duration::from_secs(5);

impl Drop for Channel {
    fn drop(&mut self) {
        self.reader.end();
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
    /// Nobody waits for its outcome.
    Unattended(Job),
    Close(oneshot::Sender<()>),
}

impl Shared {
    fn work(&mut self, place: &str, group: Vec<Job>) {
        let mut runs = group.iter().filter_map(Job::run);
        if let Some(first) = runs.next() {
            if runs.any(|run| run != first) {
                self.last.clear();
            } else if self.last != first {
                self.last = first.to_owned();
            }
        }
        // Without a file, dropping the operations tells their callers that it is closed.
        if let Some(open) = &mut self.open {
            group::perform(open, place, group);
        }
    }
}

impl Worker {
    pub(super) async fn start(path: PathBuf, options: SqliteOptions) -> StorageResult<Worker> {
        let (queue, messages) = mpsc::channel();
        let (opened, open) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let desk = Arc::<Desk>::default();
        let channel = Channel {
            path: path.clone(),
            options: options.clone(),
            desk: desk.clone(),
            blocking: Blocking::default(),
            reader: Reader::default(),
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
                        let _ = desk.files.set(open.files.clone());
                        if let Ok(mut shared) = desk.connection.lock() {
                            shared.open = Some(open);
                        }
                        if opened.send(Ok(())).is_ok() {
                            work(&desk, &place, &messages);
                        }
                        if let Ok(mut shared) = desk.connection.lock() {
                            shared.open = None;
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
        let Some(queue) = &self.0.queue else {
            return false;
        };
        if let Message::Job(_) | Message::Unattended(_) = message {
            self.0.desk.queued.fetch_add(1, SeqCst);
        }
        queue.send(message).is_ok()
    }

    /// Sends an operation without waiting for it.
    pub(super) fn send<O: Operation>(&self, operation: O) {
        let (job, _) = Job::new(operation);
        self.0.desk.unattended.fetch_add(1, SeqCst);
        self.enqueue(Message::Unattended(job));
    }

    pub(super) async fn close(&self) {
        self.0.reader.close().await;
        let (reply, closed) = oneshot::channel();
        if self.enqueue(Message::Close(reply)) {
            let _ = closed.await;
        }
    }

    /// Performs an operation, and returns its outcome.
    pub(super) fn run<O: Operation>(
        &self,
        operation: O,
    ) -> impl Future<Output = StorageResult<O::Output>> + Send + use<O> {
        let worker = self.clone();
        async move {
            let closed = || StorageError::Closed {
                place: worker.place(),
            };
            let (mut job, answer) = Job::new(operation);
            if O::ALONE
                && worker.is_alone(&job)
                && let Some(permit) = worker.0.blocking.permit().await
            {
                match permit.block(|| worker.perform_now(job)) {
                    Ok(()) => return answer.await.unwrap_or_else(|_| Err(closed())),
                    Err(returned) => job = returned,
                }
            }
            if !O::WRITES && worker.would_wait() {
                match worker.read(job) {
                    Ok(()) => return answer.await.unwrap_or_else(|_| Err(closed())),
                    Err(returned) => job = returned,
                }
            }
            if !worker.enqueue(Message::Job(job)) {
                return Err(closed());
            }
            answer.await.unwrap_or_else(|_| Err(closed()))
        }
    }

    /// Whether an operation that only reads would wait for one that writes, and need not.
    fn would_wait(&self) -> bool {
        let desk = &self.0.desk;
        if self.options().read_only || desk.unattended.load(SeqCst) > 0 {
            return false;
        }
        desk.queued.load(SeqCst) > 0 || desk.connection.try_lock().is_err()
    }

    /// Performs an operation that only reads, on the other connection.
    fn read(&self, job: Job) -> Result<(), Job> {
        let (desk, queue) = (self.0.desk.clone(), self.0.queue.clone());
        let target = || {
            let files = self.0.desk.files.get().cloned();
            (Target::only_read(self.path(), self.options()), files)
        };
        self.0.reader.send(job, target, move |job| {
            desk.queued.fetch_add(1, SeqCst);
            // If its thread has ended, the caller learns that the file is closed.
            let _ = queue.as_ref().map(|queue| queue.send(Message::Job(job)));
        })
    }

    /// Whether the last operations were of this run, and no other waits.
    fn is_alone(&self, job: &Job) -> bool {
        let desk = &self.0.desk;
        if desk.queued.load(SeqCst) > 0 {
            return false;
        }
        let shared = desk.connection.try_lock();
        shared.is_ok_and(|shared| job.run() == Some(&*shared.last))
    }

    /// Performs an operation in this thread, unless it would have to wait for another one.
    fn perform_now(&self, job: Job) -> Result<(), Job> {
        let desk = &self.0.desk;
        match desk.connection.try_lock() {
            Ok(mut shared) if desk.queued.load(SeqCst) == 0 => match &mut shared.open {
                Some(open) => group::perform_now(open, &self.place(), job),
                None => Err(job),
            },
            Ok(_) | Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => Err(job),
        }
    }
}

fn work(desk: &Desk, place: &str, messages: &mpsc::Receiver<Message>) {
    while let Ok(first) = messages.recv() {
        let mut group = Vec::new();
        let mut close = None;
        let mut unattended = 0;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => group.push(job),
                Message::Unattended(job) => {
                    group.push(job);
                    unattended += 1;
                }
                Message::Close(reply) => close = Some(reply),
            }
            next = if close.is_some() || group.len() == GROUP {
                None
            } else {
                messages.try_recv().ok()
            };
        }
        let count = group.len();
        // An operation that panicked leaves its transaction open.
        let Ok(mut shared) = desk.connection.lock() else {
            return;
        };
        shared.work(place, group);
        if close.is_some() {
            shared.open = None;
        }
        drop(shared);
        desk.queued.fetch_sub(count, SeqCst);
        desk.unattended.fetch_sub(unattended, SeqCst);
        if let Some(reply) = close {
            let _ = reply.send(());
            return;
        }
    }
}
