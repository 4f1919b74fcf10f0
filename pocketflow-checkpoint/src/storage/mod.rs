//! Where runs are stored: the trait [`Storage`], its plain data, and its engines.

mod announcements;
mod claim;
mod data;
mod engine;
mod error;
mod operation;
pub(crate) mod owner;
#[cfg(feature = "postgres")]
mod postgres;
mod rules;
mod sql;
mod sqlite;
mod stored_state;
mod transaction;

use std::future::Future;
use std::time::{Duration, SystemTime};

pub(crate) use announcements::Announced;
pub use announcements::Announcements;
pub use claim::{Claim, Watched};
pub use data::{
    BeginOutcome, Checkpoint, CheckpointState, DueAttempt, InnerRecord, ItemKey, NewInnerRun,
    NewRun, NextAttempt, OpenWait, Pause, PendingAttempt, Retention, RunRecord, RunSummary,
    StateChange, Status, Step, UnknownStatus,
};
pub use engine::Engine;
pub use error::{Cause, StorageError, StorageResult};
pub use operation::{OpError, OpResult, Operation, Release};
pub(crate) use pocketflow_durable::millis;
#[doc(inline)]
pub use pocketflow_durable::utc;
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresOptions};
pub use sql::{HEAD, SCHEMA, SCHEMA_VERSION};
pub use sqlite::{Sqlite, SqliteOptions};
pub use transaction::{LeaseClock, Lock, Row, Transaction, Value};

