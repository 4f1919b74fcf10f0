//! The engine for one file.

mod files;
mod open;
mod ops;
#[cfg(test)]
mod tests;
mod worker;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::{
    Begun, Checkpoint, CheckpointState, ItemKey, Keep, NewRun, OpenWait, Pause, RunRecord,
    RunSummary, Status, Step, Storage, StorageResult,
};
use crate::error::StorageError;
use crate::storage::rules::{Free, Seen};
use worker::Worker;

/// How to open a file: see [`Sqlite::options`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    create: bool,
    busy_timeout: Duration,
    max_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions {
            create: true,
            busy_timeout: Duration::from_secs(30),
            max_bytes: None,
        }
    }
}

impl SqliteOptions {
    /// Whether a file that does not exist (or is empty) becomes a new database. It does by default.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// How long to wait while another process writes, before
    /// [`StorageError::Busy`](crate::StorageError::Busy); 30 s by default.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How large the file may become through this connection, before
    /// [`StorageError::Full`](crate::StorageError::Full); by default as large as the disk
    /// allows. A file that is larger already keeps its size.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// Those of [`Sqlite::open`], and [`StorageError::Missing`](crate::StorageError::Missing) if
    /// there is no file and none is to be made.
    pub async fn open(self, path: impl AsRef<Path>) -> StorageResult<Sqlite> {
        Ok(Sqlite {
            worker: Worker::start(path.as_ref().to_owned(), self).await?,
        })
    }
}

/// Runs in one SQLite file, which several processes of one machine may open.
///
/// A thread of its own owns the connection, so nothing blocks an executor. Operations that come
/// while it writes go into its next transaction together (each in a savepoint, so that one that
/// fails does not take others with it): hundreds of items that finish at the same time cost a few
/// waits for the disk. Each is acknowledged when it is on the disk (`synchronous = FULL`).
///
/// The file has a write-ahead log beside it (`-wal` and `-shm`), which goes when the last process
/// closes it. Do not put it on a network file system. SQLite finds a damaged structure, and not a
/// bit that flipped within a text.
///
/// A clone is the same connection. It closes when the last clone is dropped and what had been asked
/// is done.
#[derive(Debug, Clone)]
pub struct Sqlite {
    worker: Worker,
}

impl Sqlite {
    /// Opens the file, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Of [`StorageError`](crate::StorageError): `Foreign` if it is anything but a database of
    /// runs; `Newer`; `ReadOnly`; `Corrupt`; `Unreachable` if the folder does not exist or is
    /// not this user's to write; `Busy`. In each case the file is left alone.
    pub async fn open(path: impl AsRef<Path>) -> StorageResult<Sqlite> {
        Sqlite::options().open(path).await
    }

    /// Options to open a file with.
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        self.worker.path()
    }

    /// Copies all runs, as they are at this moment, to a new file, while this one is in use. It is
    /// a database of runs like this one. A copy of the file alone, without its log, would lack
    /// what was stored last.
    ///
    /// To restore it, end all programs that use the old file, and remove that file with its `-wal`
    /// and `-shm` before the backup takes its name: SQLite would apply the old log to the
    /// backup.
    ///
    /// # Errors
    ///
    /// [`StorageError::Backup`](crate::StorageError::Backup) if there is a file already, or if it
    /// cannot be written.
    pub async fn backup(&self, to: impl AsRef<Path>) -> StorageResult<()> {
        let (from, to) = (self.path().to_owned(), to.as_ref().to_owned());
        let place = place(&to);
        tokio::task::spawn_blocking(move || open::backup(&from, &to))
            .await
            .unwrap_or_else(|error| {
                Err(StorageError::Backup {
                    place,
                    source: error.into(),
                })
            })
    }

    /// Does something that needs a lease to be free, and watches the lease if that is not known.
    async fn watching<T, F>(
        &self,
        ask: impl Fn(Option<Seen>) -> F + Send + Sync,
    ) -> StorageResult<T>
    where
        F: Future<Output = StorageResult<Free<T>>> + Send,
        T: Send,
    {
        let mut last: Option<(Seen, Instant)> = None;
        loop {
            let seen = last.as_ref().map(|(seen, _)| seen.clone());
            let mut seen = match ask(seen).await? {
                Free::Yes(done) => return Ok(done),
                Free::Watch(seen) => seen,
            };
            let pause = (seen.lease / 20).clamp(Duration::from_millis(1), Duration::from_secs(1));
            // If the file was locked meanwhile, or this process was stopped, the owner may have had
            // no chance to move.
            if let Some((_, at)) = last {
                seen.still += at.elapsed().min(2 * pause);
            }
            last = Some((seen, Instant::now()));
            tokio::time::sleep(pause).await;
        }
    }

    /// Closes the file when what was asked before is done, for all clones. What is asked later
    /// fails with [`StorageError::Closed`](crate::StorageError::Closed).
    pub async fn close(self) {
        self.worker.close().await;
    }
}

