//! The replay of one recorded run: where the record comes from, and what is chosen.

use std::any::TypeId;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow::TypedNode;

use super::error::{ReplayError, ReplayErrorKind};
use super::files;
use super::plan::Plan;
use super::progress::Progress;
use crate::Recording;

/// A driver that gives the recorded values of each `exec` back. `prep`, `post` and the edges are those
/// of today, so the run shows whether today's code still does with yesterday's answers what it did
/// yesterday.
///
/// It needs neither a network nor a model, and waits for nothing: neither between attempts, nor at an
/// `await` or a `sleep`. An `exec` that failed for good fails again with the same texts, so that error
/// edges and `failures` fields take it. The replay does not repeat the attempts before that, and does not
/// run the fallback: what an exec returned in the end already has them.
///
/// Most tests need only [`replay`](crate::replay()) and [`replay_all`](crate::replay_all). A replay as a driver is for a test that changes
/// something about the run.
///
/// # What should differ
///
/// A replay fills the store with what it was when the recorded run began, and ends the run at the
/// first [`Difference`](crate::Difference) from the record. In a test of what would have happened if a node had returned
/// something else, the run has to differ: [`without_comparison`](Self::without_comparison) only gives
/// values back. A [`Stub`](pocketflow::Stub) says what differs. **The stub is the outer driver**, so add
/// it first: `Agent.with(&stub).with(&replay)`. In the other order, the replay answers before the stub
/// is asked.
///
/// ```
/// use pocketflow::{Action, Shared, Stub, flow, node};
/// use pocketflow_record::{Record, Replay};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Shared, Default, Serialize, Deserialize)]
/// struct Order { total: u64, refused: Option<String> }
///
/// #[derive(Action, Serialize, Deserialize)]
/// #[action(Order)]
/// enum Verdict { Approved, Rejected { refused: String } }
///
/// #[node(Order)]
/// async fn review(total: &u64) -> Verdict {
///     if *total < 100 { Verdict::Approved } else { Verdict::Rejected { refused: "over the limit".into() } }
/// }
///
/// flow! { Checkout { review - "approved" >> end; review - "rejected" >> end "refused"; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let record = Record::in_memory();
/// Checkout.with(&record).run(&mut Order { total: 17, refused: None }).await?;
/// let record = record.text();
///
/// // The same run again. The store is filled from the record.
/// let replay = Replay::of(&record)?;
/// let mut order = Order::default();
/// assert_eq!(Checkout.with(&replay).run(&mut order).await?, CheckoutExit::Default);
/// assert_eq!(order.total, 17);
///
/// // What if the reviewer had refused it?
/// let refuse = Stub::new().node::<review>(|_, _| Ok(Verdict::Rejected { refused: "no".into() }));
/// let replay = Replay::of(&record)?.without_comparison();
/// let exit = Checkout.with(&refuse).with(&replay).run(&mut Order::default()).await?;
/// assert_eq!(exit, CheckoutExit::Refused);
/// # Ok(()) }
/// ```
///
/// [`real`](Self::real) lets a node run as it is. That is for a node whose work is a plain computation,
/// which a test should not skip, and for a node that is new since the record.
///
/// # What is compared
///
/// - each step: its place, the action and the edge it takes, its error, and the fields that it may
///   change,
/// - the end of the run, and of each inner run: the exit or the error, and all fields.
///
/// Values are compared as JSON. A member of a type that is new and has a default is not a difference,
/// and neither is the order of a set. A member that a type no longer has is ignored, as serde ignores it. A field that serde skips, a confidential field, and a field that is
/// new in the store are not compared. A field of the record that the store does not have is an error:
/// write `#[serde(alias = "city")]` on a field that was `city`, and say
/// [`without_field("city")`](Self::without_field) if the field is gone. A graph that has changed is not
/// a difference by itself, but the difference that it causes names the change.
///
/// # What cannot be replayed
///
/// - A record of [`steps_only`](crate::Record::steps_only) has no values.
/// - The value of an exec that is confidential, or that JSON cannot hold, is not in the record. The error
///   names the node, and a stub can give a value. A confidential field of the store keeps the value of
///   the store that you pass, and so does a confidential member of a store in it.
/// - A record from which lines are missing, so that a step has no end and the run went on.
/// - A run that begins in the middle of a step, with inner runs that ended before the record begins.
///
/// A run that was suspended or dropped is replayed until its record stops. It then ends with an error
/// that [suspends](pocketflow::Error::suspends) it. The pieces of a durable run that has resumed are one
/// run, if they are in the same record.
///
/// # One run at a time
///
/// A replay replays its run as often as you like, and one at a time. For runs at the same time, make
/// several.
#[must_use = "a replay does nothing until a flow runs with it"]
pub struct Replay {
    pub(super) plan: Arc<Plan>,
    pub(super) run: usize,
    pub(super) file: Option<PathBuf>,
    pub(super) real: HashSet<TypeId>,
    /// The fields of the record that the store has no more, on purpose.
    pub(super) without: HashSet<String>,
    pub(super) compares: bool,
    pub(super) progress: Mutex<Option<Progress>>,
    /// How much has happened: steps, execs and inner runs.
    pub(super) events: AtomicU64,
}

