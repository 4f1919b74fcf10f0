//! A replay as a driver.

use std::any::TypeId;
use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;

use pocketflow::__private::Describe;
use pocketflow::seam::Execs;
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecDriver, Failure, Graph, Node, Run, Stage, Start,
    StepInfo, Taken,
};
use serde::de::DeserializeOwned;

use super::compare::{self, is_mark, value_of};
use super::difference::{Difference, Differing, Differs};
use super::error::ReplayErrorKind;
use super::fields::{ReplayFields, Replayable};
use super::progress::{Progress, path};
use super::recorded_error::{exec_error, step_error, suspension, texts};
use super::{Replay, graphs, lock};
use crate::event::Exec;
use crate::names::{self, short};
use crate::{Ended, Outcome, State};

/// The record stops here.
const STOPS: &str = "the record stops here";

/// Where a step is in the record.
enum At {
    /// It is this step of this run.
    Step { run: usize, step: usize },
    /// The record stops before it.
    Over,
    /// The record does not have it, and is not compared.
    Unknown,
}

/// What the record says about an exec.
enum Recorded {
    Value(String),
    Ends(Error),
    /// Another exec of the step has failed, and has ended the step before this exec was done.
    Dropped(Error),
}

impl<S: Replayable> Driver<S, Execs> for Replay {
    fn begin(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
    ) -> impl Future<Output = Result<Start, Error>> + Send {
        std::future::ready(match info {
            None => self
                .begin_outermost(flow, shared)
                .map_err(|kind| flow.error(kind)),
            Some(info) => self.begin_inner(flow, info, shared),
        })
    }

    fn flow<R: Run<S>>(
        &self,
        _flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            let ended = run.run(shared).await;
            if info.is_none_or(StepInfo::begins_inner_run) {
                self.ends(info, shared, ended)
            } else {
                ended
            }
        }
    }

    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            let (run_of, step) = match self.begin_step(info, shared)? {
                At::Step { run, step } => (run, step),
                At::Over => return Err(info.suspend(STOPS)),
                At::Unknown if info.sleeps_for().is_some() => return Ok(slept(info)),
                At::Unknown => return run.run(shared).await,
            };
            let result = if let Some(error) = self.stopped_before(info, (run_of, step)) {
                Err(error)
            } else if let Some(taken) = self.stored_action(info, (run_of, step)) {
                let arrived = self.arrives(info, (run_of, step), shared);
                arrived.map(|_| taken)
            } else if info.sleeps_for().is_some() {
                match self.plan.ended(run_of, step) {
                    None => Err(info.suspend(STOPS)),
                    Some(_) => {
                        let arrived = self.arrives(info, (run_of, step), shared);
                        arrived.map(|_| slept(info))
                    }
                }
            } else if let Some(field) = info.waits_for() {
                match self.wait(info, field, (run_of, step), shared) {
                    Some(result) => result,
                    None => run.run(shared).await,
                }
            } else {
                run.run(shared).await
            };
            self.end_step(info, (run_of, step), shared, result)
        }
    }
}

impl<S, Marker, N> ExecDriver<S, Marker, N> for Replay
where
    S: Replayable,
    Marker: 'static,
    N: Node<S, Marker>,
    N::Exec: ReplayedValue,
{
    /// At the attempt and not at the exec, so that a stub around the replay can take its place.
    fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>,
    {
        async move {
            if self.real.contains(&TypeId::of::<N>()) {
                return call.call().await;
            }
            let node = <N as Describe>::NODE.name;
            let text = match self.recorded(info, attempt.item(), node) {
                Recorded::Value(text) => text,
                Recorded::Ends(error) => {
                    // Its failure drops the inner runs that are in progress, so they come first.
                    if info.inner_run().is_some() {
                        self.others_go_on().await;
                    }
                    return Err(Failure::ending(error));
                }
                Recorded::Dropped(error) => {
                    // The exec that has failed ends the step, as soon as it has its turn.
                    self.others_go_on().await;
                    return Err(Failure::ending(error));
                }
            };
            N::Exec::of_text(&text).map_err(|error| {
                let kind = ReplayErrorKind::BadValue {
                    of: format!("the node `{node}`"),
                    to: Some(short(std::any::type_name::<N::Exec>())),
                    error: error.to_string(),
                };
                Failure::ending(info.error(kind))
            })
        }
    }
}

