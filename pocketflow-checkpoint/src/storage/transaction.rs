//! What an operation needs of a database: statements within one transaction.

use std::borrow::Cow;
use std::future::Future;

use super::operation::{OpError, OpResult};

/// A transaction of an [`Engine`](super::Engine), in which every [`Operation`](super::Operation) is
/// written.
///
/// The statements are plain SQL with numbered parameters, `?1`, `?2`, …, and they come from a fixed
/// set of static strings, so an engine can prepare each of them once.
pub trait Transaction: Send + Sized {
    /// The error of the database.
    type Error: Send;

    /// The clock that leases are measured with.
    const CLOCK: LeaseClock;

    /// The statement that removes at most `?3` runs with the status `?1` that have not changed since
    /// `?2`. An engine with row locks skips the rows that another transaction is removing.
    const PRUNE: &'static str = super::sql::PRUNE;

    /// The query for the runs of `?1`, a JSON object with a step for each run, that do not wait
    /// after that step.
    const MOVED: &'static str = super::sql::MOVED;

    /// A query for a text that changes whenever the database changes, if it takes no time.
    const VERSION: Option<&'static str> = None;

    /// The statement that finds the first `?3` runs of the flow `?1` that a worker may take up at the
    /// time `?2`. An engine with row locks locks them, and skips those that another transaction has
    /// locked.
    const READY: &'static str = super::sql::READY;

    /// The rows that a query returns.
    fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = OpResult<Vec<Row>, Self>> + Send;

    /// Runs a statement that changes rows, and returns how many it changed.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = OpResult<u64, Self>> + Send;

    /// The row of [`HEAD`](crate::engine::HEAD) for a run, if the run exists, with the time as
    /// [`now`](Transaction::now) returns it.
    ///
    /// The row stays locked until the transaction ends. An engine with one writer at a time needs
    /// no lock.
    fn head(
        &mut self,
        run: &str,
        lock: Lock,
    ) -> impl Future<Output = OpResult<Option<(Row, i64)>, Self>> + Send;

    /// The time in milliseconds since the epoch, by the clock that leases are measured with.
    fn now(&mut self) -> impl Future<Output = OpResult<i64, Self>> + Send;
}

/// How a row is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Other transactions may also take a shared lock on the row, and one may renew its lease, but
    /// none may change anything else of it.
    Shared,
    /// Other transactions may take a shared lock on the row, but no other one.
    Renewal,
    /// No other transaction may lock or change the row.
    Exclusive,
}

/// The clock that leases are measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseClock {
    /// All processes see the clock of one server, so the time that is stored with a lease decides.
    Server,
    /// Each process has its own clock, which may be wrong. A process that wants a run watches the
    /// lease for as long as it lasts.
    Process,
}

/// A value that goes into the database or comes out of it. No column has another type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value<'a> {
    /// NULL.
    #[default]
    Null,
    /// An integer.
    Int(i64),
    /// A text.
    Text(Cow<'a, str>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value::Text(Cow::Owned(value))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The parameters of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::storage::transaction::Value::from($value)),*]
    };
}
pub(super) use values;

/// A row that a query returned. Each column is read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Value<'static>>);

impl Row {
    /// A row with these columns.
    pub fn new(columns: impl IntoIterator<Item = Value<'static>>) -> Self {
        Row(columns.into_iter().collect())
    }

    fn take(&mut self, at: usize) -> Value<'static> {
        self.0.get_mut(at).map(std::mem::take).unwrap_or_default()
    }

    /// The text of a column.
    pub(crate) fn text<E>(&mut self, at: usize) -> Result<String, OpError<E>> {
        self.maybe_text(at)?.ok_or(OpError::Column { at })
    }

    /// The text of a column, unless it is NULL.
    pub(crate) fn maybe_text<E>(&mut self, at: usize) -> Result<Option<String>, OpError<E>> {
        match self.take(at) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.into_owned())),
            Value::Int(_) => Err(OpError::Column { at }),
        }
    }

    /// The integer of a column.
    pub(crate) fn int<E>(&mut self, at: usize) -> Result<i64, OpError<E>> {
        self.maybe_int(at)?.ok_or(OpError::Column { at })
    }

    /// The integer of a column, unless it is NULL.
    pub(crate) fn maybe_int<E>(&mut self, at: usize) -> Result<Option<i64>, OpError<E>> {
        match self.take(at) {
            Value::Null => Ok(None),
            Value::Int(int) => Ok(Some(int)),
            Value::Text(_) => Err(OpError::Column { at }),
        }
    }
}
