//! One durable run: the driver.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pocketflow::seam::Items;
use pocketflow::{At, Driver, Error, Graph, ItemCall, ItemId, KeepDriver, Node, Run, Shared, Start, Taken};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::checkpoints::Common;
use crate::error::StorageError;
use crate::heart::{Heart, Lease};
use crate::patience::{Patience, patiently};
use crate::position;
use crate::shape::Shape;
use crate::stops::{BadState, Changed, MovedOn, Parked, WrongValue};
use crate::storage::{Begun, ItemKey, NewRun, OpenWait, Pause, RunRecord, Status, Step, Storage};

type Migration = Box<dyn Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// A run that outlives its process: a driver, which [`Checkpoints::run`](crate::Checkpoints::run) makes.
///
/// After every step, one transaction stores the store, where the run stands, and the action. A run that is started again under its
/// id goes on after the last step that was stored. The step that was at work runs again, and its [`Attempt::key`] is the same as
/// before. Of a batch and of a fork, every finished item and branch is stored as it is done, and not done again.
///
/// The store needs serde's `Serialize` and `Deserialize`, and so does what the `exec` of a batch returns, and of each node of a fork.
///
/// [`Attempt::key`]: pocketflow::Attempt::key
pub struct DurableRun<E: Storage> {
    common: Arc<Common<E>>,
    id: String,
    owner: String,
    park: bool,
    migration: Option<Migration>,
    /// Whether the lease is this run's to renew and to give back.
    lease: Arc<Lease<E>>,
    /// Beats once the run has begun. What is left of it goes with the run, and gives the lease back.
    heart: Mutex<Option<Heart<E>>>,
    memory: Mutex<Memory>,
}

/// What the run has read from the storage and not used yet.
#[derive(Default)]
struct Memory {
    shape: String,
    /// The last step that was stored, and its action: it is not run again.
    done: Option<(u64, String)>,
    /// The finished items of the step after it.
    step: u64,
    items: HashMap<ItemKey, String>,
    /// The run has ended in a way that is stored already.
    settled: bool,
}

impl<E: Storage> DurableRun<E> {
    pub(crate) fn new(common: Arc<Common<E>>, id: String, owner: String) -> Self {
        let (lease, memory) = (Arc::new(Lease::new(&common, &id, &owner)), Mutex::default());
        Self { common, id, owner, park: false, migration: None, lease, heart: Mutex::default(), memory }
    }

    /// At an `await(field)`, ends with [`Parked`] as the error's cause, so that the process may end too. Otherwise the run waits in
    /// memory, which costs next to nothing; the process may end all the same.
    #[must_use]
    pub fn park(mut self) -> Self {
        self.park = true;
        self
    }

    /// Brings the stored state up to date, if the flow or its store has changed so that the run could not go on: it gets the state as
    /// JSON, and returns it as this program has it. It is called when a run is started, and again when it is started again before
    /// its next step is stored, with the state as it was. The node at which the run stands must still be there.
    #[must_use]
    pub fn migrate(
        mut self,
        migration: impl Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        self.migration = Some(Box::new(migration));
        self
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heart(&self) -> MutexGuard<'_, Option<Heart<E>>> {
        self.heart.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bad(&self, doing: &'static str, what: &str) -> impl FnOnce(serde_json::Error) -> BadState {
        move |source| BadState { run: self.id.clone(), doing, what: what.into(), source }
    }

    fn encode<S: Serialize>(&self, shared: &S) -> Result<String, BadState> {
        serde_json::to_string(shared).map_err(self.bad("store", "the store"))
    }

    /// Takes the lease of a run that is known, or stores a new one.
    async fn claim(&self, flow: &Graph, shape: &str, state: String) -> Result<Begun, StorageError> {
        let new =
            NewRun { flow: flow.name.into(), graph: shape.into(), state, position: String::from("null") };
        let Common { storage, lease, .. } = &*self.common;
        self.lease.asked();
        let mut patience = self.patience();
        let begun = patiently!(patience, storage.begin(&self.id, &self.owner, *lease, &new));
        match &begun {
            Ok(_) => self.lease.taken(),
            // After any other error, nobody knows.
            Err(StorageError::Alive { .. } | StorageError::Stuck { .. }) => self.lease.gone(),
            Err(_) => {}
        }
        begun
    }

    fn patience(&self) -> Patience<'_> {
        Patience::new(self.common.patience, &self.id)
    }

