//! A transaction of SQLite, which the [worker](super::worker) began. Every statement finishes at
//! once, so an operation never waits.

use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, Row as SqliteRow, params_from_iter};

use crate::storage::operation::{OpError, OpResult, Operation};
use crate::storage::transaction::{LeaseClock, Lock, Row, Transaction, Value};
use crate::storage::{millis, sql};

/// The result of an operation. The worker adds which operation it was, and on which file.
pub(super) type SqliteResult<T> = OpResult<T, SqliteTransaction<'static>>;

pub(super) struct SqliteTransaction<'a>(&'a mut Connection);

/// Runs an operation on the connection, within the transaction that is open.
pub(super) fn perform<O: Operation>(operation: &O, db: &mut Connection) -> SqliteResult<O::Output> {
    let mut tx = SqliteTransaction(db);
    let done = pin!(operation.perform(&mut tx));
    match done.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("an operation awaits nothing but its transaction"),
    }
}

impl SqliteTransaction<'_> {
    fn query(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let mut statement = self.0.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let columns = (0..columns).map(|at| value(row, at));
            all.push(Row::new(columns.collect::<Result<Vec<_>, _>>()?));
        }
        Ok(all)
    }

    fn change(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.execute(params_from_iter(values))? as u64)
    }
}

impl Transaction for SqliteTransaction<'_> {
    type Error = Error;

    const CLOCK: LeaseClock = LeaseClock::Process;
    const VERSION: Option<&'static str> = Some(sql::VERSION_SQLITE);

    fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = OpResult<Vec<Row>, Self>> + Send {
        ready(self.query(sql, values).map_err(OpError::Engine))
    }

    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = OpResult<u64, Self>> + Send {
        ready(self.change(sql, values).map_err(OpError::Engine))
    }

    /// The transaction is the only one that writes.
    fn head(
        &mut self,
        run: &str,
        _: Lock,
    ) -> impl Future<Output = OpResult<Option<(Row, i64)>, Self>> + Send {
        let rows = self.query(sql::HEAD, &[run.into()]);
        let head = rows.map(|rows| rows.into_iter().next().map(|row| (row, now())));
        ready(head.map_err(OpError::Engine))
    }

    fn now(&mut self) -> impl Future<Output = OpResult<i64, Self>> + Send {
        ready(Ok(now()))
    }
}

fn now() -> i64 {
    millis::from_time(SystemTime::now())
}

fn value(row: &SqliteRow<'_>, at: usize) -> Result<Value<'static>, Error> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        // A text that is not UTF-8, and a value of another type, is an error.
        _ => Value::from(row.get::<_, String>(at)?),
    })
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(int) => ValueRef::Integer(*int),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}
