//! What a record does around runs, steps, execs and attempts.

use std::sync::Arc;

use pocketflow::seam::{Execs, Items};
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecCall, ExecDriver, Failure, Graph, ItemCall, ItemId,
    KeepDriver, Node, Run, StepInfo, Taken,
};
use serde::Serialize;

use super::exec::Part;
use super::fields::{RecordedStore, exact_json_of};
use super::notes::AttemptScope;
use super::run::RunScope;
use super::{ExecValues, Record, StepsOnly};
use crate::event::Json;

/// The seam of a record.
type Inside = (Execs, Items);

/// What [`Record`] records of execs: [`ExecValues`] or [`StepsOnly`].
#[doc(hidden)]
pub trait Scope: Send + Sync + 'static {
    /// Whether the values of execs are recorded.
    const VALUES: bool;
}

impl Scope for ExecValues {
    const VALUES: bool = true;
}

impl Scope for StepsOnly {
    const VALUES: bool = false;
}

/// What an exec returns, if it can be recorded: any type that serde writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize`: a record contains what each `exec` returns",
    label = "a node returns `{Self}`",
    note = "write `#[derive(Serialize)]` on the type, or record without these values: `record.steps_only()`"
)]
#[doc(hidden)]
pub trait RecordedExec: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> RecordedExec for T {}

/// Records that a run was dropped, unless it has ended.
struct DropGuard<'s>(Option<&'s RunScope>);

impl DropGuard<'_> {
    /// The run has ended.
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for DropGuard<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.0 {
            run.dropped(std::thread::panicking());
        }
    }
}

impl<S: RecordedStore, E: Scope> Driver<S, Inside> for Record<E> {
    async fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        match info {
            Some(info) if !info.begins_inner_run() => {
                let Some(scope) = RunScope::current(&self.shared) else {
                    return run.run(shared).await;
                };
                scope.enter(info, flow);
                let result = run.run(&mut *shared).await;
                scope.leave(info, flow, &result, shared);
                result
            }
            _ => {
                let id = info.map_or(run.run_id(), |info| info.run_id());
                let scope = self.begin(id, (flow, info), &mut *shared);
                let dropped = DropGuard(Some(&scope));
                let result = scope.clone().scope(run.run(&mut *shared)).await;
                dropped.disarm();
                scope.end(&result, shared);
                result
            }
        }
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let Some(scope) = RunScope::current(&self.shared) else {
            return run.run(shared).await;
        };
        if info.has_finished_before() {
            scope.finished_before(info);
            return run.run(shared).await;
        }
        scope.begin_step(info);
        let result = run.run(&mut *shared).await;
        scope.end_step(info, &result, shared);
        result
    }
}

impl<E: Scope> Record<E> {
    /// Begins to record a run.
    fn begin<S: RecordedStore>(
        &self,
        id: Option<&str>,
        at: (&'static Graph, Option<&StepInfo<'_>>),
        shared: &mut S,
    ) -> Arc<RunScope> {
        RunScope::begin(&self.shared, &self.options, E::VALUES, id, at, shared)
    }
}

impl<E> Record<E> {
    /// Records an exec. `write` writes what it returned.
    async fn exec<S, Marker, N, C>(
        &self,
        info: &StepInfo<'_>,
        item: Option<usize>,
        call: C,
        write: impl Fn(&N::Exec) -> Option<Json> + Send + Sync,
    ) -> Result<N::Exec, Error>
    where
        S: RecordedStore,
        N: Node<S, Marker>,
        C: ExecCall<S, Marker, N>,
    {
        let Some(scope) = RunScope::current(&self.shared) else {
            return call.call().await;
        };
        let began = scope.now();
        let at @ (part, node) = (Part::of(info, item), node(info));
        let notes = AttemptScope::new(Arc::clone(&scope), part, node, 0);
        let result = notes.scope(async move { call.call().await }).await;
        scope.exec(info, at, began, false, result.as_ref().map(write));
        result
    }

    async fn attempt<S, Marker, N, C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        S: RecordedStore,
        N: Node<S, Marker>,
        C: AttemptCall<S, Marker, N>,
    {
        let Some(scope) = RunScope::current(&self.shared) else {
            return call.call().await;
        };
        let (part, node) = (Part::of(info, attempt.item()), node(info));
        let began = scope.now();
        let notes = AttemptScope::new(Arc::clone(&scope), part, node, attempt.number());
        // A node that is not asynchronous runs when its future is made.
        let result = notes.scope(async move { call.call().await }).await;
        scope.attempt((part, node), began, attempt, result.as_ref().err());
        result
    }

    /// Records the result of a branch or an item that another driver has returned, without its exec.
    async fn item<S, Marker, N, C>(
        &self,
        info: &StepInfo<'_>,
        item: ItemId<'_>,
        call: C,
        write: impl Fn(&N::Exec) -> Option<Json> + Send + Sync,
    ) -> Result<N::Exec, Error>
    where
        S: RecordedStore,
        N: Node<S, Marker>,
        C: ItemCall<S, Marker, N>,
    {
        let Some(scope) = RunScope::current(&self.shared) else {
            return call.call().await;
        };
        let part = Part::of(info, item.index());
        let began = scope.now();
        let result = call.call().await;
        if !scope.has_run(part) {
            if let Ok(value) = &result {
                scope.exec(info, (part, node(info)), began, true, Ok(write(value)));
            }
        }
        result
    }
}

/// The name of the node that an exec is of.
fn node(info: &StepInfo<'_>) -> &'static str {
    let place = &info.graph().places[info.place_number()];
    match info.branch_number() {
        Some(branch) => place.fork[branch].node.name,
        None => place.node.name,
    }
}

impl<S, Marker, N> ExecDriver<S, Marker, N, Inside> for Record<ExecValues>
where
    S: RecordedStore,
    N: Node<S, Marker>,
    N::Exec: RecordedExec,
{
    async fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        item: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ExecCall<S, Marker, N>,
    {
        Record::exec(self, info, item, call, |value| Some(exact_json_of(value))).await
    }

    async fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        Record::attempt(self, info, attempt, call).await
    }
}

impl<S, Marker, N> KeepDriver<S, Marker, N, Inside> for Record<ExecValues>
where
    S: RecordedStore,
    N: Node<S, Marker>,
    N::Exec: RecordedExec,
{
    async fn item<C>(
        &self,
        info: &StepInfo<'_>,
        item: ItemId<'_>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Marker, N>,
    {
        Record::item(self, info, item, call, |value| Some(exact_json_of(value))).await
    }
}

impl<S, Marker, N> ExecDriver<S, Marker, N, Inside> for Record<StepsOnly>
where
    S: RecordedStore,
    N: Node<S, Marker>,
{
    async fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        item: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ExecCall<S, Marker, N>,
    {
        Record::exec(self, info, item, call, |_| None).await
    }

    async fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        Record::attempt(self, info, attempt, call).await
    }
}

impl<S, Marker, N> KeepDriver<S, Marker, N, Inside> for Record<StepsOnly>
where
    S: RecordedStore,
    N: Node<S, Marker>,
{
    async fn item<C>(
        &self,
        info: &StepInfo<'_>,
        item: ItemId<'_>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Marker, N>,
    {
        Record::item(self, info, item, call, |_| None).await
    }
}
