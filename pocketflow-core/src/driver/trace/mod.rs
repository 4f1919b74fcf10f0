mod names;
mod spans;

use std::future::Future;

use tracing::{Instrument, Span};

use super::exec::{AttemptCall, ExecCall, ExecDriver};
use super::seam::Execs;
use super::{Driver, Run, StepInfo, Taken};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node};
use crate::run_error::Error;
use crate::store::Shared;

/// Traces a run with [`tracing`]: a span for each run, step, branch of a fork and item of a batch.
///
/// ```
/// # use pocketflow::{Shared, Trace, flow, node};
/// # #[derive(Shared, Default)] struct Order { total_cents: u64 }
/// # #[node(Order)] fn review(total_cents: &u64) {}
/// # flow! { Checkout { review; } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// Checkout.with(Trace).run(&mut Order::default()).await?;
/// # Ok(()) }
/// ```
///
/// The target of all spans and events is `pocketflow`. Names that begin with `gen_ai.` and `error.` are
/// those of OpenTelemetry's semantic conventions for generative AI, version 0.1.0, so a program that
/// exports the spans with `tracing-opentelemetry` needs no other names. That crate turns the fields
/// `otel.…` into the name and the status of the span: `invoke_workflow Checkout`, `step review`.
///
/// # Spans
///
/// | span | level | what it is | fields |
/// | --- | --- | --- | --- |
/// | `run` | info | a run: the outermost one, or one on a field of another store, inside the step of that store | `otel.name`, `gen_ai.operation.name` (`invoke_workflow`), `gen_ai.agent.name` (the flow), `gen_ai.conversation.id` (the id of the outermost run), `pocketflow.run.id` (its own id), `pocketflow.field`, `pocketflow.item.index`, `pocketflow.item.key`, `pocketflow.exit`, `pocketflow.suspended`, `error.type`, `otel.status_code`, `otel.status_description` |
/// | `flow` | info | a nested flow | `otel.name`, `pocketflow.path`, `pocketflow.action`, `pocketflow.suspended`, `error.type`, `otel.status_code`, `otel.status_description` |
/// | `step` | info | a step: a node, a fork, a wait, or all runs on a field | `otel.name`, `pocketflow.path`, `pocketflow.step`, `pocketflow.waits_for`, `pocketflow.action`, `pocketflow.suspended`, `error.type`, `otel.status_code`, `otel.status_description` |
/// | `branch` | info | a node of a fork, unless it is a batch | `otel.name`, `pocketflow.path`, `pocketflow.branch`, `error.type`, `otel.status_code`, `otel.status_description` |
/// | `item` | debug | an item of a batch | `otel.name`, `pocketflow.path`, `pocketflow.branch`, `pocketflow.item.index`, `pocketflow.items`, `error.type`, `otel.status_code`, `otel.status_description` |
/// | `attempt` | debug | an attempt of a node that may have several | `otel.name`, `pocketflow.attempt`, `pocketflow.attempts`, `error.type`, `otel.status_code`, `otel.status_description` |
///
/// A field without a value is absent. A run has an id if a driver gives it one, as that of a durable run
/// does. `error.type` is `prep`, `exec`, `timeout`, `fallback`, `post`, `driver` or `start`, or `_OTHER`
/// for a step that has failed and whose error edge the flow has followed. A span that ends without an
/// action, an exit, an error or `pocketflow.suspended` belongs to a run whose future was dropped. A run
/// that is suspended, such as a durable run that waits, has not failed.
///
/// # Events
///
/// | event | level | fields | when |
/// | --- | --- | --- | --- |
/// | `attempt failed` | warn | `pocketflow.path`, `pocketflow.branch`, `pocketflow.item.index`, `pocketflow.attempt`, `pocketflow.attempts`, `error` | an attempt has failed, whether or not there is another |
/// | `inner run failed` | warn | `error` | a run on a field has failed. The run around it may go on |
/// | `run failed` | error | `error` | the outermost run has failed |
///
/// The message is the name, and `error` is the error with its causes, on one line: control characters are
/// written as escapes.
///
/// # What is not emitted
///
/// No span or event contains a value of the store, except where the text of an error, the key of an item
/// or the id of a run contains one. A step that a durable run has finished before has no span again, and
/// neither have the items and the inner runs that have finished before. Each resumption is a `run` of its
/// own, with the same ids, and so is a nested flow in which the run resumes. A run that cannot begin,
/// because an input is empty or its driver refuses it, has no span.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trace;

impl<S: Shared> Driver<S, Execs> for Trace {
    fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        let nested = info.filter(|info| !info.begins_inner_run());
        let span = match nested {
            Some(info) => spans::flow(flow, info),
            None => spans::run(flow, run.run_id(), info),
        };
        async move {
            let result = run.run(shared).instrument(span.clone()).await;
            if nested.is_some() {
                spans::ended(&span, names::ACTION, &result);
            } else {
                // Before the span has the error, so that a line of a log does not have it twice.
                if let Err(error) = &result {
                    spans::run_failed(&span, info.is_some(), error);
                }
                spans::ended(&span, names::EXIT, &result);
            }
            result
        }
    }

    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        let span = if info.has_finished_before() {
            Span::none()
        } else {
            spans::step(info)
        };
        async move {
            let result = run.run(shared).instrument(span.clone()).await;
            spans::ended(&span, names::ACTION, &result);
            result
        }
    }
}

impl<S, Marker, N> ExecDriver<S, Marker, N> for Trace
where
    S: Shared,
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
        let span = match item {
            Some(index) => spans::item(info, index),
            None if info.is_branch() => spans::branch(info),
            // The span of the step is enough.
            None => return call.call().await,
        };
        let result = call.call().instrument(span.clone()).await;
        if let Err(error) = &result {
            spans::ended_with(&span, error);
        }
        result
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
        let span = if attempt.of() > 1 {
            spans::attempt(info, &attempt)
        } else {
            Span::none()
        };
        let result = call.call().instrument(span.clone()).await;
        if let Err(failure) = &result {
            spans::attempt_failed(&span, info, &attempt, failure);
        }
        result
    }
}
