//! What PostgreSQL's errors mean.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::pool::Pool;
use crate::storage::error::StorageError;

pub(super) fn explain(pool: &Pool, doing: &str, error: Error) -> StorageError {
    let (place, doing) = (pool.place().to_owned(), doing.to_owned());
    // An error of the connection has no code.
    let code = error.code().map_or("", SqlState::code).to_owned();
    let is = |state: &SqlState| code == state.code();
    let cause = error.source();
    let is_lost = code.is_empty()
        && (error.is_closed() || cause.is_some_and(|cause| cause.is::<std::io::Error>()));
    let classes = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
    if is_lost || classes(&["08", "57P"]) || is(&SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT) {
        StorageError::Disconnected {
            place,
            doing,
            source: error.into(),
        }
    } else if is(&SqlState::INSUFFICIENT_PRIVILEGE) {
        let (schema, user) = (pool.quoted_schema(), pool.quoted_user());
        StorageError::Forbidden {
            place,
            doing,
            remedy: format!(
                "let an administrator run `GRANT USAGE ON SCHEMA {schema} TO {user}; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {user}`"
            ),
            source: Some(error.into()),
        }
    } else if is(&SqlState::DISK_FULL) {
        StorageError::Full {
            place,
            doing,
            source: error.into(),
        }
    } else if is(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        StorageError::ReadOnly {
            place,
            doing,
            source: Some(error.into()),
        }
    } else if classes(&["XX001", "XX002"]) {
        StorageError::Corrupt {
            place,
            doing,
            source: error.into(),
        }
    } else if classes(&["55P03", "40", "57014"]) {
        StorageError::Busy {
            place,
            doing,
            source: error.into(),
        }
    } else {
        StorageError::Engine {
            place,
            doing,
            source: error.into(),
        }
    }
}
