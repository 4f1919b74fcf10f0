//! A recorded run as a test: the values that each `exec` has returned are given back, and everything
//! else is real.
//!
//! See [`Replay`], [`replay`] and [`replay_all`].

mod compare;
mod damage;
mod difference;
mod driver;
mod error;
mod fields;
mod files;
mod graphs;
mod marks;
mod plan;
mod position;
mod progress;
mod recorded_error;
mod test_file;
mod test_name;
mod values;

pub use difference::{Difference, Differing, Differs};
pub use driver::ReplayedValue;
pub use error::{ReplayError, ReplayErrorKind};
pub use fields::{ReplayFields, Replayable, ReplayedField};
pub use test_file::{GeneratedTest, generate_test};

use std::any::TypeId;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow::seam::{Execs, Through};
use pocketflow::{Drive, Error, TypedNode};

use self::difference::Plain;
use self::plan::Plan;
use self::progress::Progress;
use crate::{Outcome, Recording};

/// A driver that gives the recorded values of each `exec` back. `prep`, `post` and the edges are those
/// of today, so the run shows whether today's code still does with yesterday's answers what it did
/// yesterday.
///
/// It needs neither a network nor a model, and waits for nothing: neither between attempts, nor at an
/// `await` or a `sleep`. An `exec` that failed for good fails again with the same texts, so that error
/// edges and `failures` fields take it. The replay does not repeat the attempts before that, and does not
/// run the fallback: what an exec returned in the end already has them.
///
/// Most tests need only [`replay`] and [`replay_all`]. A replay as a driver is for a test that changes
/// something about the run.
///
/// # What should differ
///
/// A replay fills the store with what it was when the recorded run began, and ends the run at the
/// first [`Difference`] from the record. In a test of what would have happened if a node had returned
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
    plan: Arc<Plan>,
    run: usize,
    file: Option<PathBuf>,
    real: HashSet<TypeId>,
    /// The fields of the record that the store has no more, on purpose.
    without: HashSet<String>,
    compares: bool,
    progress: Mutex<Option<Progress>>,
    /// How much has happened: steps, execs and inner runs.
    events: AtomicU64,
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

    fn planned(recording: Recording, file: Option<&Path>) -> Vec<Self> {
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

    /// Runs a flow on a store with this replay as its only driver.
    ///
    /// # Errors
    ///
    /// If the record is of another flow, if it cannot be replayed, or if the run differs from it. A run
    /// that fails as it failed in the record is not an error: see [`Replayed::error`].
    pub async fn run_on<F, S>(self, flow: &F, store: S) -> Result<Replayed<S>, ReplayError>
    where
        F: ReplayFlow<S>,
        S: Replayable,
    {
        let mut store = store;
        let replay = Arc::new(self);
        let ended = flow.drive(Arc::clone(&replay), &mut store).await;
        let ended = match ended {
            Ok(taken) => Ok(taken.action()),
            Err(error) => match error.find::<ReplayErrorKind>() {
                Some(kind) => {
                    let error = ReplayError::new(kind.clone()).in_run(replay.id());
                    return Err(error.in_file(replay.file.as_deref()));
                }
                None => Err(error),
            },
        };
        Ok(Replayed { store, ended })
    }

    /// A test prints it if it fails, or with `--nocapture`.
    fn warn_if_unfinished(&self) {
        if self.plan.outcome(self.run) == Outcome::Unfinished {
            let file = self.file.as_ref();
            let file = file.map(|file| format!("{}: ", file.display()));
            eprintln!(
                "warning: {}the record of the run `{}` stops before the end of the run, and so does its replay",
                file.unwrap_or_default(),
                Plain(&self.name())
            );
        }
    }

    /// The id of the run, or its number in the record.
    fn name(&self) -> String {
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

/// A flow that can be replayed: what each `exec` of its nodes returns implements serde's `Deserialize`.
///
/// Use it as a bound in generic code. Every such flow implements it automatically, with a context as
/// well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replayed on the store `{S}`: what an `exec` of its nodes returns is not `Deserialize`",
    label = "a replay gives back what each `exec` has returned",
    note = "write `#[derive(Serialize, Deserialize)]` on the type of each value that an `exec` returns, such as the enum of an action",
    note = "`flow.with(&replay).run(&mut store)`, with a `replay: Replay`, names the type",
    note = "if the store has a context, give it to the flow: `.context(&context)`"
)]
pub trait ReplayFlow<S>: Drive<S, Arc<Replay>, Through<Execs>> {}

#[diagnostic::do_not_recommend]
impl<F, S> ReplayFlow<S> for F where F: Drive<S, Arc<Replay>, Through<Execs>> {}

/// A run that has been replayed, and went as it was recorded.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed<S> {
    /// The store at the end of the run.
    pub store: S,
    ended: Result<&'static str, Error>,
}

impl<S> Replayed<S> {
    /// The exit that the flow has reached. `None` if the run failed, or if its record stops before its
    /// end.
    pub fn exit(&self) -> Option<&'static str> {
        self.ended.as_ref().ok().copied()
    }

    /// The error of a run that failed as it did in the record, or with which it stopped where its
    /// record stops.
    pub fn error(&self) -> Option<&Error> {
        self.ended.as_ref().err()
    }
}

