//! Where runs are stored: the trait [`Storage`], its plain data, and its engines.

mod data;
mod engine;
mod error;
mod millis;
mod operation;
pub(crate) mod owner;
#[cfg(feature = "postgres")]
mod postgres;
mod rules;
mod sql;
mod sqlite;
mod transaction;

use std::future::Future;
use std::time::{Duration, SystemTime};

pub use data::{
    BeginOutcome, Checkpoint, CheckpointState, ItemKey, NewRun, OpenWait, Pause, Retention,
    RunRecord, RunSummary, Status, Step, UnknownStatus,
};
pub use engine::Engine;
pub use error::{Cause, StorageError, StorageResult};
pub use operation::{OpError, OpResult, Operation, Release};
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
pub use sql::{HEAD, SCHEMA, SCHEMA_VERSION};
pub use sqlite::{Sqlite, SqliteOptions};
pub use transaction::{LeaseClock, Lock, Row, Transaction, Value};

/// Where runs are stored. [`Sqlite`] is a file; `Postgres` (feature `postgres`) is a database that
/// several machines share.
///
/// Every operation is one transaction: it happened and is durable when its future returns `Ok`, and
/// nothing of it happened when it returns an error (but for [`StorageError::Disconnected`], after
/// which nobody knows). A future that is dropped may have happened or not, and does no harm.
///
/// # Ids
///
/// A run, an owner and a field is any text of 1 to 200 bytes without a NUL character; anything else
/// is [`StorageError::Invalid`]. An owner stands for one attempt to drive a run, so choose a new
/// one for each process and run: two that call themselves the same hold the same lease.
///
/// # The lease
///
/// Whoever begins a run holds its lease until it finishes, fails, waits or releases it, or until
/// the lease runs out **and somebody else begins the run**. Until then, an owner whose lease ran
/// out (on a laptop that slept, say) still holds it: nothing can have happened to the run in the
/// meantime. The operations that take an `owner` are **fenced**: they fail with
/// [`StorageError::LeaseLost`] and write nothing if another owner has taken over, or if nobody
/// holds the lease.
///
/// A lease does not depend on clocks that agree. PostgreSQL's is measured by the clock of the
/// server. In an SQLite file, an owner counts up a number whenever it renews its lease; a process
/// that wants the run and cannot tell from the time whether the owner lives watches that number for
/// as long as the lease lasts. On Linux, an owner whose process is known to have died is not waited
/// for.
///
/// # Waits
///
/// Each time a run comes to an `await(field)`, that wait has a name: the field and how often the
/// run has come to one for it, from 1 on: `approval#1`, `approval#2`. The records and lists give it
/// out, and [`fill`](Storage::fill) takes it.
pub trait Storage: Send + Sync + 'static {
    /// Begins a run, or goes on with it, and takes its lease.
    ///
    /// An unknown run is stored as `new` says. A known run is returned as it was stored last, and
    /// its lease is taken over if nobody else holds it; a run that has failed is then running
    /// again, and so is one that waited if it has been filled. A run that still waits goes on
    /// waiting, with its lease taken, until a step is committed. A finished run is returned as it
    /// is and its lease is not taken.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if somebody else holds a lease that has not run out;
    /// [`StorageError::Stuck`].
    fn begin(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        new: &NewRun,
    ) -> impl Future<Output = StorageResult<BeginOutcome>> + Send;

    /// Stores a finished step and renews the lease. The run is running from then on.
    ///
    /// The kept items of this step and of those before it go, what was filled counts as used, the
    /// step goes into the history, and of the history is kept what `retention` says. Storing the
    /// same step once more replaces it.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`]; [`StorageError::Behind`] if a later step has been stored.
    fn commit(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        step: &Step,
        retention: Retention,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Keeps a finished item of a batch, or a finished branch of a fork, of the step in flight. It
    /// does not renew the lease. Keeping the same item once more replaces it.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn keep_item(
        &self,
        run: &str,
        owner: &str,
        step: u64,
        item: &ItemKey,
        json: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// The kept items of a step, in the order of their keys (`None` comes first). An unknown run
    /// has none.
    fn items(
        &self,
        run: &str,
        step: u64,
    ) -> impl Future<Output = StorageResult<Vec<(ItemKey, String)>>> + Send;

    /// Lets a run wait for a field in the step after `pause.step`, and releases its lease. Kept
    /// items stay. If that wait has been filled already, its value as JSON is returned instead,
    /// and the caller goes on, and holds its lease.
    ///
    /// A value that was [refused](Pause::refused) goes.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`]; [`StorageError::Behind`] if a later step has been stored.
    fn wait(
        &self,
        run: &str,
        owner: &str,
        pause: &Pause<'_>,
    ) -> impl Future<Output = StorageResult<OpenWait>> + Send;

    /// Fills a wait; anybody may. The run goes on when somebody begins it.
    ///
    /// `wait` is the name of a wait, such as `approval#2`. The run need not have come to it yet:
    /// the value is kept until it does. A field alone, `approval`, is enough if the run waits
    /// for it at this moment.
    ///
    /// # Errors
    ///
    /// [`StorageError::WaitClosed`] if the run has gone on from that wait;
    /// [`StorageError::AlreadyFilled`]; [`StorageError::NotWaiting`] if only a field is named
    /// and the run does not wait for it, or if the run is finished;
    /// [`StorageError::InvalidJson`]; [`StorageError::UnknownRun`].
    fn fill(
        &self,
        run: &str,
        wait: &str,
        value_json: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// What a wait has been filled with, as JSON: the one with this name, or the one that is open
    /// if only its field is named. It stays known when the run has gone on.
    ///
    /// # Errors
    ///
    /// [`StorageError::UnknownRun`].
    fn filled(
        &self,
        run: &str,
        wait: &str,
    ) -> impl Future<Output = StorageResult<Option<String>>> + Send;

    /// Stores that a run reached an exit, and its last state. The lease is released, kept items go,
    /// the history stays.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn finish(
        &self,
        run: &str,
        owner: &str,
        exit: &str,
        state: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores that a run failed, and why. The lease is released; the state, kept items and what was
    /// filled stay, for the run may be begun again.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn fail(
        &self,
        run: &str,
        owner: &str,
        message: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores that a run is stuck, and why. It does not begin again before a
    /// [`retry`](Storage::retry). The lease is released; all else stays as with
    /// [`fail`](Storage::fail).
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn give_up(
        &self,
        run: &str,
        owner: &str,
        why: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Lets a run that is stuck begin again.
    ///
    /// # Errors
    ///
    /// [`StorageError::NotStuck`]; [`StorageError::UnknownRun`].
    fn retry(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Lets the lease hold for so long from now.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn renew(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Gives the lease back; everything else stays as it is.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn release(&self, run: &str, owner: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// The same from where nothing can be awaited, after a call that was dropped: the lease is
    /// given back when that call is over, if it took it. Dropping the last handle of the
    /// storage waits for it, for a few seconds at most.
    fn release_later(&self, run: &str, owner: &str);

    /// The runs with this status, or all; the one that changed last comes last.
    fn list(
        &self,
        filter: Option<Status>,
    ) -> impl Future<Output = StorageResult<Vec<RunSummary>>> + Send;

    /// All of a run, or `None` if it is unknown.
    fn show(&self, run: &str) -> impl Future<Output = StorageResult<Option<RunRecord>>> + Send;

    /// The steps of a run that are kept, in their order.
    ///
    /// # Errors
    ///
    /// [`StorageError::UnknownRun`].
    fn history(&self, run: &str) -> impl Future<Output = StorageResult<Vec<Checkpoint>>> + Send;

    /// What a run looked like after a step, or `None` if the step is not in the history.
    fn checkpoint(
        &self,
        run: &str,
        step: u64,
    ) -> impl Future<Output = StorageResult<Option<CheckpointState>>> + Send;

    /// Makes a new run that stands after a step of another: running, without an owner, with the
    /// history up to that step as far as it is kept. The other run may be alive; it stays as it
    /// is.
    ///
    /// # Errors
    ///
    /// [`StorageError::NoCheckpoint`] if the history does not have the step;
    /// [`StorageError::Exists`]; [`StorageError::UnknownRun`].
    fn fork(
        &self,
        run: &str,
        step: u64,
        new_run: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Removes a run with its history and its items.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if somebody holds a lease that has not run out;
    /// [`StorageError::UnknownRun`].
    fn remove(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Drops what is kept of the items of a run's step, and says how many: they are done again when
    /// the run is begun again.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if somebody holds a lease that has not run out;
    /// [`StorageError::UnknownRun`].
    fn drop_items(&self, run: &str) -> impl Future<Output = StorageResult<u64>> + Send;

    /// Removes the runs that finished before this time, and says how many. Those that failed or
    /// wait stay.
    fn prune(&self, finished_before: SystemTime)
    -> impl Future<Output = StorageResult<u64>> + Send;
}
