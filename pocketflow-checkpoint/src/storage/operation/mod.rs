//! The operations of a storage, each within one transaction. The [rules](super::rules) decide, and
//! the [statements](super::sql) store.

mod attempt;
mod claim;
mod history;
mod inner;
mod lease;
mod manage;
mod read;
mod state;
mod step;
mod wait;

use std::future::Future;

pub(crate) use attempt::{Attempts, KeepAttempt, WaitToRetry};
pub(crate) use claim::{Defer, Enqueue, Owned, ReleaseOrphans, TakeUp};
pub(crate) use history::{Fork, History, Prune, ReadCheckpoint, Remove};
pub(crate) use inner::{BeginInner, InnerRuns, WaitForInner};
pub use lease::Release;
pub(crate) use lease::{Begin, Fail, Renew};
pub(crate) use manage::{Cancel, Edit, ReleaseLease, Retry, Rewind};
pub(crate) use read::{List, Show};
pub(crate) use step::{Commit, DropItems, Finish, Items, KeepItem};
pub(crate) use wait::{Fill, Filled, Moved, ReadVersion, Wait};

use super::error::StorageError;
use super::rules::{self, RunHead};
use super::transaction::{Lock, Row, Transaction, Value};

/// An operation of a [`Storage`](crate::Storage), which an [`Engine`](super::Engine) runs within a
/// transaction.
pub trait Operation: Send + Sync + 'static {
    /// What it returns.
    type Output: Send + 'static;

    /// Whether it changes the database. One that does not sees the database as it is at one moment,
    /// and locks no row.
    const WRITES: bool = true;

    /// Whether its run does nothing else until it is done: it is a step that is stored, or the end
    /// of a run. An engine may then perform it without a queue.
    const ALONE: bool = false;

    /// The run whose progress it stores, if it is an operation of an owner.
    fn run(&self) -> Option<&str> {
        None
    }

    /// What it does, for error messages: ``store step 3 of run `order-7` ``.
    fn describe(&self) -> String;

    /// Runs it within a transaction. The engine commits the transaction if this succeeds, and rolls
    /// it back otherwise. It may be called again in another transaction.
    fn perform<T: Transaction>(
        &self,
        tx: &mut T,
    ) -> impl Future<Output = OpResult<Self::Output, T>> + Send;
}

/// What an operation returns within a transaction.
pub type OpResult<T, X> = Result<T, OpError<<X as Transaction>::Error>>;

/// Why an operation failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpError<E> {
    /// The database failed.
    Engine(E),
    /// The operation is not allowed.
    Rule(StorageError),
    /// A column has a type that this crate does not store in it.
    Column {
        /// The index of the column.
        at: usize,
    },
    /// The text of a field is missing.
    Missing {
        /// The name of the field.
        field: String,
    },
}

impl<E> From<StorageError> for OpError<E> {
    fn from(error: StorageError) -> Self {
        OpError::Rule(error)
    }
}

impl<E> OpError<E> {
    /// The error for the caller. `place` is the database, `doing` is what the operation
    /// [does](Operation::describe), and `explain` says what an error of the database means.
    pub fn explain(
        self,
        place: &str,
        doing: &str,
        explain: impl FnOnce(&str, &str, E) -> StorageError,
    ) -> StorageError {
        match self {
            OpError::Engine(error) => explain(place, doing, error),
            OpError::Rule(error) => error,
            OpError::Column { at } => StorageError::Engine {
                place: place.to_owned(),
                doing: doing.to_owned(),
                source: format!("column {at} of a row has an unexpected type").into(),
            },
            OpError::Missing { field } => StorageError::Engine {
                place: place.to_owned(),
                doing: doing.to_owned(),
                source: format!("the text of the field `{field}` is missing").into(),
            },
        }
    }
}

/// The head of a run that must exist.
async fn head<T: Transaction>(tx: &mut T, run: &str, lock: Lock) -> OpResult<RunHead, T> {
    rules::run_id(run)?;
    find(tx, run, lock)
        .await?
        .ok_or_else(|| rules::unknown(run).into())
}

async fn find<T: Transaction>(tx: &mut T, run: &str, lock: Lock) -> OpResult<Option<RunHead>, T> {
    let found = tx.head(run, lock).await?;
    found.map(|(row, now)| RunHead::read(row, now)).transpose()
}

/// The head of a run whose lease the caller must hold. That of an inner run is the lease of the
/// outermost run.
async fn fenced<T: Transaction>(
    tx: &mut T,
    run: &str,
    owner: &str,
    lock: Lock,
) -> OpResult<RunHead, T> {
    rules::id("owner", owner)?;
    let head = head(tx, run, lock).await?;
    match &head.root {
        Some(root) => inner::fence_root(tx, root, owner).await?,
        None => head.fence(run, owner)?,
    }
    Ok(head)
}

/// The head of an outermost run whose lease the caller must hold.
async fn fenced_outermost<T: Transaction>(
    tx: &mut T,
    run: &str,
    owner: &str,
    lock: Lock,
) -> OpResult<RunHead, T> {
    let head = fenced(tx, run, owner, lock).await?;
    head.outermost(run)?;
    Ok(head)
}

/// The first row of a query.
async fn first<T: Transaction>(
    tx: &mut T,
    sql: &'static str,
    values: &[Value<'_>],
) -> OpResult<Option<Row>, T> {
    Ok(tx.rows(sql, values).await?.into_iter().next())
}

/// The rows of a query, each as `read` reads it.
async fn all<T: Transaction, R>(
    tx: &mut T,
    sql: &'static str,
    values: &[Value<'_>],
    read: impl Fn(Row) -> OpResult<R, T>,
) -> OpResult<Vec<R>, T> {
    let rows = tx.rows(sql, values).await?;
    rows.into_iter().map(read).collect()
}

/// The number that a query returns.
async fn count<T: Transaction>(
    tx: &mut T,
    sql: &'static str,
    values: &[Value<'_>],
) -> OpResult<i64, T> {
    match first(tx, sql, values).await? {
        Some(mut row) => row.int(0),
        None => Ok(0),
    }
}