impl Replay {
    /// The replay of the only run of a record.
    ///
    /// # Errors
    ///
    /// If the text is not a record, if it has no run, or if it has several.
    pub fn of(record: impl AsRef<[u8]>) -> Result<Self, ReplayError> {
        let mut replays = Self::all(record)?;
        match (replays.pop(), replays.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(ReplayErrorKind::NoRun.into()),
            (Some(last), false) => Err(ReplayErrorKind::SeveralRuns {
                runs: names(&last.plan),
            }
            .into()),
        }
    }

    /// The replay of the run with this id. A run without an id has its number in the record, as text.
    ///
    /// # Errors
    ///
    /// If the text is not a record, or if it has no such run.
    pub fn run_of(record: impl AsRef<[u8]>, run: &str) -> Result<Self, ReplayError> {
        let mut runs = Vec::new();
        for replay in Self::all(record)? {
            if replay.name() == run {
                return Ok(replay);
            }
            runs.push(replay.name());
        }
        let run = run.to_owned();
        Err(ReplayErrorKind::UnknownRun { run, runs }.into())
    }

    /// The replays of all runs of a record, in their order. Inner runs are a part of the runs around
    /// them.
    ///
    /// # Errors
    ///
    /// If the text is not a record.
    pub fn all(record: impl AsRef<[u8]>) -> Result<Vec<Self>, ReplayError> {
        Ok(Self::planned(Recording::read(record)?, None))
    }

    /// The replays of all runs in some files: `Replay::open("runs/*.jsonl")`. The name of a file may
    /// have any number of `*`, each of which stands for any letters; the name of a folder has none. A
    /// relative path is relative to the current folder, which in a test is that of its package.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if one of them is not a record.
    pub fn open(pattern: impl AsRef<Path>) -> Result<Vec<Self>, ReplayError> {
        let mut replays = Vec::new();
        for file in files::matching(pattern.as_ref())? {
            let recording = Recording::open(&file);
            let recording =
                recording.map_err(|error| ReplayError::from(error).in_file(Some(&file)))?;
            replays.extend(Self::planned(recording, Some(&file)));
        }
        Ok(replays)
    }

    pub(super) fn planned(recording: Recording, file: Option<&Path>) -> Vec<Self> {
        let plan = Arc::new(Plan::new(recording));
        let runs: Vec<usize> = plan.outermost().collect();
        let runs = runs.into_iter().map(|run| Self {
            plan: Arc::clone(&plan),
            run,
            file: file.map(Path::to_owned),
            real: HashSet::new(),
            without: HashSet::new(),
            compares: true,
            progress: Mutex::new(None),
            events: AtomicU64::new(0),
        });
        runs.collect()
    }

    /// Lets a node run as it is. Its attempts, its waits and its fallback are real as well.
    pub fn real<N: TypedNode>(mut self) -> Self {
        self.real.insert(TypeId::of::<N>());
        self
    }

    /// Says that the store no longer has a field of the record. Its values are ignored. Otherwise a value
    /// of the record for a field that the store does not have is an error, because the field may have
    /// been renamed. It holds for the store of an inner run as well.
    pub fn without_field(mut self, name: impl Into<String>) -> Self {
        self.without.insert(name.into());
        self
    }

    /// Only gives values back, and compares nothing. The run may take another way than the recorded
    /// one: at each visit to a place it gets what the same visit to this place returned, and at a visit
    /// that the record does not have, it ends with an error that names the node.
    pub fn without_comparison(mut self) -> Self {
        self.compares = false;
        self
    }

    /// The name of the recorded flow.
    pub fn flow(&self) -> &str {
        &self.plan.graph(self.run).name
    }

    /// The id of the recorded run, if a driver had given it one.
    pub fn id(&self) -> Option<&str> {
        self.plan.first(self.run).run.id.as_deref()
    }

    /// The id of the run, or its number in the record.
    pub(super) fn name(&self) -> String {
        name(&self.plan, self.run)
    }
}

fn name(plan: &Plan, run: usize) -> String {
    let first = plan.first(run);
    match &first.run.id {
        Some(id) => id.clone(),
        None => first.number().to_string(),
    }
}

fn names(plan: &Plan) -> Vec<String> {
    plan.outermost().map(|run| name(plan, run)).collect()
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("flow", &self.flow())
            .field("run", &self.name())
            .field("file", &self.file)
            .field("compares", &self.compares)
            .finish_non_exhaustive()
    }
}

/// What a replay stores is consistent whenever the lock is free, so a poisoned lock can be used.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
