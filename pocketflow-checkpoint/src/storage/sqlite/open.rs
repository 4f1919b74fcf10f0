//! How a file is opened, and what SQLite's errors mean.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, ffi};

use super::files::{Files, Opened};
use super::{Target, place, read_only};
use crate::storage::error::{Cause, StorageError, StorageResult};
use crate::storage::sql;

/// "PFlo", which identifies a file as a database of runs.
pub(super) const APPLICATION_ID: u32 = 0x5046_6c6f;
/// An open database. Its fields are dropped in this order.
pub(super) struct Open {
    pub(super) db: Connection,
    pub(super) files: Files,
    pub(super) busy_timeout: Duration,
    _opened: Opened,
}

/// The first bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";
pub(super) const OPENING: &str = "open it";

/// What an error of the engine means for the caller.
pub(super) fn explain(place: &str, doing: &str, error: Error) -> StorageError {
    let (place, doing) = (place.to_owned(), doing.to_owned());
    let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full {
            place,
            doing,
            source: error.into(),
        },
        // There is no room for the index of the write-ahead log.
        _ if extended == ffi::SQLITE_IOERR_SHMSIZE => StorageError::Full {
            place,
            doing,
            source: error.into(),
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageError::Corrupt {
            place,
            doing,
            source: error.into(),
        },
        // The file ends within a page.
        _ if extended == ffi::SQLITE_IOERR_SHORT_READ => StorageError::Corrupt {
            place,
            doing,
            source: error.into(),
        },
        Some(ErrorCode::ReadOnly) => StorageError::ReadOnly {
            place,
            doing,
            source: Some(error.into()),
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Busy {
            place,
            doing,
            source: error.into(),
        },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StorageError::Unreachable {
            place,
            source: error.into(),
        },
        _ => StorageError::Engine {
            place,
            doing,
            source: error.into(),
        },
    }
}

/// Checks a file without SQLite, because SQLite would recover the file, and so change it, before
/// this crate could identify it.
fn look(target: &Target) -> StorageResult<()> {
    let path = &target.path;
    let foreign = |why: &str| StorageError::Foreign {
        place: place(path),
        why: why.to_owned(),
    };
    let unreachable = |error: std::io::Error| StorageError::Unreachable {
        place: place(path),
        source: error.into(),
    };
    let kind = match std::fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound && target.options.creates() => {
            return create_file(path).map_err(unreachable);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(StorageError::Missing { place: place(path) });
        }
        Err(error) => return Err(unreachable(error)),
    };
    if kind.is_dir() {
        return Err(foreign("a folder"));
    }
    if !kind.is_file() {
        return Err(foreign("a device, a pipe or a socket"));
    }
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(unreachable)?;
    if header.is_empty() {
        return if target.options.creates() {
            Ok(())
        } else {
            Err(foreign("an empty file"))
        };
    }
    if header.len() < 100 || !header.starts_with(MAGIC) {
        return Err(foreign(
            "a file of another kind, or one whose first bytes are damaged",
        ));
    }
    let number = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if number(68) != APPLICATION_ID {
        return Err(foreign("an SQLite database of another program"));
    }
    known(path, number(60).into())
}

/// Creates an empty file that only this user can read. SQLite gives its log the same mode.
fn create_file(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(super) fn known(path: &Path, found: i64) -> StorageResult<()> {
    match found {
        1..=sql::SCHEMA_VERSION => Ok(()),
        found if found > sql::SCHEMA_VERSION => Err(StorageError::Newer {
            place: place(path),
            found,
            known: sql::SCHEMA_VERSION,
        }),
        _ => Err(StorageError::Foreign {
            place: place(path),
            why: format!("one of the unknown schema {found}"),
        }),
    }
}

pub(super) fn open(target: &Target) -> StorageResult<Open> {
    let mut opened = Opened::new(&target.path, || look(target))?;
    let place = place(&target.path);
    // An absolute path, because `:memory:` is a special name in SQLite.
    let path = std::path::absolute(&target.path).map_err(|error| StorageError::Unreachable {
        place: place.clone(),
        source: error.into(),
    })?;
    let db = if target.options.read_only {
        read_only::open(target, &path)?
    } else {
        open_to_write(target, &path)?
    };
    opened.made(&target.path);
    // The log is beside the file, and not beside a link to it.
    let path = std::fs::canonicalize(&path).map_err(|error| StorageError::Unreachable {
        place: place.clone(),
        source: error.into(),
    })?;
    Ok(Open {
        db,
        files: Files::of(&path),
        busy_timeout: target.options.busy_timeout,
        _opened: opened,
    })
}

fn open_to_write(target: &Target, path: &Path) -> StorageResult<Connection> {
    let place = place(&target.path);
    let explain = |error| explain(&place, OPENING, error);
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, target.options.create);
    let db = Connection::open_with_flags(path, flags).map_err(explain)?;
    if db.is_readonly("main").map_err(explain)? {
        return Err(StorageError::ReadOnly {
            place,
            doing: OPENING.to_owned(),
            source: None,
        });
    }
    db.busy_timeout(target.options.busy_timeout)
        .map_err(explain)?;
    db.set_prepared_statement_cache_capacity(64);
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )
    .map_err(explain)?;
    create(&db, target)?;
    db.execute_batch("PRAGMA foreign_keys = ON")
        .map_err(explain)?;
    log_ahead(&db, target).map_err(explain)?;
    if let Some(bytes) = target.options.max_bytes {
        limit(&db, bytes).map_err(explain)?;
    }
    // The first query creates the log and its index.
    db.query_row("SELECT count(*) FROM runs WHERE run = ''", [], |_| Ok(()))
        .map_err(explain)?;
    Ok(db)
}

