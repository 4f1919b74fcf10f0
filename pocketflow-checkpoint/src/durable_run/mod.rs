//! One durable run: the driver.

mod activity;
mod attempts;
mod begins_at;
mod calls;
mod claimed;
mod confidential;
mod driver;
mod ears;
mod enqueue;
mod inner;
mod items;
mod lease;
mod resume;
mod retry;
mod shared;
mod ttl;
mod wait;
mod waiters;

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow_durable::{
    BadField, BadState, Hints, ItemResults, Keeper, Migration, StoredAttempts,
};
use serde_json::Value;

use crate::storage::Storage;
use activity::Activity;
use claimed::Claimed;
pub(crate) use claimed::Stopped;
use confidential::Secrets;
pub(crate) use ears::listen;
use inner::{InnerRuns, Outer};
use lease::{Lease, LeaseKeeper};
pub(crate) use retry::{Backoff, retry};
pub(crate) use shared::RunsShared;

/// What a person can do about a run that does not fit the program.
const HINTS: Hints = Hints {
    changed: "finish it with the program that started it; or bring its state up to date with `migrate`; or start over under another id",
    part: "no migration converts it, because it is a part of a step",
    run_again: |what, run| {
        format!(
            "remove the stored {what} with `Checkpoints::drop_items`, or with `pocketflow runs drop-items {run}`, so that they run again"
        )
    },
};

/// A run that outlives its process: a driver, which [`Checkpoints::run`](crate::Checkpoints::run)
/// makes.
///
/// After every step, one transaction stores the store, the position of the run, and the action. A
/// run that is started again under its id resumes after the last stored step. The step that was
/// running starts again, and its [`Attempt::key`] is the same as before. In a batch or a fork, each
/// item or branch is stored as soon as it has finished, and does not run again.
///
/// A wait between two attempts of a node is stored if it lasts 5 seconds or longer. The run then goes on
/// at that attempt, when it is due, even if its process has died. The texts of the last error are
/// stored, and not its type.
///
/// The fields of the store need serde's `Serialize` and `Deserialize`, and so does what `exec`
/// returns in a batch and in the nodes of a fork.
///
/// [`Attempt::key`]: pocketflow::Attempt::key
pub struct DurableRun<E: Storage> {
    runs: Arc<RunsShared<E>>,
    id: String,
    owner: String,
    park: bool,
    migration: Option<Migration>,
    /// Whether a worker has taken up the run.
    claimed: Option<Claimed>,
    /// Whether this run must renew and release the lease.
    lease: Arc<Lease<E>>,
    /// Renews the lease once the run has started. Dropping it releases the lease.
    keeper: Mutex<Option<LeaseKeeper<E>>>,
    memory: Arc<Mutex<Memory>>,
    /// The inner runs that are running in this process. Those of an inner run are among them.
    inner_runs: InnerRuns<E>,
    /// What must not be in the texts of errors. All inner runs share it.
    secrets: Arc<Secrets>,
    /// What this run is in, if it is an inner run.
    outer: Option<Outer>,
    /// Which runs are at work, this one and all inner runs.
    activity: Arc<Activity>,
}

/// What the run has read from the storage and not used yet.
#[derive(Default)]
struct Memory {
    /// The definition of the flow and its store, as it is stored.
    definition: String,
    /// Whether the storage has this definition.
    definition_stored: bool,
    /// Writes the state, and remembers what it wrote.
    keeper: Keeper,
    /// The last stored step and its action: it does not run again.
    done: Option<(u64, String)>,
    /// The stored items of the current step.
    items: ItemResults,
    /// The stored attempts of the current step.
    attempts: StoredAttempts,
    /// The number of the last stored step.
    step: u64,
    /// Whether inner runs of the current step were stored when the run was loaded.
    had_inner_runs: bool,
    /// Whether the run has ended in a way that is stored already.
    settled: bool,
}

impl Memory {
    /// The storage has the state that was written last, with this definition.
    fn stored(&mut self) {
        self.keeper.stored();
        self.definition_stored = true;
    }

    /// The definition, unless the storage has it.
    fn new_definition(&self) -> Option<String> {
        (!self.definition_stored).then(|| self.definition.clone())
    }
}

impl<E: Storage> DurableRun<E> {
    pub(crate) fn new(runs: Arc<RunsShared<E>>, id: String, owner: String) -> Self {
        let lease = Arc::new(Lease::new(&runs, &id, &owner));
        Self {
            runs,
            id,
            owner,
            park: false,
            migration: None,
            claimed: None,
            lease,
            keeper: Mutex::default(),
            memory: Arc::default(),
            inner_runs: InnerRuns::default(),
            secrets: Arc::default(),
            outer: None,
            activity: Arc::default(),
        }
    }

    /// At an `await(field)`, a `sleep`, or a stored wait between two attempts, ends the run with
    /// [`Parked`](crate::Parked) as the cause of the error, so that the process can end too. Without it, the run waits in memory, which costs next to
    /// nothing; the process may still end at any time.
    #[must_use]
    pub fn park(mut self) -> Self {
        self.park = true;
        self
    }

    /// Converts the stored state if the flow or its store has changed so that the run could not
    /// resume: the function gets the state as JSON and returns it as this program expects it.
    ///
    /// It is called when a run starts, and again if the run starts again before its next step is
    /// stored, each time with the old state. The node that the run is at must still exist.
    ///
    /// It does not get the states of inner runs, which flows on a field have within a step. If they
    /// do not fit any more, or if it changes the items that they run on, the run is rejected with
    /// [`Changed`](crate::Changed), which says how to let them run again.
    #[must_use]
    pub fn migrate(
        mut self,
        migration: impl Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.migration = Some(Arc::new(migration));
        self
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keeper(&self) -> MutexGuard<'_, Option<LeaseKeeper<E>>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bad(&self, doing: &'static str, what: &str) -> impl FnOnce(serde_json::Error) -> BadState {
        move |source| BadState {
            run: self.id.clone(),
            doing,
            what: what.into(),
            source,
        }
    }

    fn bad_field(&self, doing: &'static str, error: BadField) -> BadState {
        self.bad(doing, &error.what())(error.source)
    }
}
