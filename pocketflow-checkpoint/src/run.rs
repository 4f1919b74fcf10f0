//! One durable run: the driver.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow::seam::Items;
use pocketflow::{At, Driver, Error, Graph, ItemCall, ItemId, KeepDriver, Node, Run, Shared, Start, Taken};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::checkpoints::Common;
use crate::heart::Heart;
use crate::position;
use crate::shape::Shape;
use crate::stops::{BadState, Changed, MovedOn, Parked, WrongValue};
use crate::storage::{Begun, ItemKey, NewRun, Pause, RunRecord, Status, Step, Storage};

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
    held: Arc<AtomicBool>,
    /// Beats from the moment the lease is taken. What is left of it goes with the run, and gives the lease back.
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
        let (held, memory) = (Arc::new(AtomicBool::new(false)), Mutex::default());
        Self { common, id, owner, park: false, migration: None, held, heart: Mutex::default(), memory }
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
    async fn claim(&self, flow: &Graph, shape: &str, state: String) -> Result<Begun, crate::StorageError> {
        let new =
            NewRun { flow: flow.name.into(), graph: shape.into(), state, position: String::from("null") };
        let begun = self.common.storage.begin(&self.id, &self.owner, self.common.lease, &new).await?;
        self.held.store(true, SeqCst);
        Ok(begun)
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
        let Common { storage, poll, filled, .. } = &*self.common;
        let mut news = filled.subscribe();
        let fail = |error| at.error(error);
        let filled = async || {
            let filled = storage.filled(&self.id).await.map_err(fail)?;
            Ok::<_, Error>(filled.filter(|filled| filled.field == field).map(|filled| filled.value))
        };
        let mut value = filled().await?;
        loop {
            let Some(json) = value.take() else {
                self.store_wait(at, field, shared).await?;
                if self.park {
                    return Err(at.error(Parked { run: self.id.clone(), field: field.into() }));
                }
                loop {
                    value = filled().await?;
                    if value.is_some() {
                        break;
                    }
                    self.stands_before(at, storage.show(&self.id).await.map_err(fail)?.as_ref())?;
                    let _ = timeout(*poll, news.changed()).await;
                }
                // Meanwhile the run was anybody's.
                let state = self.encode(shared).map_err(|error| at.error(error))?;
                let shape = self.memory().shape.clone();
                if let Begun::Known(record) = self.claim(root(at), &shape, state).await.map_err(fail)? {
                    self.stands_before(at, Some(&record))?;
                }
                self.memory().settled = false;
                continue;
            };
            match fill(shared, field, &json) {
                Ok(new) => {
                    *shared = new;
                    return Ok(());
                }
                // It is refused, and goes. Whoever waits in memory goes on waiting.
                Err(source) if self.park => {
                    self.store_wait(at, field, shared).await?;
                    let (run, field) = (self.id.clone(), field.to_owned());
                    return Err(at.error(WrongValue { run, field, value: json, source }));
                }
                Err(_) => {}
            }
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

    async fn store_wait<S: Serialize>(&self, at: &At<'_>, field: &str, shared: &S) -> Result<(), Error> {
        let state = self.encode(shared).map_err(|error| at.error(error))?;
        let (position, graph) = (position::encode(at.position()), self.memory().shape.clone());
        let pause = Pause { step: at.step() - 1, field, position: &position, graph: &graph, state: &state };
        let stored = self.common.storage.wait(&self.id, &self.owner, &pause).await;
        stored.map_err(|error| at.error(error))?;
        self.held.store(false, SeqCst);
        self.memory().settled = true;
        Ok(())
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
        let stored = storage.commit(&self.id, &self.owner, *lease, &step, *keep).await;
        if let Err(crate::StorageError::LeaseLost { .. } | crate::StorageError::Behind { .. }) = &stored {
            // The run is somebody else's, and well.
            self.memory().settled = true;
        }
        stored.map_err(|error| at.error(error))
    }
}

/// The outermost flow.
fn root(at: &At<'_>) -> &'static Graph {
    at.parent().map_or_else(|| at.graph(), |parent| root(&parent))
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
        let known = self.common.storage.show(&self.id).await.map_err(|error| flow.error(error))?;
        if let Some(record) = known {
            self.resumes::<S>(flow, &record).map_err(|error| flow.error(error))?;
        }
        let begun = self.claim(flow, &shape, state).await.map_err(|error| flow.error(error))?;
        // From here on, whatever ends the run gives the lease back.
        *self.heart() = Some(Heart::beat(&self.common, &self.held, &self.id, &self.owner));
        let Begun::Known(record) = begun else { return Ok(Start::Fresh) };
        let (stored, start) = self.resumes::<S>(flow, &record).map_err(|error| flow.error(error))?;
        *shared = stored;
        if let Start::Over(_) = start {
            self.held.store(false, SeqCst);
            return Ok(start);
        }
        let items =
            self.common.storage.items(&self.id, record.step + 1).await.map_err(|error| flow.error(error))?;
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
        let storage = &self.common.storage;
        match &result {
            Ok(taken) => {
                let state = self.encode(shared).map_err(|error| flow.error(error))?;
                let finished = storage.finish(&self.id, &self.owner, taken.action(), &state).await;
                finished.map_err(|error| flow.error(error))?;
                self.held.store(false, SeqCst);
            }
            Err(error) if !self.memory().settled && self.held.load(SeqCst) => {
                // What cannot be stored now is what the lease is for.
                if storage.fail(&self.id, &self.owner, &format!("{error:#}")).await.is_ok() {
                    self.held.store(false, SeqCst);
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
    N::Exec: Serialize + DeserializeOwned,
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
        let stored = self.common.storage.keep_item(&self.id, &self.owner, at.step(), &key, &json).await;
        stored.map_err(|error| at.error(error))?;
        Ok(exec)
    }
}