/// Where a file is, for messages.
fn place(path: &Path) -> String {
    path.display().to_string()
}

/// The owned path of a database and how to open it.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    options: SqliteOptions,
}

impl Storage for Sqlite {
    async fn begin(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        new: &NewRun,
    ) -> StorageResult<Begun> {
        self.watching(|seen| {
            let (id, owner, new) = (run.to_owned(), owner.to_owned(), new.clone());
            self.worker.write(format!("begin run `{run}`"), move |db| {
                ops::begin(db, &id, &owner, lease, &new, seen.as_ref())
            })
        })
        .await
    }

    fn commit(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        step: &Step,
        keep: Keep,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let doing = format!("store step {} of run `{run}`", step.step);
        let (run, owner, step) = (run.to_owned(), owner.to_owned(), step.clone());
        self.worker.write(doing, move |db| {
            ops::commit(db, &run, &owner, lease, &step, keep)
        })
    }

    fn keep_item(
        &self,
        run: &str,
        owner: &str,
        step: u64,
        item: &ItemKey,
        json: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let doing = format!("keep an item of step {step} of run `{run}`");
        let (run, owner, item, json) = (run.to_owned(), owner.to_owned(), *item, json.to_owned());
        self.worker.write(doing, move |db| {
            ops::keep_item(db, &run, &owner, step, &item, &json)
        })
    }

    fn items(
        &self,
        run: &str,
        step: u64,
    ) -> impl Future<Output = StorageResult<Vec<(ItemKey, String)>>> + Send {
        let doing = format!("read the items of step {step} of run `{run}`");
        let run = run.to_owned();
        self.worker
            .read(doing, move |db| ops::items(db, &run, step))
    }

    fn wait(
        &self,
        run: &str,
        owner: &str,
        pause: &Pause<'_>,
    ) -> impl Future<Output = StorageResult<OpenWait>> + Send {
        let doing = format!("let run `{run}` wait");
        let (run, owner) = (run.to_owned(), owner.to_owned());
        let Pause {
            step,
            field,
            position,
            graph,
            state,
            refused,
        } = *pause;
        let [field, position, graph, state] = [field, position, graph, state].map(str::to_owned);
        let refused = refused.map(str::to_owned);
        self.worker.write(doing, move |db| {
            let (field, position, graph, state) = (&*field, &*position, &*graph, &*state);
            let pause = Pause {
                step,
                field,
                position,
                graph,
                state,
                refused: refused.as_deref(),
            };
            ops::wait(db, &run, &owner, &pause)
        })
    }

    fn fill(
        &self,
        run: &str,
        wait: &str,
        value_json: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let doing = format!("fill `{wait}` of run `{run}`");
        let (run, wait, value) = (run.to_owned(), wait.to_owned(), value_json.to_owned());
        self.worker
            .write(doing, move |db| ops::fill(db, &run, &wait, &value))
    }

    fn filled(
        &self,
        run: &str,
        wait: &str,
    ) -> impl Future<Output = StorageResult<Option<String>>> + Send {
        let (id, wait) = (run.to_owned(), wait.to_owned());
        let doing = format!("read what was filled into run `{run}`");
        self.worker
            .read(doing, move |db| ops::filled(db, &id, &wait))
    }

