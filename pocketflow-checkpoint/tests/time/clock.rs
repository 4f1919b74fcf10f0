//! A clock that a test sets.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::SystemTime;

use pocketflow::Error;
use pocketflow_checkpoint::engine::{
    Engine, LeaseClock, Lock, OpResult, Operation, Release, Row, Transaction, Value,
};
use pocketflow_checkpoint::{Checkpoints, Parked, Sqlite, StorageResult};

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// An SQLite file, and a clock that the test sets.
#[derive(Clone)]
pub(crate) struct Clocked {
    sqlite: Sqlite,
    /// How far the clock is ahead, in milliseconds.
    pub(crate) ahead: Arc<AtomicI64>,
}

impl Engine for Clocked {
    async fn run<O: Operation>(&self, operation: O) -> StorageResult<O::Output> {
        let ahead = self.ahead.load(SeqCst);
        self.sqlite
            .run(Ahead {
                of: operation,
                ahead,
            })
            .await
    }

    fn release_in_background(&self, release: Release) {
        self.sqlite.release_in_background(release);
    }
}

/// An operation, or its transaction, with another time.
struct Ahead<O> {
    of: O,
    ahead: i64,
}

impl<O: Operation> Operation for Ahead<O> {
    type Output = O::Output;
    const WRITES: bool = O::WRITES;

    fn describe(&self) -> String {
        self.of.describe()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<O::Output, T> {
        let ahead = self.ahead;
        self.of.perform(&mut Ahead { of: tx, ahead }).await
    }
}

impl<T: Transaction> Transaction for Ahead<&mut T> {
    type Error = T::Error;
    const CLOCK: LeaseClock = T::CLOCK;
    const VERSION: Option<&'static str> = T::VERSION;

    async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> OpResult<Vec<Row>, Self> {
        self.of.rows(sql, values).await
    }

    async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> OpResult<u64, Self> {
        self.of.execute(sql, values).await
    }

    async fn head(&mut self, run: &str, lock: Lock) -> OpResult<Option<(Row, i64)>, Self> {
        let head = self.of.head(run, lock).await?;
        Ok(head.map(|(row, now)| (row, now + self.ahead)))
    }

    async fn now(&mut self) -> OpResult<i64, Self> {
        Ok(self.of.now().await? + self.ahead)
    }
}

/// A process at this time.
pub(crate) async fn process(file: &Path, ahead: i64) -> Checkpoints<Clocked> {
    Checkpoints::new(Clocked {
        sqlite: Sqlite::open(file).await.unwrap(),
        ahead: Arc::new(AtomicI64::new(ahead)),
    })
}

pub(crate) fn parked(error: &Error) -> &Parked {
    error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"))
}

/// Whether a time is so many milliseconds from now, with a minute to spare.
pub(crate) fn is_in(until: SystemTime, millis: i64) -> bool {
    let left = until.duration_since(SystemTime::now()).unwrap();
    left.as_millis().abs_diff(millis.unsigned_abs().into()) < 60_000
}
