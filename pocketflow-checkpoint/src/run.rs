//! One durable run: the driver.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pocketflow::seam::Items;
use pocketflow::{At, Driver, Error, Graph, Run, Start, Taken};
use serde_json::Value;
use tokio::time::timeout;

use crate::checkpoints::Common;
use crate::error::StorageError;
use crate::heart::{Heart, Lease};
use crate::items::KeptItems;
use crate::patience::{Patience, patiently};
use crate::position;
use crate::resume::{Resumed, resumes, waits_for_skipped};
use crate::shape::Shape;
use crate::state::{BadField, Durable, Keeper};
use crate::stops::{BadState, Changed, MovedOn, Parked, WrongValue};
use crate::storage::{Begun, ItemKey, NewRun, OpenWait, Pause, RunRecord, Status, Step, Storage};
use crate::text;

pub(crate) type Migration =
    Box<dyn Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// A run that outlives its process: a driver, which [`Checkpoints::run`](crate::Checkpoints::run)
/// makes.
///
/// After every step, one transaction stores the store, where the run stands, and the action. A run
/// that is started again under its id goes on after the last step that was stored. The step that
/// was at work runs again, and its [`Attempt::key`] is the same as before. Of a batch and of a
/// fork, every finished item and branch is stored as it is done, and not done again.
///
/// The store needs serde's `Serialize` and `Deserialize`, and so does what the `exec` of a batch
/// returns, and of each node of a fork.
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
    /// Beats once the run has begun. What is left of it goes with the run, and gives the lease
    /// back.
    heart: Mutex<Option<Heart<E>>>,
    memory: Mutex<Memory>,
}

/// What the run has read from the storage and not used yet.
#[derive(Default)]
pub(crate) struct Memory {
    shape: String,
    /// What writes the state, and knows what of it has changed.
    keeper: Keeper,
    /// The last step that was stored, and its action: it is not run again.
    done: Option<(u64, String)>,
    /// The finished items of the step at hand.
    pub(crate) items: KeptItems,
    /// The run has ended in a way that is stored already.
    settled: bool,
}

impl<E: Storage> DurableRun<E> {
    pub(crate) fn new(common: Arc<Common<E>>, id: String, owner: String) -> Self {
        let (lease, memory) = (Arc::new(Lease::new(&common, &id, &owner)), Mutex::default());
        Self {
            common,
            id,
            owner,
            park: false,
            migration: None,
            lease,
            heart: Mutex::default(),
            memory,
        }
    }

    /// At an `await(field)`, ends with [`Parked`] as the error's cause, so that the process may end
    /// too. Otherwise the run waits in memory, which costs next to nothing; the process may end
    /// all the same.
    #[must_use]
    pub fn park(mut self) -> Self {
        self.park = true;
        self
    }

