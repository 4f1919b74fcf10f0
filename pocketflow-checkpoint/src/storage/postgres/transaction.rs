//! A transaction of PostgreSQL.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Error, Row as PostgresRow};

use super::explain::explain;
use super::pool::{Pool, PooledConnection};
use crate::storage::error::StorageResult;
use crate::storage::operation::{OpError, OpResult, Operation};
use crate::storage::sql;
use crate::storage::transaction::{LeaseClock, Lock, Row, Transaction, Value};

/// The result of an operation. [`PostgresTransaction::end`] adds which operation it was, and where.
pub(super) type PostgresResult<T> = OpResult<T, PostgresTransaction<'static>>;
pub(super) type PostgresError = OpError<Error>;

/// Whether a transaction may change the database. One that only reads needs no right to write, works
/// on a replica, and sees the database as it was when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// If it is dropped before its end, its connection is closed, and the server rolls it back.
pub(super) struct PostgresTransaction<'a> {
    connection: PooledConnection<'a>,
}

/// How often an operation is tried, if the server ends its transactions so that others can go on.
const TRIES: u32 = 10;

/// Runs an operation in a transaction. An operation on an inner run locks two rows, and two such
/// operations can wait for one another: the server then ends one of them, which is done again.
pub(super) async fn run<O: Operation>(pool: &Pool, operation: &O) -> StorageResult<O::Output> {
    let doing = || operation.describe();
    let access = if O::WRITES {
        Access::Write
    } else {
        Access::Read
    };
    let mut tries = 1;
    loop {
        let mut tx = PostgresTransaction::begin(pool, access, doing).await?;
        let done = operation.perform(&mut tx).await;
        let gives_way = matches!(&done, Err(OpError::Engine(error)) if gives_way(error));
        let ended = tx.end(done, doing).await;
        if !gives_way || tries == TRIES {
            return ended;
        }
        tries += 1;
    }
}

/// Whether the server has ended a transaction so that another one can go on.
fn gives_way(error: &Error) -> bool {
    let ends = [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    error.code().is_some_and(|code| ends.contains(code))
}

impl<'a> PostgresTransaction<'a> {
    /// Begins a transaction. A connection that was lost while it was idle is replaced, because
    /// nothing was in progress on it.
    pub(super) async fn begin(
        pool: &'a Pool,
        access: Access,
        doing: impl Fn() -> String,
    ) -> StorageResult<Self> {
        let begin = begin(access, &pool.quoted_schema());
        loop {
            let connection = pool.get(access).await?;
            match connection.client().batch_execute(&begin).await {
                Ok(()) => return Ok(Self { connection }),
                Err(error) if connection.is_new => {
                    return Err(explain(pool, &doing(), error));
                }
                Err(_) => {}
            }
        }
    }

    /// Commits if the operation succeeded, and rolls back otherwise.
    pub(super) async fn end<T>(
        self,
        done: PostgresResult<T>,
        doing: impl Fn() -> String,
    ) -> StorageResult<T> {
        let pool = self.connection.pool;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.connection.client().batch_execute(end).await;
        if ended.is_ok() {
            self.connection.put_back();
        }
        match (done, ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) => Err(explain(pool, &doing(), error)),
            (Err(error), _) => {
                let explain = |_: &str, doing: &str, error| explain(pool, doing, error);
                Err(error.explain(pool.place(), &doing(), explain))
            }
        }
    }

    pub(super) async fn batch(&mut self, sql: &str) -> PostgresResult<()> {
        let done = self.connection.client().batch_execute(sql).await;
        done.map_err(OpError::Engine)
    }
}

impl Transaction for PostgresTransaction<'_> {
    type Error = Error;

    const CLOCK: LeaseClock = LeaseClock::Server;
    const PRUNE: &'static str = sql::PRUNE_LOCKED;
    const MOVED: &'static str = sql::MOVED_POSTGRES;
    const VERSION: Option<&'static str> = Some(sql::VERSION_POSTGRES);
    const READY: &'static str = sql::READY_LOCKED;

    async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> OpResult<Vec<Row>, Self> {
        let query = async {
            let client = self.connection.client();
            let rows = client.query_typed(&numbered(sql), &typed(values)).await?;
            rows.iter().map(read).collect::<Result<Vec<_>, _>>()
        };
        query.await.map_err(OpError::Engine)
    }

    async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> OpResult<u64, Self> {
        let client = self.connection.client();
        let done = client.execute_typed(&numbered(sql), &typed(values)).await;
        done.map_err(OpError::Engine)
    }

    /// The clock of the server comes with the row, which saves a round trip.
    async fn head(&mut self, run: &str, lock: Lock) -> OpResult<Option<(Row, i64)>, Self> {
        let sql = match lock {
            Lock::Shared => sql::HEAD_SHARED,
            Lock::Renewal => sql::HEAD_RENEWED,
            Lock::Exclusive => sql::HEAD_LOCKED,
        };
        let Some(mut row) = self.rows(sql, &[run.into()]).await?.pop() else {
            return Ok(None);
        };
        let now = row.int(sql::HEAD_CLOCK)?;
        Ok(Some((row, now)))
    }

    async fn now(&mut self) -> OpResult<i64, Self> {
        match self.rows(sql::CLOCK, &[]).await?.pop() {
            Some(mut row) => row.int(0),
            None => Ok(0),
        }
    }
}

/// The statements that begin a transaction. The settings end with it, as a pooler may use the
/// connection for others then.
fn begin(access: Access, schema: &str) -> String {
    // A temporary table that others have left must not hide a table of runs.
    let path = format!("SET LOCAL search_path TO {schema}, pg_temp");
    match access {
        Access::Read => format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {path}"),
        // The timeouts are for rows that a machine locked before it vanished. An acknowledged
        // operation must be on the disk.
        Access::Write => format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {path}; SET LOCAL lock_timeout = '30s'; \
             SET LOCAL idle_in_transaction_session_timeout = '60s'; \
             SELECT set_config('synchronous_commit', 'on', true) \
                WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        ),
    }
}

/// A statement whose parameters are `?1` has `$1` in PostgreSQL.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The values with their types, so that a statement needs neither a name nor a round trip of its own.
/// The server finds out the type of a NULL.
fn typed<'a>(values: &'a [Value<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let typed = values.iter().map(|value| {
        let ty = match value {
            Value::Null => Type::UNKNOWN,
            Value::Int(_) => Type::INT8,
            Value::Text(_) => Type::TEXT,
        };
        (value as &(dyn ToSql + Sync), ty)
    });
    typed.collect()
}

fn read(row: &PostgresRow) -> Result<Row, Error> {
    let columns = row.columns().iter().enumerate();
    let columns = columns.map(|(at, column)| {
        Ok(if *column.type_() == Type::INT8 {
            Value::from(row.try_get::<_, Option<i64>>(at)?)
        } else {
            Value::from(row.try_get::<_, Option<String>>(at)?)
        })
    });
    Ok(Row::new(columns.collect::<Result<Vec<_>, Error>>()?))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(int) => int.to_sql_checked(ty, out),
            Value::Text(text) => (&**text).to_sql_checked(ty, out),
        }
    }

    /// [`to_sql`](ToSql::to_sql) checks the type, because it depends on the value.
    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
