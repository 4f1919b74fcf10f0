//! The files of an open database: whether they are still the files that were opened, and which
//! databases this process has open.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Identifies a file, even after another file has taken its name.
type Id = (u64, u64);

#[cfg(unix)]
fn id(path: &Path) -> Option<Id> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path)
        .ok()
        .map(|file| (file.dev(), file.ino()))
}

/// On other systems, an open file cannot be deleted.
#[cfg(not(unix))]
fn id(_: &Path) -> Option<Id> {
    None
}

/// The database, its write-ahead log and the log's index, as they were when they were first seen.
#[derive(Clone)]
pub(super) struct Files([(PathBuf, Option<Id>); 3]);

impl Files {
    pub(super) fn of(database: &Path) -> Self {
        let beside = |end: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Self(
            [database.to_owned(), beside("-wal"), beside("-shm")].map(|path| {
                let id = id(&path);
                (path, id)
            }),
        )
    }

    /// The first file that was deleted or replaced. SQLite leaves all of them in place while the
    /// database is open.
    pub(super) fn gone(&mut self) -> Option<&Path> {
        for (path, was) in &mut self.0 {
            let is = id(path);
            match was {
                None => *was = is,
                Some(_) if *was != is => return Some(path),
                Some(_) => {}
            }
        }
        None
    }
}

static OPEN: Mutex<Option<HashMap<Id, usize>>> = Mutex::new(None);

/// Records that this process has a database open, or is about to open it. When a process closes a
/// file, it loses all of its locks on that file, including those of SQLite. So only SQLite may open
/// a database that is open already.
pub(super) struct Opened(Option<Id>);

impl Opened {
    /// Calls `look`, which may open and close the file, unless this process has it open. It may
    /// also create the file.
    pub(super) fn new<E>(path: &Path, look: impl FnOnce() -> Result<(), E>) -> Result<Self, E> {
        let mut open = open();
        let open = open.get_or_insert_default();
        if id(path).is_none_or(|id| open.get(&id).is_none_or(|count| *count == 0)) {
            look()?;
        }
        let id = id(path);
        if let Some(id) = id {
            *open.entry(id).or_insert(0) += 1;
        }
        Ok(Self(id))
    }

    /// A new database has an id only after it was created.
    pub(super) fn made(&mut self, path: &Path) {
        if self.0.is_none() {
            self.0 = id(path);
            if let Some(id) = self.0 {
                *open().get_or_insert_default().entry(id).or_insert(0) += 1;
            }
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        if let Some(count) = open().as_mut().and_then(|open| open.get_mut(&id)) {
            *count = count.saturating_sub(1);
        }
    }
}

fn open() -> MutexGuard<'static, Option<HashMap<Id, usize>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
