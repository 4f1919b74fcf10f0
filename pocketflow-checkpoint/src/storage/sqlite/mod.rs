//! The engine for one file.

mod files;
mod open;
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
}
