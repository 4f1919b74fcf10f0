//! How a file is opened that is only read.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Error, OpenFlags};

use super::open::{APPLICATION_ID, OPENING, explain, known};
use super::{Target, place};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::sql;

/// Opens a file that is neither created nor upgraded, and waits for no process that writes.
pub(super) fn open(target: &Target, path: &Path) -> StorageResult<Connection> {
    let place = place(&target.path);
    let explain = |error| explain(&place, OPENING, error);
    let db = connect(path).map_err(explain)?;
    db.busy_timeout(target.options.busy_timeout)
        .map_err(explain)?;
    db.set_prepared_statement_cache_capacity(64);
    db.execute_batch(
        "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )
    .map_err(explain)?;
    let pragma = |name| {
        db.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(explain)
    };
    if pragma("application_id")? != i64::from(APPLICATION_ID) {
        let why = "an SQLite database of another program".to_owned();
        return Err(StorageError::Foreign { place, why });
    }
    let found = pragma("user_version")?;
    known(&target.path, found)?;
    if found < sql::SCHEMA_VERSION {
        return Err(StorageError::Older {
            place,
            found,
            known: sql::SCHEMA_VERSION,
        });
    }
    Ok(db)
}

/// Opens the file to write if this user may, because only then does SQLite remove the log that it
/// creates to read.
fn connect(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    if !db.is_readonly("main")? && read(&db).is_ok() {
        return Ok(db);
    }
    drop(db);
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // Without a log, SQLite would create one, which the owner of the file could not open. So it
    // reads the file alone.
    let (immutable, is_logged) = (
        "?immutable=1",
        std::fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0),
    );
    let uri = format!(
        "file:{}{}",
        encoded(path),
        if is_logged { "" } else { immutable }
    );
    let db = Connection::open_with_flags(
        uri,
        OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI,
    )?;
    read(&db)?;
    Ok(db)
}

/// The first query opens the log.
fn read(db: &Connection) -> Result<(), Error> {
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// A path in a URI.
fn encoded(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}