    fn finish(
        &self,
        run: &str,
        owner: &str,
        exit: &str,
        state: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let doing = format!("store the end of run `{run}`");
        let (run, owner, exit, state) = (
            run.to_owned(),
            owner.to_owned(),
            exit.to_owned(),
            state.to_owned(),
        );
        self.worker.write(doing, move |db| {
            ops::finish(db, &run, &owner, &exit, &state)
        })
    }

    fn fail(
        &self,
        run: &str,
        owner: &str,
        message: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let doing = format!("store that run `{run}` failed");
        let (run, owner, message) = (run.to_owned(), owner.to_owned(), message.to_owned());
        self.worker.write(doing, move |db| {
            ops::fail(db, &run, &owner, &message, Status::Failed)
        })
    }

    fn give_up(
        &self,
        run: &str,
        owner: &str,
        why: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let doing = format!("store that run `{run}` is stuck");
        let (run, owner, why) = (run.to_owned(), owner.to_owned(), why.to_owned());
        self.worker.write(doing, move |db| {
            ops::fail(db, &run, &owner, &why, Status::Stuck)
        })
    }

    fn retry(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send {
        let id = run.to_owned();
        self.worker
            .write(format!("let run `{run}` begin again"), move |db| {
                ops::retry(db, &id)
            })
    }

    fn renew(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let (id, owner) = (run.to_owned(), owner.to_owned());
        self.worker
            .write(format!("renew the lease of run `{run}`"), move |db| {
                ops::renew(db, &id, &owner, lease)
            })
    }

    fn release(&self, run: &str, owner: &str) -> impl Future<Output = StorageResult<()>> + Send {
        let (id, owner) = (run.to_owned(), owner.to_owned());
        self.worker
            .write(format!("release run `{run}`"), move |db| {
                ops::release(db, &id, &owner)
            })
    }

    fn release_later(&self, run: &str, owner: &str) {
        let (id, owner) = (run.to_owned(), owner.to_owned());
        self.worker.send(format!("release run `{run}`"), move |db| {
            ops::release(db, &id, &owner)
        });
    }

    fn list(
        &self,
        filter: Option<Status>,
    ) -> impl Future<Output = StorageResult<Vec<RunSummary>>> + Send {
        self.worker
            .read("list the runs".to_owned(), move |db| ops::list(db, filter))
    }

    fn show(&self, run: &str) -> impl Future<Output = StorageResult<Option<RunRecord>>> + Send {
        let id = run.to_owned();
        self.worker
            .read(format!("read run `{run}`"), move |db| ops::show(db, &id))
    }

    fn history(&self, run: &str) -> impl Future<Output = StorageResult<Vec<Checkpoint>>> + Send {
        let id = run.to_owned();
        self.worker
            .read(format!("read the history of run `{run}`"), move |db| {
                ops::history(db, &id)
            })
    }

    fn checkpoint(
        &self,
        run: &str,
        step: u64,
    ) -> impl Future<Output = StorageResult<Option<CheckpointState>>> + Send {
        let id = run.to_owned();
        self.worker
            .read(format!("read step {step} of run `{run}`"), move |db| {
                ops::checkpoint(db, &id, step)
            })
    }

    fn fork(
        &self,
        run: &str,
        step: u64,
        new_run: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send {
        let (id, new_run) = (run.to_owned(), new_run.to_owned());
        self.worker
            .write(format!("fork run `{run}` at step {step}"), move |db| {
                ops::fork(db, &id, step, &new_run)
            })
    }

    async fn remove(&self, run: &str) -> StorageResult<()> {
        self.watching(|seen| {
            let id = run.to_owned();
            self.worker.write(format!("remove run `{run}`"), move |db| {
                ops::remove(db, &id, seen.as_ref())
            })
        })
        .await
    }

    async fn drop_items(&self, run: &str) -> StorageResult<u64> {
        self.watching(|seen| {
            let id = run.to_owned();
            let doing = format!("drop the kept items of run `{run}`");
            self.worker
                .write(doing, move |db| ops::drop_items(db, &id, seen.as_ref()))
        })
        .await
    }

    fn prune(
        &self,
        finished_before: SystemTime,
    ) -> impl Future<Output = StorageResult<u64>> + Send {
        self.worker
            .write("remove the old runs".to_owned(), move |db| {
                ops::prune(db, finished_before)
            })
    }
}