    /// Brings the stored state up to date, if the flow or its store has changed so that the run
    /// could not go on: it gets the state as JSON, and returns it as this program has it. It is
    /// called when a run is started, and again when it is started again before its next step is
    /// stored, with the state as it was. The node at which the run stands must still be there.
    #[must_use]
    pub fn migrate(
        mut self,
        migration: impl Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.migration = Some(Box::new(migration));
        self
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heart(&self) -> MutexGuard<'_, Option<Heart<E>>> {
        self.heart.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bad(
        &self,
        doing: &'static str,
        what: &str,
    ) -> impl FnOnce(serde_json::Error) -> BadState {
        move |source| BadState {
            run: self.id.clone(),
            doing,
            what: what.into(),
            source,
        }
    }

    fn encode<S: Durable>(&self, shared: &mut S) -> Result<String, BadState> {
        let written = self.memory().keeper.write(shared);
        written.map_err(|error| self.bad_field("store", error))
    }

    fn bad_field(&self, doing: &'static str, error: BadField) -> BadState {
        self.bad(doing, &error.what())(error.source)
    }

    /// Takes the lease of a run that is known, or stores a new one.
    async fn claim(&self, flow: &Graph, shape: &str, state: String) -> Result<Begun, StorageError> {
        let new = NewRun {
            flow: flow.name.into(),
            graph: shape.into(),
            state,
            position: String::from("null"),
        };
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

    /// Gives the lease back before an error is returned, so that the run can be started again at
    /// once. If it cannot be given back now, or if this is dropped, it is given back when the
    /// heart is dropped.
    async fn give_back(&self, error: &Error) {
        if !self.lease.may_be_held() || is_gone(error) {
            return;
        }
        match self.common.storage.release(&self.id, &self.owner).await {
            Ok(()) | Err(StorageError::LeaseLost { .. } | StorageError::UnknownRun { .. }) => {
                self.lease.gone()
            }
            Err(_) => {}
        }
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
        let Some(limit) = self
            .common
            .crashes
            .filter(|limit| record.crashes >= u64::from(*limit))
        else {
            return Ok(());
        };
        let step = record.step + 1;
        let after = if record.path.is_empty() {
            String::new()
        } else {
            format!(", after `{}`", record.path)
        };
        let why = format!("{limit} processes in a row have died in its step {step}{after}");
        let mut patience = self.patience();
        patiently!(
            patience,
            self.common.storage.give_up(&self.id, &self.owner, &why)
        )?;
        self.lease.gone();
        Err(StorageError::Stuck {
            run: self.id.clone(),
            why,
        })
    }

    /// Waits until the field is filled, and fills it.
    async fn wait<S: Durable>(
        &self,
        at: &At<'_>,
        field: &str,
        shared: &mut S,
    ) -> Result<(), Error> {
        let index = S::STORE
            .field(field)
            .expect("a flow waits for a field of its store");
        // A value that was there before does not count as an answer. When the run goes on at this
        // wait, the field has been emptied already. A field that
        // serde treats otherwise may not be emptied by `null`; it is filled all the same.
        let _ = Keeper::fill(index, "null", shared);
        // A fill in this process fails at once if the value does not fit.
        let fits = Keeper::fits(index, shared).filter(|_| !self.park);
        let _waiting = fits.map(|fits| self.common.wait(&self.id, field, fits));
        let mut refused = None;
        loop {
            let OpenWait { name, value } =
                self.store_wait(at, field, shared, refused.take()).await?;
            let Some(json) = value else {
                if self.park {
                    let (run, field) = (self.id.clone(), field.to_owned());
                    return Err(at.error(Parked {
                        run,
                        field,
                        wait: name,
                    }));
                }
                self.until_filled(at, shared).await?;
                continue;
            };
            match fill(shared, index, &json) {
                Ok(()) => return Ok(()),
                // The value is refused and removed. A run that waits in memory keeps waiting.
                Err(source) => {
                    let why = format!("{json} does not fit the field `{field}`: {source}");
                    if self.park {
                        self.store_wait(at, field, shared, Some(why)).await?;
                        let (run, field) = (self.id.clone(), field.to_owned());
                        return Err(at.error(WrongValue {
                            run,
                            field,
                            value: json,
                            source,
                        }));
                    }
                    refused = Some(why);
                }
            }
        }
    }

    /// Waits in memory until somebody has filled the wait that is open, and takes the lease again.
    async fn until_filled<S: Durable>(&self, at: &At<'_>, shared: &mut S) -> Result<(), Error> {
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
        Err(at.error(MovedOn {
            run: self.id.clone(),
        }))
    }

    /// Lets the run wait, unless it has been filled already.
    async fn store_wait<S: Durable>(
        &self,
        at: &At<'_>,
        field: &str,
        shared: &mut S,
        refused: Option<String>,
    ) -> Result<OpenWait, Error> {
        let state = self.encode(shared).map_err(|error| at.error(error))?;
        let (position, graph) = (position::encode(at.position()), self.memory().shape.clone());
        let (step, refused) = (at.step() - 1, refused.as_deref());
        let pause = Pause {
            step,
            field,
            position: &position,
            graph: &graph,
            state: &state,
            refused,
        };
        let mut patience = self.patience();
        self.lease.leaving();
        let mut stored = patiently!(
            patience,
            self.common.storage.wait(&self.id, &self.owner, &pause)
        );
        if let (Err(StorageError::LeaseLost { .. }), true) = (&stored, patience.is_tried()) {
            // It may be this very call that gave the lease back, before its answer was lost.
            let record = self.show().await.map_err(|error| at.error(error))?;
            let waits = record
                .filter(|record| record.step == step && record.waits_for.as_deref() == Some(field));
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
        let finished = patiently!(
            patience,
            self.common
                .storage
                .finish(&self.id, &self.owner, exit, state)
        );
        if let (Err(StorageError::LeaseLost { .. }), true) = (&finished, patience.is_tried()) {
            // It may be this very call that ended it, before its answer was lost.
            let record = self.show().await?;
            if record.is_some_and(|run| run.exit.as_deref() == Some(exit) && run.state == state) {
                return Ok(());
            }
        }
        finished
    }

    /// Stores what an item or a branch returned.
    pub(crate) async fn keep(&self, at: &At<'_>, key: &ItemKey, json: &str) -> Result<(), Error> {
        let mut patience = self.patience();
        let keep = || {
            self.common
                .storage
                .keep_item(&self.id, &self.owner, at.step(), key, json)
        };
        patiently!(patience, keep()).map_err(|error| at.error(error))
    }

    /// Stores a finished step.
    async fn commit<S: Durable>(
        &self,
        at: &At<'_>,
        action: &str,
        shared: &mut S,
    ) -> Result<(), Error> {
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
        let Common {
            storage,
            lease,
            keep,
            ..
        } = &*self.common;
        let mut patience = self.patience();
        let stored = patiently!(
            patience,
            storage.commit(&self.id, &self.owner, *lease, &step, *keep)
        );
        #[cfg(feature = "tracing")]
        if let left @ 1.. = self.memory().items.left_over(at.step()) {
            tracing::warn!(
                run = self.id,
                "{left} kept results of `{at}` were of items that are not there any more: the items that are were done again"
            );
        }
        if let Err(StorageError::LeaseLost { .. } | StorageError::Behind { .. }) = &stored {
            // The run is somebody else's, and well.
            self.memory().settled = true;
        }
        stored.map_err(|error| at.error(error))
    }
}

/// A storage that has failed for long is not asked again; then the lease runs out.
fn is_gone(error: &Error) -> bool {
    matches!(
        error.cause().downcast_ref(),
        Some(StorageError::LeaseNotRenewed { .. } | StorageError::Gone { .. })
    )
}

/// The outermost flow.
fn root(at: &At<'_>) -> &'static Graph {
    at.parent()
        .map_or_else(|| at.graph(), |parent| root(&parent))
}

/// Fills a field.
fn fill<S: Durable>(shared: &mut S, field: usize, json: &str) -> Result<(), serde_json::Error> {
    Keeper::fill(field, json, shared)?;
    if shared.is_filled(field) {
        Ok(())
    } else {
        Err(text::custom("the field is empty with it"))
    }
}

impl<S, E> Driver<S, Items> for DurableRun<E>
where
    S: Durable,
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
        let fail = |error| flow.error(error);
        if let Some(field) = waits_for_skipped(flow, S::STORE) {
            let why =
                "serde skips it, so it would be lost: leave `skip` out, or wait for another field";
            let what = format!("the field `{field}`, for which the flow waits,");
            return Err(fail(self.bad("store", &what)(text::custom(why))));
        }
        let mut shape = Shape::of(flow, S::STORE);
        shape.input =
            Some(Keeper::hashes(shared).map_err(|error| fail(self.bad_field("store", error)))?);
        *self.memory() = Memory {
            shape: shape.encode(),
            ..Memory::default()
        };
        // A run that cannot go on here is left as it is, so it is looked at before it is begun.
        let known = self.show().await.map_err(|error| flow.error(error))?;
        let look = |record: &RunRecord, shared: &mut S| {
            resumes(flow, record, self.migration.as_ref(), shared)
                .map_err(|error| flow.error(error))
        };
        let mut resumed = known
            .as_ref()
            .map(|record| look(record, shared))
            .transpose()?;
        let state = self.encode(shared).map_err(fail)?;
        // From here on, whatever ends the run gives the lease back, this call included.
        let heart = Heart::beat(&self.lease);
        let mut heart = Some(heart);
        let started = async {
            let begun = self
                .claim(flow, &shape.encode(), state)
                .await
                .map_err(|error| flow.error(error))?;
            let Begun::Known(record) = begun else {
                *self.heart() = heart.take();
                return Ok(Start::Fresh);
            };
            self.not_stuck(&record)
                .await
                .map_err(|error| flow.error(error))?;
            let stands = |run: &RunRecord| {
                (
                    run.step,
                    run.status,
                    run.position.clone(),
                    run.state.clone(),
                )
            };
            if known.is_none_or(|known| stands(&known) != stands(&record)) {
                resumed = Some(look(&record, &mut *shared)?);
            }
            let Resumed {
                state,
                start,
                input,
            } = resumed.expect("a run that is known was looked at");
            Keeper::read(&state, &mut *shared)
                .map_err(|error| fail(self.bad_field("read", error)))?;
            shape.input = input;
            *self.memory() = Memory {
                shape: shape.encode(),
                ..Memory::default()
            };
            if let Start::Over(_) = start {
                self.lease.gone();
                return Ok(start);
            }
            let mut patience = self.patience();
            let items = patiently!(
                patience,
                self.common.storage.items(&self.id, record.step + 1)
            );
            let items = items.map_err(|error| flow.error(error))?;
            *self.heart() = heart.take();
            let mut memory = self.memory();
            memory.items = KeptItems::new(record.step + 1, items);
            // At an `await`, it stands before the next step, and not at this one.
            memory.done = record.action.map(|action| (record.step, action));
            Ok(start)
        }
        .await;
        if let Err(error) = &started {
            self.give_back(error).await;
        }
        started
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
                let finished = match self.encode(shared) {
                    Ok(state) => {
                        self.lease.leaving();
                        let finished = self.finish(taken.action(), &state).await;
                        finished.map_err(|error| flow.error(error))
                    }
                    Err(error) => Err(flow.error(error)),
                };
                if let Err(error) = finished {
                    self.give_back(&error).await;
                    return Err(error);
                }
                self.lease.gone();
            }
            Err(error) if !self.memory().settled && self.lease.is_held() => {
                let patience = if is_gone(error) {
                    Duration::ZERO
                } else {
                    self.common.patience
                };
                let mut patience = Patience::new(patience, &self.id);
                let message = format!("{error:#}");
                let failed = patiently!(
                    patience,
                    self.common.storage.fail(&self.id, &self.owner, &message)
                );
                match failed {
                    Ok(()) => self.lease.gone(),
                    Err(_) => self.give_back(error).await,
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
                let conflicts = vec![format!(
                    "`{at}` has no action \"{action}\" any more, which it took"
                )];
                at.error(Changed {
                    run: self.id.clone(),
                    conflicts,
                })
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