/// What a replay can give back: any type that serde reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Deserialize`: a replay gives back what each `exec` has returned",
    label = "what the `exec` of a node returns",
    note = "write `#[derive(Serialize, Deserialize)]` on the type"
)]
#[doc(hidden)]
pub trait ReplayedValue: Sized {
    /// Reads a value of the record.
    #[doc(hidden)]
    fn of_text(text: &str) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> ReplayedValue for T {
    fn of_text(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// For how many turns nothing happens before nothing will.
const QUIET: u32 = 16;

/// Lets the other branches run.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

fn slept(info: &StepInfo<'_>) -> Taken {
    let action = info.actions()[0];
    info.taken(action).expect("an action of this step")
}

impl Replay {
    fn begin_outermost<S: Replayable>(
        &self,
        flow: &'static Graph,
        shared: &mut S,
    ) -> Result<Start, ReplayErrorKind> {
        let graph = self.plan.graph(self.run);
        if graph.name != flow.name {
            return Err(ReplayErrorKind::OtherFlow {
                recorded: vec![graph.name.clone()],
                flow: flow.name.to_owned(),
            });
        }
        if self.plan.pieces(self.run).any(|piece| !piece.run.values) {
            return Err(ReplayErrorKind::WithoutValues);
        }
        let mut progress = Progress::new(flow, self.run, &self.plan);
        let state = self.plan.first(self.run).state_at_start();
        progress.notes = store_changes::<S>(&state);
        fill(&state, None, shared)?;
        *lock(&self.progress) = Some(progress);
        Ok(self.start(self.run, flow))
    }

    fn begin_inner<S: Replayable>(
        &self,
        flow: &'static Graph,
        info: &StepInfo<'_>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        self.events.fetch_add(1, Relaxed);
        let mut guard = lock(&self.progress);
        let Some(progress) = &mut *guard else {
            return Ok(Start::Fresh);
        };
        if let Some(run) = progress.run_of(info, &self.plan) {
            progress.begin(run, &self.plan);
            drop(guard);
            let start = self.start(run, flow);
            if start != Start::Fresh {
                let state = self.plan.first(run).state_at_start();
                fill(&state, None, shared).map_err(|kind| info.error(kind))?;
            }
            return Ok(start);
        }
        let outer = progress.outer_step(info, &self.plan);
        drop(guard);
        let Some((run, step)) = outer.filter(|_| self.compares) else {
            return Ok(Start::Fresh);
        };
        // The step may have ended before this run began.
        let is_done = |ended: &Ended| matches!(ended, Ended::Taken(taken) if !taken.failed);
        if !self.plan.ended(run, step).is_some_and(is_done) {
            return Err(info.suspend(STOPS));
        }
        let first = usize::from(self.plan.run(run).steps[0].is_stored);
        if step == first && self.plan.first(run).run.resumed.is_some() {
            let kind = ReplayErrorKind::BeginsInTheMiddle {
                run: info.to_string(),
            };
            return Err(info.error(kind));
        }
        let now = info.to_string();
        let differs = Differing::new(Differs::InnerRun, "none", now);
        Err(self.differs(info, vec![differs]))
    }

    /// Finds a step in the record.
    fn begin_step<S: Replayable>(&self, info: &StepInfo<'_>, shared: &mut S) -> Result<At, Error> {
        self.events.fetch_add(1, Relaxed);
        let mut guard = lock(&self.progress);
        let Some(progress) = &mut *guard else {
            return Ok(At::Unknown);
        };
        let names = path(info);
        let Some(run) = progress.run_of(info, &self.plan) else {
            return Ok(At::Unknown);
        };
        let Some(at) = progress.run(run) else {
            return Ok(At::Unknown);
        };
        let visit = at.visit(&names);
        at.current = None;
        let step = if self.compares {
            self.plan.step_numbered(run, info.step())
        } else {
            self.plan.visit(run, &names, visit)
        };
        let Some(step) = step else {
            drop(guard);
            return self.is_over(info, run);
        };
        if self.compares && self.plan.step(run, step).step.path != names {
            drop(guard);
            let then = self.plan.step(run, step).step.path.join(" > ");
            let differs = Differing::new(Differs::Place, then, names.join(" > "));
            return Err(self.differs(info, vec![differs]));
        }
        at.current = Some(step);
        if !self.compares {
            if info.waits_for().is_some() || info.sleeps_for().is_some() {
                at.state = self.plan.state_before(run, step);
            }
            return Ok(At::Step { run, step });
        }
        // A driver around this one may have completed a step itself: a stub that fills a wait.
        for passed in at.done..step {
            self.plan.before(run, passed, &mut at.state);
            self.plan.after(run, passed, &mut at.state);
        }
        at.done = step;
        let known = at.state.clone();
        self.plan.before(run, step, &mut at.state);
        if self.plan.run(run).steps[step].resumes {
            let state = at.state.clone();
            drop(guard);
            fill(&state, Some(&known), shared).map_err(|kind| info.error(kind))?;
        }
        Ok(At::Step { run, step })
    }

    /// The record of the run has no such step.
    fn is_over(&self, info: &StepInfo<'_>, run: usize) -> Result<At, Error> {
        let then = match self.plan.outcome(run) {
            Outcome::Unfinished | Outcome::Suspended(_) => return Ok(At::Over),
            _ if !self.compares => return Ok(At::Unknown),
            Outcome::Exit(exit) => names::end(exit),
            Outcome::Failed(error) => error.join(": "),
        };
        let differs = Differing::new(Differs::Place, then, path(info).join(" > "));
        Err(self.differs(info, vec![differs]))
    }

    /// The error of a driver that stopped the run at this step before anything ran, such as a limit that
    /// this run does not have.
    fn stopped_before(&self, info: &StepInfo<'_>, (run, step): (usize, usize)) -> Option<Error> {
        let known = self.plan.step(run, step);
        if !known.execs.is_empty() || !known.inner_runs.is_empty() || info.waits_for().is_some() {
            return None;
        }
        stopped(info, known.ended.as_ref()?)
    }

    /// The action of a step that a driver had stored when the run resumed there.
    fn stored_action(&self, info: &StepInfo<'_>, (run, step): (usize, usize)) -> Option<Taken> {
        let is_stored = self.plan.run(run).steps[step].is_stored;
        let action = self.plan.step(run, step).action();
        action
            .filter(|_| is_stored)
            .and_then(|action| info.taken(action))
    }

    /// Fills the field of a wait. Returns `None` if the step failed in the record, so that it fails
    /// again.
    fn wait<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        (run, step): (usize, usize),
        shared: &mut S,
    ) -> Option<Result<Taken, Error>> {
        match self.plan.ended(run, step) {
            Some(Ended::Failed(failed)) if info.expires_after().is_some() => {
                Some(Err(step_error(info, &failed.error)))
            }
            Some(Ended::Failed(_)) => None,
            Some(Ended::Suspended(suspended)) => {
                let arrived = self.arrives(info, (run, step), shared);
                Some(arrived.and(Err(suspension(info, &suspended.error))))
            }
            Some(Ended::Taken(taken)) => {
                let arrived = self.arrives(info, (run, step), shared).and_then(|state| {
                    let index = S::STORE.field(field);
                    let Some(index) = index else { return Ok(()) };
                    let text = value_of(&state, &S::STORE.fields[index]).unwrap_or("null");
                    fill_field(index, text, shared).map_err(|kind| info.error(kind))
                });
                // Otherwise today's wait does not have this action, and the comparison says so.
                let action = info.taken(&taken.action).unwrap_or_else(|| slept(info));
                Some(arrived.map(|()| action))
            }
            None => Some(Err(info.suspend(STOPS))),
        }
    }

    /// Changes the store by what came from outside while a step waited or slept. Returns the state in the
    /// record.
    fn arrives<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        (run, step): (usize, usize),
        shared: &mut S,
    ) -> Result<State, Error> {
        let before = match lock(&self.progress).as_mut().and_then(|all| all.run(run)) {
            Some(at) => at.state.clone(),
            None => State::default(),
        };
        let mut state = before.clone();
        self.plan.after(run, step, &mut state);
        fill(&state, Some(&before), shared).map_err(|kind| info.error(kind))?;
        Ok(state)
    }

    /// Compares a step with the record.
    fn end_step<S: Replayable>(
        &self,
        info: &StepInfo<'_>,
        (run, step): (usize, usize),
        shared: &mut S,
        result: Result<Taken, Error>,
    ) -> Result<Taken, Error> {
        if result.as_ref().is_err_and(is_of_replay) || !self.compares {
            return result;
        }
        let (before, then) = {
            let mut guard = lock(&self.progress);
            let Some(at) = guard.as_mut().and_then(|progress| progress.run(run)) else {
                return result;
            };
            let before = at.state.clone();
            self.plan.after(run, step, &mut at.state);
            at.done = step + 1;
            (before, at.state.clone())
        };
        let Some(ended) = self.plan.ended(run, step) else {
            // The process died here, or the run was dropped.
            return result;
        };
        let result = match stopped(info, ended) {
            // A driver that this run does not have stopped the run after the step.
            Some(error) if result.is_ok() => Err(error),
            _ => result,
        };
        let graph = self
            .plan
            .recording()
            .graph(self.plan.step(run, step).step.graph);
        let graph = graph.expect("checked when the record was read");
        let place = self.plan.step(run, step).step.place;
        let mut differs = Vec::from_iter(compare::result(graph, place, ended, info, &result));
        let changed = compare::changed::<S>(info, Some(ended));
        differs.extend(compare::fields(changed, Some(&before), &then, shared));
        if differs.is_empty() {
            return result;
        }
        Err(self.differs(info, differs))
    }

    /// Compares the end of a run with the record.
    fn ends<S: Replayable>(
        &self,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        result: Result<Taken, Error>,
    ) -> Result<Taken, Error> {
        if result
            .as_ref()
            .is_err_and(|error| is_of_replay(error) || error.suspends())
            || !self.compares
        {
            return result;
        }
        let (run, then, state) = {
            let mut guard = lock(&self.progress);
            let Some(progress) = &mut *guard else {
                return result;
            };
            let run = match info {
                Some(info) => progress.run_of(info, &self.plan),
                None => Some(self.run),
            };
            let Some((run, at)) = run.and_then(|run| Some((run, progress.run(run)?))) else {
                return result;
            };
            let steps = &self.plan.run(run).steps;
            for passed in at.done..steps.len() {
                self.plan.before(run, passed, &mut at.state);
                self.plan.after(run, passed, &mut at.state);
            }
            self.plan.at_end(run, &mut at.state);
            let next = (at.done < steps.len()).then(|| self.plan.step(run, at.done));
            let then = match (self.plan.outcome(run), next) {
                (_, Some(step)) => step.step.path.join(" > "),
                (Outcome::Exit(exit), None) => names::end(exit),
                (Outcome::Failed(error), None) => error.join(": "),
                // The record has no more steps, and nobody knows how the run would have ended.
                (Outcome::Suspended(_) | Outcome::Unfinished, None) => return result,
            };
            (run, then, at.state.clone())
        };
        let now = match &result {
            Ok(taken) => names::end(taken.action()),
            Err(error) => texts(error).join(": "),
        };
        let mut differs = Vec::new();
        if then != now {
            differs.push(Differing::new(Differs::End, then, now));
        }
        let all = 0..S::STORE.fields.len();
        differs.extend(compare::fields(all, None, &state, shared));
        if differs.is_empty() {
            return result;
        }
        let place = match info {
            Some(info) => info.to_string(),
            None => self.plan.graph(run).name.clone(),
        };
        let kind = self.difference(place, None, differs);
        Err(match (info, &*lock(&self.progress)) {
            (Some(info), _) => info.error(kind),
            (None, Some(progress)) => progress.graph.error(kind),
            (None, None) => return result,
        })
    }

    /// Lets what runs at the same time go on, until nothing of it does.
    async fn others_go_on(&self) {
        let (mut seen, mut quiet) = (self.events.load(Relaxed), 0);
        while quiet < QUIET {
            yield_now().await;
            let now = self.events.load(Relaxed);
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
        }
    }

    /// What the record has for an exec.
    fn recorded(&self, info: &StepInfo<'_>, item: Option<usize>, node: &str) -> Recorded {
        self.events.fetch_add(1, Relaxed);
        let ends = |kind: ReplayErrorKind| Recorded::Ends(info.error(kind));
        let at = {
            let mut guard = lock(&self.progress);
            guard.as_mut().and_then(|progress| {
                let run = progress.run_of(info, &self.plan)?;
                let step = progress.run(run)?.current?;
                Some((run, step))
            })
        };
        let not_recorded = || ReplayErrorKind::NotRecorded {
            node: node.to_owned(),
            exec: match item {
                Some(item) => format!("the item {item} of `{info}`"),
                None => format!("this visit of `{info}`"),
            },
        };
        let Some((run, step)) = at else {
            return ends(not_recorded());
        };
        let branch = info.branch_number();
        let Some(exec) = self.plan.exec(run, step, (branch, item)) else {
            let failed = self.plan.failed_execs(run, step).min_by_key(|exec| exec.at);
            return match (failed, self.plan.ended(run, step)) {
                (Some(failed), _) if failed.branch == branch => {
                    Recorded::Ends(exec_error(info, failed))
                }
                (Some(_), _) => Recorded::Dropped(info.error(not_recorded())),
                (None, None | Some(Ended::Suspended(_))) => Recorded::Ends(info.suspend(STOPS)),
                (None, Some(_)) => ends(not_recorded()),
            };
        };
        if exec.node != node {
            let differs = Differing::new(Differs::Node, &*exec.node, node);
            return Recorded::Ends(self.differs(info, vec![differs]));
        }
        match exec {
            exec if !exec.error.is_empty() => Recorded::Ends(exec_error(info, exec)),
            Exec { redacted: true, .. } => ends(ReplayErrorKind::Redacted { node: node.into() }),
            Exec {
                value: Some(value), ..
            } => match value.why_unwritable() {
                Some(why) => ends(ReplayErrorKind::Unwritable {
                    node: node.to_owned(),
                    why,
                }),
                None => Recorded::Value(value.text().to_owned()),
            },
            _ => ends(ReplayErrorKind::WithoutValues),
        }
    }

    /// The error of a difference at a step.
    fn differs(&self, info: &StepInfo<'_>, differs: Vec<Differing>) -> Error {
        let place = info.to_string();
        let step = (!info.begins_inner_run()).then(|| info.step());
        info.error(self.difference(place, step, differs))
    }

    fn difference(
        &self,
        place: String,
        step: Option<u64>,
        differs: Vec<Differing>,
    ) -> ReplayErrorKind {
        let graph = self.plan.graph(self.run);
        let mut notes = Vec::new();
        if let Some(progress) = &*lock(&self.progress) {
            notes = graphs::changes(self.plan.recording(), graph, progress.graph);
            notes.extend(progress.notes.iter().cloned());
        }
        ReplayErrorKind::Differs(Box::new(Difference {
            flow: match &*graph.name {
                "" => "flow".to_owned(),
                name => name.to_owned(),
            },
            place,
            step,
            differs,
            notes,
        }))
    }
}

/// The error of a driver with which a step ended.
fn stopped(info: &StepInfo<'_>, ended: &Ended) -> Option<Error> {
    let by_driver = format!(": {}", Stage::Driver);
    let texts = ended.error();
    let is_by_driver = texts.first().is_some_and(|text| text.ends_with(&by_driver));
    match ended {
        Ended::Failed(_) if is_by_driver => Some(step_error(info, texts)),
        Ended::Suspended(_) if is_by_driver => Some(suspension(info, texts)),
        _ => None,
    }
}

/// Whether a replay has made the error.
fn is_of_replay(error: &Error) -> bool {
    error.find::<ReplayErrorKind>().is_some()
}

/// Sets the fields of a store to a state of the record: all of them, or those that differ from a state
/// that the store has already. A confidential field keeps the value that the store has.
fn fill<S: Replayable>(
    state: &State,
    known: Option<&State>,
    shared: &mut S,
) -> Result<(), ReplayErrorKind> {
    for (index, field) in S::STORE.fields.iter().enumerate() {
        let text = value_of(state, field).filter(|text| !is_mark(text));
        let is_known = |text: &str| known.and_then(|known| value_of(known, field)) == Some(text);
        if let Some(text) = text.filter(|text| !is_known(text)) {
            fill_field(index, text, shared)?;
        }
    }
    Ok(())
}

fn fill_field<S: Replayable>(
    index: usize,
    text: &str,
    shared: &mut S,
) -> Result<(), ReplayErrorKind> {
    let field = S::STORE.fields[index].name;
    if is_mark(text) {
        return Err(ReplayErrorKind::RedactedField {
            field: field.to_owned(),
        });
    }
    ReplayFields::read(index, text, shared).map_err(|error| ReplayErrorKind::BadValue {
        of: format!("the field `{field}`"),
        to: None,
        error: error.to_string(),
    })
}

/// What has changed in the store since the record, and what the record does not tell.
fn store_changes<S: Replayable>(state: &State) -> Vec<String> {
    let mut notes = Vec::new();
    let store = S::STORE.name;
    for field in S::STORE.fields.iter().filter(|field| !field.skipped) {
        let name = field.name;
        match value_of(state, field) {
            None => notes.push(format!("the field `{name}` of `{store}` is new")),
            Some(text) if is_mark(text) => notes.push(format!(
                "the field `{name}` is not in the record, so it has the value of the store that the replay was given"
            )),
            Some(_) => {}
        }
    }
    for (name, _) in state.iter() {
        let mut fields = S::STORE.fields.iter();
        if !fields.any(|field| field.names().any(|known| known == name)) {
            notes.push(format!(
                "the store `{store}` no longer has the field `{name}`"
            ));
        }
    }
    notes
}
