//! The smallest engine: one connection behind a lock. It shows what an engine for another database
//! needs.

use std::future::{Future, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::UNIX_EPOCH;

use pocketflow_checkpoint::engine::{
    Engine, HEAD, LeaseClock, Lock, OpError, OpResult, Operation, Release, Row, SCHEMA,
    Transaction, Value,
};
use pocketflow_checkpoint::{StorageError, StorageResult};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, params_from_iter};

#[derive(Clone)]
struct Smallest(Arc<Mutex<Connection>>);

struct Tx<'a>(&'a mut Connection);

impl Engine for Smallest {
    fn run<O: Operation>(
        &self,
        operation: O,
    ) -> impl Future<Output = StorageResult<O::Output>> + Send {
        ready(self.perform(&operation))
    }

    fn release_in_background(&self, release: Release) {
        // Another owner may hold the lease.
        let _ = self.perform(&release);
    }
}

impl Smallest {
    fn perform<O: Operation>(&self, operation: &O) -> StorageResult<O::Output> {
        let mut db = self.0.lock().unwrap();
        let explain = |error: OpError<Error>| {
            error.explain("memory", &operation.describe(), |place, doing, error| {
                StorageError::Engine {
                    place: place.to_owned(),
                    doing: doing.to_owned(),
                    source: error.into(),
                }
            })
        };
        let engine = |error| explain(OpError::Engine(error));
        db.execute_batch("BEGIN").map_err(engine)?;
        let done = {
            let mut tx = Tx(&mut db);
            let done = pin!(operation.perform(&mut tx));
            match done.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(done) => done,
                Poll::Pending => unreachable!("an operation awaits nothing but its transaction"),
            }
        };
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        db.execute_batch(end).map_err(engine)?;
        done.map_err(explain)
    }
}

impl Tx<'_> {
    fn query(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let mut statement = self.0.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values.iter().map(bound)))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let mut read = Vec::new();
            for at in 0..columns {
                read.push(match row.get_ref(at)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(int) => Value::from(int),
                    _ => Value::from(row.get::<_, String>(at)?),
                });
            }
            all.push(Row::new(read));
        }
        Ok(all)
    }
}

fn bound<'a>(value: &'a Value<'_>) -> ToSqlOutput<'a> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Int(int) => ValueRef::Integer(*int),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
    })
}

fn now() -> i64 {
    i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

impl Transaction for Tx<'_> {
    type Error = Error;

    const CLOCK: LeaseClock = LeaseClock::Server;

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
        let changed = self.0.prepare_cached(sql).and_then(|mut statement| {
            statement.execute(params_from_iter(values.iter().map(bound)))
        });
        ready(changed.map(|rows| rows as u64).map_err(OpError::Engine))
    }

    fn head(
        &mut self,
        run: &str,
        _: Lock,
    ) -> impl Future<Output = OpResult<Option<(Row, i64)>, Self>> + Send {
        let rows = self.query(HEAD, &[run.into()]);
        let head = rows.map(|mut rows| rows.pop().map(|row| (row, now())));
        ready(head.map_err(OpError::Engine))
    }

    fn now(&mut self) -> impl Future<Output = OpResult<i64, Self>> + Send {
        ready(Ok(now()))
    }
}

async fn open(_: &str) -> ((), [Smallest; 2]) {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    db.execute_batch(SCHEMA).unwrap();
    let engine = Smallest(Arc::new(Mutex::new(db)));
    ((), [engine.clone(), engine])
}

pocketflow_checkpoint::conformance_tests!(open);