/// Replays every run of a flow in a record, and compares it with the record. Returns how many runs
/// there were: at least one.
///
/// Each run begins with the `Default` of the store, and fills it from the record. For a store without
/// one, or whose confidential fields need values, use [`Replay::run_on`].
///
/// ```
/// # use pocketflow::{Shared, flow, node};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Shared, Default, Serialize, Deserialize)]
/// struct Article { topic: String, text: Option<String> }
///
/// #[node(Article, writes = text)]
/// async fn draft(topic: &str) -> std::io::Result<String> {
/// #   if topic == "snow" { unreachable!() }
///     Ok(format!("All about {topic}."))   // it asks a model
/// }
///
/// flow! { Write { draft; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let record = pocketflow_record::Record::in_memory();
/// # Write.with(&record).run(&mut Article { topic: "rain".into(), text: None }).await?;
/// # let record = record.text();
/// // In a test: let record = include_str!("runs/write.jsonl");
/// pocketflow_record::replay(&Write, record).await?;
/// # Ok(()) }
/// ```
///
/// A flow that has only places on fields, `flow! { Work { Draft.on(article); } }`, does not say what its
/// store is. Name it: `replay::<_, Desk>(&Work, record)`.
///
/// A flow with a context: `replay(&Write.context(&services), record)`. No `exec` runs, so the services
/// can be fakes that do nothing.
///
/// # Errors
///
/// If the record has no run of this flow, if it cannot be replayed, or if a run differs from it. The
/// error says how, in lines for a reader.
pub async fn replay<F, S>(flow: &F, record: impl AsRef<[u8]>) -> Result<usize, ReplayError>
where
    F: ReplayFlow<S>,
    S: Replayable + Default,
{
    let recording = Recording::read(record)?;
    replay_each(flow, Replay::planned(recording, None)).await
}

/// Replays the records in some files, as [`replay`] does with one: yesterday's runs on today's code.
/// Returns how many runs there were.
///
/// ```no_run
/// # use pocketflow::{Shared, flow, node};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Shared, Default, Serialize, Deserialize)] struct Research { question: String }
/// # #[node(Research)] fn answer(question: &str) {}
/// # flow! { Agent { answer; } }
/// #[tokio::test]
/// async fn recorded_runs_go_as_they_went() -> Result<(), pocketflow_record::ReplayError> {
///     pocketflow_record::replay_all(&Agent, "tests/runs/*.jsonl").await?;
///     Ok(())
/// }
/// # fn main() {}
/// ```
///
/// See [`Replay::open`] for the pattern.
///
/// # Errors
///
/// If there is no such file, and all errors of [`replay`] in any of the files.
pub async fn replay_all<F, S>(flow: &F, files: impl AsRef<Path>) -> Result<usize, ReplayError>
where
    F: ReplayFlow<S>,
    S: Replayable + Default,
{
    let (mut runs, mut errors) = (0, Vec::new());
    for file in files::matching(files.as_ref())? {
        let replays = match Recording::open(&file) {
            Ok(recording) => Replay::planned(recording, Some(&file)),
            Err(error) => {
                runs += 1;
                errors.push(ReplayError::from(error).in_file(Some(&file)));
                continue;
            }
        };
        match replay_each(flow, replays).await {
            Ok(more) => runs += more,
            Err(error) => match error.kind {
                ReplayErrorKind::Several { of, errors: more } => {
                    runs += of;
                    errors.extend(more);
                }
                kind => {
                    runs += 1;
                    let error = ReplayError { kind, ..error };
                    errors.push(error.in_file(Some(&file)));
                }
            },
        }
    }
    match errors.pop() {
        None => Ok(runs),
        Some(only) if runs == 1 => Err(only),
        Some(last) => {
            errors.push(last);
            Err(ReplayErrorKind::Several { of: runs, errors }.into())
        }
    }
}

/// Replays the runs of this flow.
async fn replay_each<F, S>(flow: &F, replays: Vec<Replay>) -> Result<usize, ReplayError>
where
    F: ReplayFlow<S>,
    S: Replayable + Default,
{
    if replays.is_empty() {
        return Err(ReplayErrorKind::NoRun.into());
    }
    let is_of_flow = |replay: &Replay| replay.flow() == F::GRAPH.name;
    if !replays.iter().any(is_of_flow) {
        let mut recorded: Vec<String> = Vec::new();
        for replay in &replays {
            if !recorded.iter().any(|name| name == replay.flow()) {
                recorded.push(replay.flow().to_owned());
            }
        }
        let flow = F::GRAPH.name.to_owned();
        return Err(ReplayErrorKind::OtherFlow { recorded, flow }.into());
    }
    let (mut runs, mut errors) = (0, Vec::new());
    for replay in replays.into_iter().filter(is_of_flow) {
        runs += 1;
        replay.warn_if_unfinished();
        if let Err(error) = replay.run_on(flow, S::default()).await {
            errors.push(error);
        }
    }
    match errors.pop() {
        None => Ok(runs),
        Some(only) if runs == 1 => Err(only),
        Some(last) => {
            errors.push(last);
            Err(ReplayErrorKind::Several { of: runs, errors }.into())
        }
    }
}

/// What a replay stores is consistent whenever the lock is free, so a poisoned lock can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
