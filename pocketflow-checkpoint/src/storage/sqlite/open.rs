//! How a file is opened, and what SQLite's errors mean.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, ffi};

use super::{Target, place};
use crate::error::StorageError;
use crate::storage::{StorageResult, sql};

/// "PFlo", by which a file is known to be a database of runs.
const APPLICATION_ID: u32 = 0x5046_6c6f;
/// What each SQLite file starts with.
const MAGIC: &[u8] = b"SQLite format 3\0";
const OPENING: &str = "open it";

/// What an error of the engine means for whoever asked.
pub(super) fn explain(place: &str, doing: &str, error: Error) -> StorageError {
    let (place, doing) = (place.to_owned(), doing.to_owned());
    let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full { place, doing, source: error.into() },
        // There was no room for the index of the write-ahead log.
        _ if extended == ffi::SQLITE_IOERR_SHMSIZE => {
            StorageError::Full { place, doing, source: error.into() }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StorageError::Corrupt { place, doing, source: error.into() }
        }
        // The file ends within a page.
        _ if extended == ffi::SQLITE_IOERR_SHORT_READ => {
            StorageError::Corrupt { place, doing, source: error.into() }
        }
        Some(ErrorCode::ReadOnly) => StorageError::ReadOnly { place, doing, source: Some(error.into()) },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StorageError::Busy { place, doing, source: error.into() }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StorageError::Unreachable { place, source: error.into() }
        }
        _ => StorageError::Engine { place, doing, source: error.into() },
    }
}

/// Looks at a file without SQLite, which would recover it, and so change it, before it can be asked whose it is.
fn look(target: &Target) -> StorageResult<()> {
    let path = &target.path;
    let foreign = |why: &str| StorageError::Foreign { place: place(path), why: why.to_owned() };
    let unreachable =
        |error: std::io::Error| StorageError::Unreachable { place: place(path), source: error.into() };
    let kind = match std::fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound && target.options.create => return Ok(()),
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
    File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)).map_err(unreachable)?;
    if header.is_empty() {
        return if target.options.create { Ok(()) } else { Err(foreign("an empty file")) };
    }
    if header.len() < 100 || !header.starts_with(MAGIC) {
        return Err(foreign("a file of another kind, or one whose first bytes are damaged"));
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if number(68) != APPLICATION_ID {
        return Err(foreign("an SQLite database of another program"));
    }
    known(path, number(60).into())
}

fn known(path: &Path, found: i64) -> StorageResult<()> {
    match found {
        sql::VERSION => Ok(()),
        found if found > sql::VERSION => {
            Err(StorageError::Newer { place: place(path), found, known: sql::VERSION })
        }
        _ => Err(StorageError::Foreign {
            place: place(path),
            why: format!("one of the unknown schema {found}"),
        }),
    }
}

pub(super) fn open(target: &Target) -> StorageResult<Connection> {
    look(target)?;
    let place = place(&target.path);
    let explain = |error| explain(&place, OPENING, error);
    // An absolute path, for `:memory:` is a name of SQLite's own.
    let path = std::path::absolute(&target.path)
        .map_err(|error| StorageError::Unreachable { place: place.clone(), source: error.into() })?;
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, target.options.create);
    let db = Connection::open_with_flags(path, flags).map_err(explain)?;
    if db.is_readonly("main").map_err(explain)? {
        return Err(StorageError::ReadOnly { place, doing: OPENING.to_owned(), source: None });
    }
    db.busy_timeout(target.options.busy_timeout).map_err(explain)?;
    db.set_prepared_statement_cache_capacity(64);
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )
    .map_err(explain)?;
    create(&db, target)?;
    log_ahead(&db, target).map_err(explain)?;
    if let Some(bytes) = target.options.max_bytes {
        limit(&db, bytes).map_err(explain)?;
    }
    Ok(db)
}

/// Makes the tables of a new file, in a transaction, so that of two processes one does. They come before the write-ahead log, so that
/// the file itself, and not only its log, says whose it is.
fn create(db: &Connection, target: &Target) -> StorageResult<()> {
    let place = place(&target.path);
    let explain = |error| explain(&place, OPENING, error);
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(explain);
    db.execute_batch("BEGIN IMMEDIATE").map_err(explain)?;
    if pragma("application_id")? == i64::from(APPLICATION_ID) {
        db.execute_batch("ROLLBACK").map_err(explain)?;
        return known(&target.path, pragma("user_version")?);
    }
    let tables: i64 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(explain)?;
    if tables > 0 {
        let why = "an SQLite database of another program".to_owned();
        return Err(StorageError::Foreign { place, why });
    }
    let version = sql::VERSION;
    let schema = sql::SCHEMA;
    db.execute_batch(&format!(
        "{schema} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}; COMMIT;"
    ))
    .map_err(explain)
}

/// The switch needs the file for itself for a moment, and SQLite does not wait for that.
fn log_ahead(db: &Connection, target: &Target) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        match db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => break,
            Ok(mode) => {
                let why = format!("its journal stays `{mode}`: is it on a network file system?");
                return Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), Some(why)));
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
    // Each time the log is written back, a step waits for it: four times as rarely as SQLite does by itself, at 16 MB.
    db.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(()))?;
    // A log that grew once gives its room back.
    db.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()))
}

fn limit(db: &Connection, bytes: u64) -> Result<(), Error> {
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
    // 0 would say that nothing is to change.
    db.pragma_update_and_check(None, "max_page_count", pages.clamp(1, 0xffff_fffe), |_| Ok(()))
}