    async fn show(&self) -> Result<Option<RunRecord>, StorageError> {
        let mut patience = self.patience();
        patiently!(patience, self.common.storage.show(&self.id))
    }

    /// A run whose processes die, one after the other, is not begun for ever.
    async fn not_stuck(&self, record: &RunRecord) -> Result<(), StorageError> {
        let Some(limit) = self.common.crashes.filter(|limit| record.crashes >= u64::from(*limit)) else {
            return Ok(());
        };
        let step = record.step + 1;
        let after = if record.path.is_empty() { String::new() } else { format!(", after `{}`", record.path) };
        let why = format!("{limit} processes in a row have died in its step {step}{after}");
        let mut patience = self.patience();
        patiently!(patience, self.common.storage.give_up(&self.id, &self.owner, &why))?;
        self.lease.gone();
        Err(StorageError::Stuck { run: self.id.clone(), why })
    }

    /// Where a run that is known goes on, and with which state.
    fn resumes<S>(
        &self,
        flow: &Graph,
        record: &RunRecord,
    ) -> Result<(S, Start), Box<dyn StdError + Send + Sync>>
    where
        S: Shared + DeserializeOwned,
    {
        let (was, now) = (Shape::decode(&record.graph), Shape::of(flow, S::STORE));
        let was = was.map_err(self.bad("read", "the flow"))?;
        let state: Value = serde_json::from_str(&record.state).map_err(self.bad("read", "the store"))?;
        // Of a run that is over, only the store counts.
        let mut conflicts = if record.status == Status::Finished { Vec::new() } else { was.conflicts(&now) };
        let read = serde_json::from_value(state.clone());
        if let Err(error) = &read {
            conflicts.push(format!("the stored state is no store of this program: {error}"));
        }
        let shared = match (read, &self.migration) {
            (Ok(shared), _) if conflicts.is_empty() => shared,
            (_, Some(migration)) => {
                serde_json::from_value(migration(state)?).map_err(self.bad("read", "the migrated store"))?
            }
            (_, None) => return Err(Changed { run: self.id.clone(), conflicts }.into()),
        };
        if record.status == Status::Finished {
            let exit = record.exit.as_deref().unwrap_or("default");
            let Some(index) = flow.exits.iter().position(|name| *name == exit) else {
                let conflicts = vec![format!("the exit \"{exit}\", at which it ended, is gone")];
                return Err(Changed { run: self.id.clone(), conflicts }.into());
            };
            return Ok((shared, Start::Over(index)));
        }
        if record.position == "null" {
            return Ok((shared, Start::Fresh));
        }
        let position = position::decode(&record.position).map_err(self.bad("read", "the position"))?;
        Ok((shared, Start::At(position)))
    }

