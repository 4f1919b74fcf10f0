//! The SQLite engine: runs in one file.

mod blocking;
mod files;
mod group;
mod open;
mod read_only;
mod reader;
#[cfg(test)]
mod tests;
mod transaction;
mod worker;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::engine::Engine;
use super::error::{StorageError, StorageResult};
use super::operation::{Operation, Release};
use worker::Worker;

/// Options for opening a file: see [`Sqlite::options`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    create: bool,
    read_only: bool,
    busy_timeout: Duration,
    max_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions {
            create: true,
            read_only: false,
            busy_timeout: Duration::from_secs(30),
            max_bytes: None,
        }
    }
}

impl SqliteOptions {
    /// Sets whether a missing or empty file becomes a new database. It does by default.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Sets whether the file is only read. It is then neither created nor upgraded, this user need
    /// not be able to write it or its folder, and no call waits for a process that writes. Every
    /// change is [`StorageError::ReadOnly`](crate::StorageError::ReadOnly), and a file of an older
    /// version is [`StorageError::Older`](crate::StorageError::Older).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use pocketflow_checkpoint::{Sqlite, Storage};
    ///
    /// # let folder = tempfile::tempdir()?; let file = folder.path().join("runs.db");
    /// # Sqlite::open(&file).await?.close().await;
    /// let runs = Sqlite::options().read_only(true).open(&file).await?;
    /// assert_eq!(runs.list(None).await?, []);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets how long to wait while another process writes, before
    /// [`StorageError::Busy`](crate::StorageError::Busy); 30 s by default.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets how large the file may become through this connection, before
    /// [`StorageError::Full`](crate::StorageError::Full). By default only the disk limits it. A
    /// larger file keeps its size.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Whether a missing file is created.
    fn creates(&self) -> bool {
        self.create && !self.read_only
    }

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// Those of [`Sqlite::open`], and [`StorageError::Missing`](crate::StorageError::Missing) if
    /// the file does not exist and should not be created.
    pub async fn open(self, path: impl AsRef<Path>) -> StorageResult<Sqlite> {
        Ok(Sqlite {
            worker: Worker::start(path.as_ref().to_owned(), self).await?,
        })
    }
}

/// A storage of runs in one SQLite file, which several processes of one machine may open.
///
/// A separate thread performs the operations, so nothing blocks the async runtime. Operations that
/// arrive while it writes go into its next transaction together, so hundreds of items that finish
/// at the same time cost a few waits for the disk. Each operation has a savepoint, so that a failed
/// one does not affect the others. Each is acknowledged when it is on the disk (`synchronous =
/// FULL`).
///
/// An operation that only reads, such as [`Storage::show`](crate::Storage::show), does not wait for
/// operations that write: a second thread and a second connection are there for it, as soon as it
/// would have to.
///
/// On a multi-threaded runtime, a run that is alone stores its steps without that thread, which is
/// faster: in `block_in_place`, or in place within `Runtime::block_on`, which then polls nothing
/// else of the same future for as long as the disk takes. A current-thread runtime, and a task of a
/// `LocalSet`, are never blocked.
///
/// Only this user can read a file that is created (its mode is 0600). The file has a write-ahead log
/// beside it (`-wal` and `-shm`), with the same mode, which disappears when the last process closes
/// the file. Do not put the file on a network file system. SQLite detects a damaged
/// structure, but not a flipped bit within a text.
///
/// A clone uses the same connection. The connection closes when the last clone is dropped and its
/// operations are done.
#[derive(Debug, Clone)]
pub struct Sqlite {
    worker: Worker,
}

impl Sqlite {
    /// Opens the file, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Of [`StorageError`](crate::StorageError): `Foreign` if it is not a database of runs;
    /// `Newer`; `ReadOnly`; `Corrupt`; `Unreachable` if the folder does not exist or this user may
    /// not write to it; `Busy`. In each case the file is left unchanged.
    pub async fn open(path: impl AsRef<Path>) -> StorageResult<Sqlite> {
        Sqlite::options().open(path).await
    }

    /// Options for opening a file.
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    /// The path that was given to open the file.
    pub fn path(&self) -> &Path {
        self.worker.path()
    }

    /// Copies all runs, as they are at this moment, to a new file, while this file is in use. The
    /// copy is a database of runs like this one. A plain copy of the file, without its log, would
    /// lack the last changes.
    ///
    /// To restore it, end all programs that use the old file, and remove that file with its `-wal`
    /// and `-shm` before the backup takes its name: SQLite would apply the old log to the
    /// backup.
    ///
    /// # Errors
    ///
    /// [`StorageError::Backup`](crate::StorageError::Backup) if the new file exists already or
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

    /// Closes the file for all clones, after earlier operations are done. Later operations fail
    /// with [`StorageError::Closed`](crate::StorageError::Closed).
    pub async fn close(self) {
        self.worker.close().await;
    }
}

/// The path of a file, for messages.
fn place(path: &Path) -> String {
    path.display().to_string()
}

/// The path of a database and how to open it.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    options: SqliteOptions,
}

impl Engine for Sqlite {
    fn run<O: Operation>(
        &self,
        operation: O,
    ) -> impl Future<Output = StorageResult<O::Output>> + Send {
        self.worker.run(operation)
    }

    fn release_in_background(&self, release: Release) {
        self.worker.send(release);
    }

    async fn vacuum(&self) -> StorageResult<()> {
        let path = self.path().to_owned();
        let (closed, options) = (place(&path), self.worker.options().clone());
        let target = Target { path, options };
        tokio::task::spawn_blocking(move || open::vacuum(&target))
            .await
            .unwrap_or_else(|error| {
                Err(StorageError::Engine {
                    place: closed,
                    doing: "give room back".to_owned(),
                    source: error.into(),
                })
            })
    }
}