/// A storage of runs. [`Sqlite`] is a file; `Postgres` (feature `postgres`) is a database that
/// several machines share. An [engine](crate::engine) of your own is a storage too.
///
/// A storage has what a run needs to resume after a crash, after a restart, or when a person has
/// decided: its last state and its position, the finished items of a batch in progress, what it
/// waits for, and a history of its steps.
///
/// ```
/// use pocketflow_checkpoint::{BeginOutcome, Retention, NewRun, Pause, Sqlite, StateChange, Status, Step, Storage};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("runs.db");
/// let runs = Sqlite::open(&file).await?;
/// let lease = Duration::from_secs(60);
/// let new = NewRun { flow: "Checkout".into(), graph: "{}".into(), state: "{}".into(), position: "[0]".into() };
/// assert_eq!(runs.begin("order-7", "host-1", lease, &new).await?, BeginOutcome::New);
/// let step = Step {
///     step: 1,
///     path: "Checkout > review".into(),
///     position: "[1]".into(),
///     action: "approved".into(),
///     graph: None,
///     state: StateChange::some(r#"{"total_cents": 4200}"#),
///     inner_runs: false,
///     attempts: false,
/// };
/// runs.commit("order-7", "host-1", lease, &step, Retention::All).await?;
/// let state = StateChange::some("{}");
/// let pause = Pause { step: 1, field: "signature", within: None, position: "[1]", graph: None, state, refused: None };
/// assert_eq!(runs.wait("order-7", "host-1", &pause).await?.name, "signature#1");
///
/// // Another program, days later:
/// assert_eq!(runs.list(Some(Status::Waiting)).await?.len(), 1);
/// runs.fill("order-7", "signature#1", r#""Ada""#).await?;
/// # Ok(()) }
/// ```
///
/// # Operations
///
/// Every operation is one transaction. When its future returns `Ok`, the operation happened and is
/// durable. When it returns an error, nothing of it happened, except after
/// [`StorageError::Disconnected`], when the outcome is unknown. An operation whose future is dropped
/// may have happened or not, and does no harm.
///
/// # Ids
///
/// The id of a run, an owner and a field is a text of 1 to 200 bytes without a NUL character. Any
/// other text is [`StorageError::Invalid`]. An owner stands for one attempt to drive a run, so
/// choose a new id for each process and run: two owners with the same id hold the same lease.
///
/// # Leases
///
/// The owner that begins a run holds its lease until the run finishes, fails, waits or is released,
/// or until the lease expires **and another owner begins the run**. Until then, an owner whose lease
/// expired (on a laptop that slept, for example) still holds it, because nothing can have happened
/// to the run in the meantime. The operations that take an `owner` are **fenced**: if another owner
/// has taken over, or if no owner holds the lease, they return [`StorageError::LeaseLost`] and write
/// nothing.
///
/// A lease does not depend on clocks that agree. PostgreSQL leases use the clock of the server. In
/// an SQLite file, an owner increments a number each time it renews its lease. A process that wants
/// the run and cannot tell from the time whether the owner is alive watches that number for as long
/// as the lease lasts. On Linux, it does not wait for an owner whose process is known to have died.
///
/// # Waits
///
/// Each time a run reaches an `await(field)`, that wait gets a name: the field, and how many times
/// the run has waited for it, counted from 1: `approval#1`, `approval#2`. The records and lists
/// contain the name, and [`fill`](Storage::fill) takes it.
///
/// # Inner runs
///
/// Where a flow runs on a field of the store, that run is a run as well, with an id of 1 to 1,000
/// bytes. It is a part of one step of the run around it: see
/// [`begin_inner`](Storage::begin_inner).
pub trait Storage: Send + Sync + 'static {
    /// Begins or resumes a run, and takes its lease.
    ///
    /// An unknown run is stored with the data in `new`. A known run is returned as it was stored
    /// last, and its lease is taken over unless another owner holds it. A failed run is then
    /// running again, and so is a waiting run whose wait has been filled. Any other waiting run
    /// stays waiting, with its lease taken, until a step is committed. A finished run is returned
    /// and its lease is not taken.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if another owner holds a lease that has not expired;
    /// [`StorageError::Stuck`].
    fn begin(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        new: &NewRun,
    ) -> impl Future<Output = StorageResult<BeginOutcome>> + Send;

    /// Begins or resumes an inner run: a run on a store within the store of another run, in a step of
    /// that run. It has a state, items, waits and a history of its own. It has no lease: the caller
    /// must hold that of the outermost run, for this and for all other operations on it.
    ///
    /// An unknown inner run is stored with the data in `inner.new`. A known one is returned as it was
    /// stored last. If it has failed, or if its wait has been filled, it is then running again.
    ///
    /// The inner runs of a step are removed with it: see [`Step::inner_runs`].
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`]; [`StorageError::Behind`] if the outer step has been stored;
    /// [`StorageError::Exists`] if there is a run with this id that is not an inner run of the same
    /// outermost run.
    fn begin_inner(
        &self,
        run: &str,
        owner: &str,
        inner: &NewInnerRun<'_>,
    ) -> impl Future<Output = StorageResult<BeginOutcome>> + Send;

    /// The stored inner runs of the step that a run is in, in the order of their ids.
    fn inner_runs(&self, run: &str)
    -> impl Future<Output = StorageResult<Vec<InnerRecord>>> + Send;

    /// Stores that an outermost run waits for nothing but its inner runs, which all wait, and releases
    /// its lease. A worker may take it up when the first of their deadlines and attempts is due. As soon
    /// as one of them is filled, so is the outermost run. If one has been filled in
    /// the meantime, it is at once.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`]; [`StorageError::InnerRun`].
    fn wait_for_inner(
        &self,
        run: &str,
        owner: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores a new run that no owner holds, for a worker to [take up](Storage::claim). A known run
    /// is returned as it is stored, and does not change.
    fn enqueue(
        &self,
        run: &str,
        new: &NewRun,
    ) -> impl Future<Output = StorageResult<BeginOutcome>> + Send;

    /// Takes the leases of runs that can continue and that no owner holds: new runs, runs that were
    /// released, and waiting runs whose wait has been filled. The runs of each flow come in the order
    /// in which they were created. Several workers that claim at the same time get different runs.
    ///
    /// The records have the new owner and the new lease. Everything else in them is as it was
    /// before. The runs are running from then on.
    fn claim(
        &self,
        claim: &Claim<'_>,
    ) -> impl Future<Output = StorageResult<Vec<RunRecord>>> + Send;

    /// Releases the leases of owners that have died, of runs of these flows, so that
    /// [`claim`](Storage::claim) finds the runs, and returns how many there were.
    ///
    /// If it is unknown whether an owner is alive, the lease is watched. Pass the same `watched` each
    /// time, and call this again after its [`pause`](Watched::pause).
    fn release_orphans(
        &self,
        flows: &[&str],
        watched: &mut Watched,
    ) -> impl Future<Output = StorageResult<u64>> + Send;

    /// Releases the lease of a run that this program cannot resume, with the reason as its message.
    /// [`claim`](Storage::claim) finds it again after a minute, and later and later while the run does
    /// not change, up to an hour, because another program may be able to.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn defer(
        &self,
        run: &str,
        owner: &str,
        message: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores a finished step and renews the lease. The run is running from then on.
    ///
    /// The stored items of this step and of earlier steps are removed, the value of a wait counts as
    /// used, and the step is added to the history, of which `retention` says how much is kept. The
    /// history shares the fields that a step does not change with the steps before it. Storing the
    /// same step again replaces it.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`]; [`StorageError::Behind`] if a later step has been stored;
    /// [`StorageError::InvalidState`] if the state is not a JSON object.
    fn commit(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        step: &Step,
        retention: Retention,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores a finished item of a batch, or a finished branch of a fork, of the step in progress.
    /// It does not renew the lease. Storing the same item again replaces it.
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

    /// The stored items of a step, in the order of their keys (`None` comes first). An unknown run
    /// has none.
    fn items(
        &self,
        run: &str,
        step: u64,
    ) -> impl Future<Output = StorageResult<Vec<(ItemKey, String)>>> + Send;

    /// Stores that an exec of the step in progress waits before its next attempt, and returns when that
    /// attempt is due. `wait` is how long it waits. This does not renew the lease.
    ///
    /// The time counts from the first call for an attempt, by the clock that leases are measured with.
    /// A later call for the same attempt, or for an earlier one, changes nothing, and returns what is
    /// left. What is stored of the exec is replaced when it waits for a later attempt. It is removed
    /// when its [step](Step::attempts) is stored, when the run fails, and by
    /// [`retry`](Storage::retry), [`rewind`](Storage::rewind) and [`drop_items`](Storage::drop_items),
    /// so that the attempts start over.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`]; [`StorageError::Behind`] if the step has been stored.
    fn keep_attempt(
        &self,
        run: &str,
        owner: &str,
        step: u64,
        attempt: &PendingAttempt,
        wait: Duration,
    ) -> impl Future<Output = StorageResult<DueAttempt>> + Send;

    /// The stored attempts of a step, in the order of their branches and items. An unknown run has
    /// none.
    fn attempts(
        &self,
        run: &str,
        step: u64,
    ) -> impl Future<Output = StorageResult<Vec<PendingAttempt>>> + Send;

    /// Stores that a run waits for nothing but attempts, the first of which is due at this time, and
    /// releases its lease. From then on a worker may take it up. An inner run has no lease: the
    /// outermost run then [waits for it](Storage::wait_for_inner).
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn wait_to_retry(
        &self,
        run: &str,
        owner: &str,
        due: SystemTime,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores that a run waits for a field in the step after `pause.step`, and releases its lease.
    /// Stored items stay. If that wait has been filled already, its value as JSON is returned
    /// instead, and the caller continues and keeps its lease.
    ///
    /// A value that was [refused](Pause::refused) is removed.
    ///
    /// If the wait has a deadline, it is stored when the run first reaches the wait: the time by the
    /// clock that leases are measured with, and [`Pause::within`]. A call after the deadline, at which
    /// the wait has no value, lets it [expire](OpenWait::expired), and the caller continues and keeps its
    /// lease. From then on the wait cannot be filled, and every later call returns the same. Until then
    /// it can, even after the deadline. So of a value and the end of the time, one wins.
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

    /// Stores the value for a wait. The run resumes with it when it is started again. This needs no
    /// lease.
    ///
    /// `wait` is the name of a wait, such as `approval#2`. The run may not have reached it yet: the
    /// value is kept until it does. A field alone, `approval`, is enough if the run waits for it at
    /// this moment.
    ///
    /// # Errors
    ///
    /// [`StorageError::WaitClosed`] if the run has continued after that wait, or the wait has expired;
    /// [`StorageError::AlreadyFilled`]; [`StorageError::NotWaiting`] if only a field is named
    /// and the run does not wait for it, or if the run is finished;
    /// [`StorageError::InvalidJson`]; [`StorageError::UnknownRun`].
    fn fill(
        &self,
        run: &str,
        wait: &str,
        value_json: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// The value of a wait, as JSON: the wait with this name, or the open wait if only its field is
    /// named. The value stays known after the run has continued.
    ///
    /// # Errors
    ///
    /// [`StorageError::UnknownRun`].
    fn filled(
        &self,
        run: &str,
        wait: &str,
    ) -> impl Future<Output = StorageResult<Option<String>>> + Send;

    /// Of these runs that wait, each with its last finished step, those that another call should
    /// look at: a run that has been filled, does not wait any more, has moved on, or is unknown. A
    /// process asks this about all runs that wait in it.
    fn moved(
        &self,
        waiting: &[(String, u64)],
    ) -> impl Future<Output = StorageResult<Vec<String>>> + Send;

    /// A text that differs after anything that is stored may have changed. `None` if the storage
    /// cannot tell that at once; then a process that waits for runs asks about them each time.
    fn version(&self) -> impl Future<Output = StorageResult<Option<String>>> + Send {
        std::future::ready(Ok(None))
    }

    /// Tells the other processes that use this storage to look at a run, because it may go on. This is
    /// only a hint, which may be lost. A storage that cannot tell them does nothing.
    fn announce(&self, _run: &str) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// What other processes announce from now on. `None` if the storage hears nothing of them; a
    /// process that waits for runs then finds out when it polls.
    fn announcements(&self) -> Option<Announcements> {
        None
    }

    /// Stores that a run reached an exit, and its last state. The lease is released and stored items
    /// are removed. The history stays.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn finish(
        &self,
        run: &str,
        owner: &str,
        exit: &str,
        state: &StateChange,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Stores that a run failed, and why. The lease is released. The state, the stored items and
    /// the values of waits stay, because the run may start again.
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

    /// Stores that a run is stuck, and why. It cannot start again before a
    /// [`retry`](Storage::retry). The lease is released, and everything else stays as after
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

    /// Lets a run that is stuck, failed or cancelled start again: it is running, has no owner, and
    /// goes on after its last finished step. So does a run that waits for another
    /// [attempt](Storage::keep_attempt), or an inner run of which does, and one that a worker has
    /// [deferred](Storage::defer). The attempts start over.
    ///
    /// # Errors
    ///
    /// [`StorageError::WrongStatus`] if it is running otherwise, finished, or waits for anything else;
    /// [`StorageError::UnknownRun`].
    fn retry(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Cancels a run, no matter who drives it: its lease is released, and the next call of its owner is
    /// [`StorageError::Cancelled`]. It cannot start again, and cannot be filled, before a
    /// [`retry`](Storage::retry). Its state, its history and the values of its waits stay. A run
    /// that is cancelled already stays as it is.
    ///
    /// # Errors
    ///
    /// [`StorageError::WrongStatus`] if it is finished; [`StorageError::UnknownRun`].
    fn cancel(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Releases the lease of a run, no matter who holds it. If that owner is alive, its next call is
    /// [`StorageError::LeaseLost`], and what it was doing is done once more.
    ///
    /// # Errors
    ///
    /// [`StorageError::NoLease`]; [`StorageError::UnknownRun`].
    fn release_lease(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Puts a run back to where it was after a step of its history. It is running and has no owner,
    /// whatever its status was. The later steps, the stored items, and the waits that it reached
    /// after that step, with their values, are removed.
    ///
    /// # Errors
    ///
    /// [`StorageError::NoCheckpoint`] if the history does not have the step;
    /// [`StorageError::Alive`] if an owner holds a lease that has not expired;
    /// [`StorageError::UnknownRun`].
    fn rewind(&self, run: &str, step: u64) -> impl Future<Output = StorageResult<()>> + Send;

    /// Changes the state of a run: `fields` is a JSON object with the fields that change. The
    /// history stays as it is.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if an owner holds a lease that has not expired;
    /// [`StorageError::WrongStatus`] if the run is finished; [`StorageError::NoSuchField`];
    /// [`StorageError::InvalidState`] if `fields` is not a JSON object;
    /// [`StorageError::UnknownRun`].
    fn edit(&self, run: &str, fields: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Renews the lease, which then lasts for `lease` from now.
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

    /// Releases the lease. Everything else stays as it is.
    ///
    /// # Errors
    ///
    /// [`StorageError::LeaseLost`].
    fn release(&self, run: &str, owner: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Releases the lease from code that cannot await, after a call of this owner was dropped. That
    /// call may still take the lease, so the release comes after it. Dropping the last handle of
    /// the storage waits for the release, for a few seconds at most.
    fn release_later(&self, run: &str, owner: &str);

    /// The runs with this status, or all runs. The run that changed last comes last. Of the inner
    /// runs, only those that wait are among them.
    fn list(
        &self,
        filter: Option<Status>,
    ) -> impl Future<Output = StorageResult<Vec<RunSummary>>> + Send;

    /// Everything about a run, or `None` if the run is unknown.
    fn show(&self, run: &str) -> impl Future<Output = StorageResult<Option<RunRecord>>> + Send;

    /// The steps in the history of a run, in their order.
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

    /// Copies a run, as it was after a step, to a new run. The new run is running, has no
    /// owner, and has the history up to that step as far as it is kept. The other run may be in
    /// progress and does not change.
    ///
    /// # Errors
    ///
    /// [`StorageError::NoCheckpoint`] if the history does not have the step;
    /// [`StorageError::Exists`]; [`StorageError::UnknownRun`]; [`StorageError::InnerRun`].
    fn fork(
        &self,
        run: &str,
        step: u64,
        new_run: &str,
    ) -> impl Future<Output = StorageResult<()>> + Send;

    /// Removes a run with its history, its items and its inner runs.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if an owner holds a lease that has not expired;
    /// [`StorageError::UnknownRun`]; [`StorageError::InnerRun`].
    fn remove(&self, run: &str) -> impl Future<Output = StorageResult<()>> + Send;

    /// Removes the stored items and inner runs of the step that a run is in, and returns how many there
    /// were. They run again when the run resumes.
    ///
    /// # Errors
    ///
    /// [`StorageError::Alive`] if an owner holds a lease that has not expired;
    /// [`StorageError::UnknownRun`].
    fn drop_items(&self, run: &str) -> impl Future<Output = StorageResult<u64>> + Send;

    /// Removes the runs with this status that have not changed since `before`, at most `limit` of
    /// them, and returns how many there were.
    ///
    /// # Errors
    ///
    /// [`StorageError::Invalid`] if the status is running or waiting.
    fn prune(
        &self,
        status: Status,
        before: SystemTime,
        limit: Option<u32>,
    ) -> impl Future<Output = StorageResult<u64>> + Send;

    /// Gives the room of removed runs and steps back to the system. Runs may be in progress, and
    /// wait in the meantime.
    fn vacuum(&self) -> impl Future<Output = StorageResult<()>> + Send;
}