    /// Waits until the field is filled, and fills it.
    async fn wait<S>(&self, at: &At<'_>, field: &str, shared: &mut S) -> Result<(), Error>
    where
        S: Shared + Serialize + DeserializeOwned,
    {
        // What was there before is no answer. When the run goes on at this wait, the field has been emptied already.
        *shared = empty(shared, field).map_err(|source| at.error(self.bad("store", "the store")(source)))?;
        let mut refused = None;
        loop {
            let OpenWait { name, value } = self.store_wait(at, field, shared, refused.take()).await?;
            let Some(json) = value else {
                if self.park {
                    let (run, field) = (self.id.clone(), field.to_owned());
                    return Err(at.error(Parked { run, field, wait: name }));
                }
                self.until_filled(at, shared).await?;
                continue;
            };
            match fill(shared, field, &json) {
                Ok(new) => {
                    *shared = new;
                    return Ok(());
                }
                // It is refused, and goes. Whoever waits in memory goes on waiting.
                Err(source) => {
                    let why = format!("{json} does not fit the field `{field}`: {source}");
                    if self.park {
                        self.store_wait(at, field, shared, Some(why)).await?;
                        let (run, field) = (self.id.clone(), field.to_owned());
                        return Err(at.error(WrongValue { run, field, value: json, source }));
                    }
                    refused = Some(why);
                }
            }
        }
    }

    /// Waits in memory until somebody has filled the wait that is open, and takes the lease again.
    async fn until_filled<S: Serialize>(&self, at: &At<'_>, shared: &S) -> Result<(), Error> {
        let Common { poll, filled, .. } = &*self.common;
        let mut news = filled.subscribe();
        loop {
            let record = self.show().await.map_err(|error| at.error(error))?;
            self.stands_before(at, record.as_ref())?;
            if record.is_some_and(|record| record.filled || record.status == Status::Failed) {
                let state = self.encode(shared).map_err(|error| at.error(error))?;
                let shape = self.memory().shape.clone();
                match self.claim(root(at), &shape, state).await {
                    Ok(Begun::Known(record)) => {
                        self.stands_before(at, Some(&record))?;
                        self.memory().settled = false;
                        return Ok(());
                    }
                    Ok(Begun::New) => {
                        self.memory().settled = false;
                        return Ok(());
                    }
                    // Another process was faster. It goes on with the run, or dies.
                    Err(StorageError::Alive { .. }) => {}
                    Err(error) => return Err(at.error(error)),
                }
            }
            let _ = timeout(*poll, news.changed()).await;
        }
    }

    /// Whether the run still stands before this step; another process may have gone on with it.
    fn stands_before(&self, at: &At<'_>, record: Option<&RunRecord>) -> Result<(), Error> {
        if record.is_some_and(|run| run.status != Status::Finished && run.step < at.step()) {
            return Ok(());
        }
        // What became of it is stored, and not for this process to change.
        self.memory().settled = true;
        Err(at.error(MovedOn { run: self.id.clone() }))
    }

    /// Lets the run wait, unless it has been filled already.
    async fn store_wait<S: Serialize>(
        &self,
        at: &At<'_>,
        field: &str,
        shared: &S,
        refused: Option<String>,
    ) -> Result<OpenWait, Error> {
        let state = self.encode(shared).map_err(|error| at.error(error))?;
        let (position, graph) = (position::encode(at.position()), self.memory().shape.clone());
        let (step, refused) = (at.step() - 1, refused.as_deref());
        let pause = Pause { step, field, position: &position, graph: &graph, state: &state, refused };
        let mut patience = self.patience();
        self.lease.leaving();
        let mut stored = patiently!(patience, self.common.storage.wait(&self.id, &self.owner, &pause));
        if let (Err(StorageError::LeaseLost { .. }), true) = (&stored, patience.is_tried()) {
            // It may be this very call that gave the lease back, before its answer was lost.
            let record = self.show().await.map_err(|error| at.error(error))?;
            let waits =
                record.filter(|record| record.step == step && record.waits_for.as_deref() == Some(field));
            if let Some(name) = waits.and_then(|record| record.wait) {
                stored = Ok(OpenWait { name, value: None });
            }
        }
        if stored.as_ref().is_ok_and(|wait| wait.value.is_none()) {
            self.lease.gone();
            self.memory().settled = true;
        } else {
            self.lease.taken();
        }
        let stored = stored.map_err(|error| at.error(error))?;
        Ok(stored)
    }

    /// Stores that the run is over.
    async fn finish(&self, exit: &str, state: &str) -> Result<(), StorageError> {
        let mut patience = self.patience();
        let finished = patiently!(patience, self.common.storage.finish(&self.id, &self.owner, exit, state));
        if let (Err(StorageError::LeaseLost { .. }), true) = (&finished, patience.is_tried()) {
            // It may be this very call that ended it, before its answer was lost.
            let record = self.show().await?;
            if record.is_some_and(|run| run.exit.as_deref() == Some(exit) && run.state == state) {
                return Ok(());
            }
        }
        finished
    }

    /// Stores a finished step.
    async fn commit<S: Serialize>(&self, at: &At<'_>, action: &str, shared: &S) -> Result<(), Error> {
        let state = self.encode(shared).map_err(|error| at.error(error))?;
        let (step, path) = (at.step(), at.to_string());
        let graph = self.memory().shape.clone();
        let step = Step {
            step,
            path,
            position: position::encode(at.position()),
            action: action.into(),
            graph,
            state,
        };
        let Common { storage, lease, keep, .. } = &*self.common;
        let mut patience = self.patience();
        let stored = patiently!(patience, storage.commit(&self.id, &self.owner, *lease, &step, *keep));
        if let Err(StorageError::LeaseLost { .. } | StorageError::Behind { .. }) = &stored {
            // The run is somebody else's, and well.
            self.memory().settled = true;
        }
        stored.map_err(|error| at.error(error))
    }
}

/// What is kept of an item or a branch: all that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize` and `Deserialize`: a durable run keeps what `exec` returns in a batch or a fork",
    label = "`{Self}` cannot be kept",
    note = "write `#[derive(Serialize, Deserialize)]` on `{Self}`"
)]
#[doc(hidden)]
pub trait Kept: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Kept for T {}