/// Creates the tables of a new file, or upgrades those of an older one, in a transaction, so that
/// only one of two processes does. This comes before the write-ahead log, so that the file itself
/// is marked as a database of runs, and not only its log.
fn create(db: &Connection, target: &Target) -> StorageResult<()> {
    let place = place(&target.path);
    let explain = |error| explain(&place, OPENING, error);
    let pragma = |name| {
        db.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(explain)
    };
    db.execute_batch("BEGIN IMMEDIATE").map_err(explain)?;
    if pragma("application_id")? == i64::from(APPLICATION_ID) {
        let found = pragma("user_version")?;
        known(&target.path, found)?;
        if found == sql::SCHEMA_VERSION {
            return db.execute_batch("ROLLBACK").map_err(explain);
        }
        // After an error the connection is dropped, which rolls the whole upgrade back.
        let upgrade = match found {
            1 => sql::UPGRADE_SQLITE_1,
            2 => sql::UPGRADE_SQLITE_2,
            _ => sql::UPGRADE_3,
        };
        let version = sql::SCHEMA_VERSION;
        return db
            .execute_batch(&format!(
                "{upgrade} PRAGMA user_version = {version}; COMMIT;"
            ))
            .map_err(explain);
    }
    let tables: i64 = db
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(explain)?;
    if tables > 0 {
        let why = "an SQLite database of another program".to_owned();
        return Err(StorageError::Foreign { place, why });
    }
    let version = sql::SCHEMA_VERSION;
    let schema = sql::SCHEMA;
    db.execute_batch(&format!(
        "{schema} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}; COMMIT;"
    ))
    .map_err(explain)
}

/// Turns the write-ahead log on. That needs exclusive access to the file for a moment, and SQLite
/// does not wait for it.
fn log_ahead(db: &Connection, target: &Target) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        match db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))
        {
            Ok(mode) if mode == "wal" => break,
            Ok(mode) => {
                let why = format!("its journal stays `{mode}`: is it on a network file system?");
                return Err(Error::SqliteFailure(
                    ffi::Error::new(ffi::SQLITE_CANTOPEN),
                    Some(why),
                ));
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < target.options.busy_timeout =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
    // A step waits each time the log is written back, so that happens at 16 MB, a quarter as often
    // as by default.
    db.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(()))?;
    // A log that has grown is truncated again.
    db.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()))
}

fn limit(db: &Connection, bytes: u64) -> Result<(), Error> {
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
    // 0 would change nothing.
    db.pragma_update_and_check(None, "max_page_count", pages.clamp(1, 0xffff_fffe), |_| {
        Ok(())
    })
}

/// Rewrites the file without its free pages. Other processes may have it open, and wait.
pub(super) fn vacuum(target: &Target) -> StorageResult<()> {
    let Open { db, .. } = open(target)?;
    db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        .map_err(|error| explain(&place(&target.path), "give room back", error))
}

/// Copies the current content of a file to a new file, which appears only when it is complete and
/// on the disk.
pub(super) fn backup(from: &Path, to: &Path) -> StorageResult<()> {
    let failed = |source: Cause| StorageError::Backup {
        place: place(to),
        source,
    };
    if to.exists() {
        return Err(failed("there is a file already: choose a new name".into()));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let copied = copy(from, &part)
        .map_err(failed)
        .and_then(|()| std::fs::rename(&part, to).map_err(|error| failed(error.into())));
    if copied.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    copied?;
    // The name must be on the disk as well.
    let folder = to
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| failed(error.into()))
}

fn copy(from: &Path, part: &Path) -> Result<(), Cause> {
    let from = std::path::absolute(from)?;
    // SQLite writes to an empty file, which keeps its mode.
    create_file(part)?;
    let part = part.to_str().ok_or("its name is no Unicode text")?;
    let db = Connection::open_with_flags(
        from,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.execute_batch("PRAGMA synchronous = FULL")?;
    db.busy_timeout(Duration::from_secs(30))?;
    db.execute("VACUUM INTO ?1", [part])?;
    File::open(part)?.sync_all()?;
    Ok(())
}
