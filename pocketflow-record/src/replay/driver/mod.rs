//! A replay as a driver.

mod begin;
mod end;
mod exec;
mod outside;

use std::any::TypeId;
use std::future::Future;

use pocketflow::__private::Describe;
use pocketflow::seam::Execs;
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecDriver, Failure, Graph, Node, Run, Start, StepInfo,
    Taken,
};
use serde::de::DeserializeOwned;

use self::begin::At;
use self::exec::Recorded;
use super::error::ReplayErrorKind;
use super::fields::Replayable;
use super::one_run::Replay;
use crate::names::short;

/// The record stops here.
const STOPS: &str = "the record stops here";

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

fn slept(info: &StepInfo<'_>) -> Taken {
    let action = info.actions()[0];
    info.taken(action).expect("an action of this step")
}