/// The outermost flow.
fn root(at: &At<'_>) -> &'static Graph {
    at.parent().map_or_else(|| at.graph(), |parent| root(&parent))
}

/// A store with one of its fields empty.
fn empty<S>(shared: &S, field: &str) -> Result<S, serde_json::Error>
where
    S: Serialize + DeserializeOwned,
{
    let mut state: serde_json::Map<_, _> = serde_json::from_value(serde_json::to_value(shared)?)?;
    state.remove(field);
    serde_json::from_value(state.into())
}

/// A store with one of its fields filled.
fn fill<S>(shared: &S, field: &str, json: &str) -> Result<S, serde_json::Error>
where
    S: Shared + Serialize + DeserializeOwned,
{
    let mut state: serde_json::Map<_, _> = serde_json::from_value(serde_json::to_value(shared)?)?;
    state.insert(field.into(), serde_json::from_str(json)?);
    let filled: S = serde_json::from_value(state.into())?;
    if S::STORE.field(field).is_some_and(|index| filled.is_filled(index)) {
        return Ok(filled);
    }
    Err(serde::de::Error::custom(
        "the field is empty with it; does serde skip the field, or know it under another name?",
    ))
}

impl<S, E> Driver<S, Items> for DurableRun<E>
where
    S: Shared + Serialize + DeserializeOwned,
    E: Storage,
{
    fn run_id(&self) -> Option<&str> {
        Some(&self.id)
    }

    async fn begin(
        &self,
        flow: &'static Graph,
        _at: Option<&At<'_>>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let shape = Shape::of(flow, S::STORE).encode();
        *self.memory() = Memory { shape: shape.clone(), ..Memory::default() };
        let state = self.encode(shared).map_err(|error| flow.error(error))?;
        // A run that cannot go on here is left as it is, so it is looked at before it is begun.
        let known = self.show().await.map_err(|error| flow.error(error))?;
        if let Some(record) = known {
            self.resumes::<S>(flow, &record).map_err(|error| flow.error(error))?;
        }
        // From here on, whatever ends the run gives the lease back, this call included.
        let heart = Heart::beat(&self.lease);
        let begun = self.claim(flow, &shape, state).await.map_err(|error| flow.error(error))?;
        let Begun::Known(record) = begun else {
            *self.heart() = Some(heart);
            return Ok(Start::Fresh);
        };
        self.not_stuck(&record).await.map_err(|error| flow.error(error))?;
        let (stored, start) = self.resumes::<S>(flow, &record).map_err(|error| flow.error(error))?;
        *shared = stored;
        if let Start::Over(_) = start {
            self.lease.gone();
            return Ok(start);
        }
        let mut patience = self.patience();
        let items = patiently!(patience, self.common.storage.items(&self.id, record.step + 1));
        let items = items.map_err(|error| flow.error(error))?;
        *self.heart() = Some(heart);
        let mut memory = self.memory();
        memory.step = record.step + 1;
        memory.items = items.into_iter().collect();
        // At an `await`, it stands before the next step, and not at this one.
        memory.done = record.action.map(|action| (record.step, action));
        Ok(start)
    }

    async fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        at: Option<&At<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if at.is_some() {
            return run.run(shared).await;
        }
        let mut heart = self.heart().take();
        let lost = async {
            match &mut heart {
                Some(heart) => heart.lost().await,
                None => std::future::pending().await,
            }
        };
        let result = tokio::select! {
            result = run.run(&mut *shared) => result,
            lost = lost => Err(flow.error(lost)),
        };
        match &result {
            Ok(taken) => {
                let state = self.encode(shared).map_err(|error| flow.error(error))?;
                self.lease.leaving();
                let finished = self.finish(taken.action(), &state).await;
                finished.map_err(|error| flow.error(error))?;
                self.lease.gone();
            }
            Err(error) if !self.memory().settled && self.lease.is_held() => {
                // A storage that has failed for long is not asked again; then the lease runs out.
                let gone = matches!(
                    error.cause().downcast_ref(),
                    Some(StorageError::LeaseNotRenewed { .. } | StorageError::Gone { .. })
                );
                let mut patience =
                    Patience::new(if gone { Duration::ZERO } else { self.common.patience }, &self.id);
                let message = format!("{error:#}");
                let failed = patiently!(patience, self.common.storage.fail(&self.id, &self.owner, &message));
                if failed.is_ok() {
                    self.lease.gone();
                }
            }
            Err(_) => {}
        }
        result
    }

    async fn step<R: Run<S>>(&self, at: &At<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
        let done = self.memory().done.take();
        if let Some((_, action)) = done.filter(|(step, _)| *step == at.step()) {
            return at.taken(&action).ok_or_else(|| {
                let conflicts = vec![format!("`{at}` has no action \"{action}\" any more, which it took")];
                at.error(Changed { run: self.id.clone(), conflicts })
            });
        }
        let taken = match at.waits_for() {
            Some(field) => {
                self.wait(at, field, shared).await?;
                at.taken("default").expect("the action of every `await`")
            }
            None => run.run(shared).await?,
        };
        self.commit(at, taken.action(), shared).await?;
        Ok(taken)
    }
}

/// A node that is alone in its step is stored with the step.
impl<S, Here, N, E> KeepDriver<S, Here, N> for DurableRun<E>
where
    S: Shared + Serialize + DeserializeOwned,
    N: Node<S, Here>,
    N::Exec: Kept,
    E: Storage,
{
    async fn item<C>(&self, at: &At<'_>, item: ItemId<'_>, call: C) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Here, N>,
    {
        let branch = at.branch_number().and_then(|branch| u32::try_from(branch).ok());
        let key = ItemKey { branch, item: item.index().map(|item| item as u64) };
        let kept = {
            let mut memory = self.memory();
            if memory.step == at.step() { memory.items.remove(&key) } else { None }
        };
        let bad = |doing| move |source| at.error(self.bad(doing, &format!("what `{at}` returned"))(source));
        if let Some(json) = kept {
            return serde_json::from_str(&json).map_err(bad("read"));
        }
        let exec = call.call().await?;
        let json = serde_json::to_string(&exec).map_err(bad("store"))?;
        let mut patience = self.patience();
        let keep = || self.common.storage.keep_item(&self.id, &self.owner, at.step(), &key, &json);
        let stored = patiently!(patience, keep());
        stored.map_err(|error| at.error(error))?;
        Ok(exec)
    }
}
