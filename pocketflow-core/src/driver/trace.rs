use std::future::Future;

use tracing::{Instrument, Span, debug_span, field, warn};

use super::exec::{AttemptCall, ExecCall, ExecDriver};
use super::seam::Execs;
use super::{Driver, Run, StepInfo, Taken};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node};
use crate::run_error::Error;
use crate::store::Shared;

/// Traces a run with [`tracing`]. Every flow has a span `flow` and every step has a span `node`,
/// both at the level `DEBUG`. Every failed attempt is a warning.
///
/// | span | fields |
/// | --- | --- |
/// | `flow` | `name`; `exit`, when it ends |
/// | `node` | `name`, `path`, `step`; `attempt`, the latest; `action`, when it is done |
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
#[derive(Debug, Clone, Copy, Default)]
pub struct Trace;

impl<S: Shared> Driver<S, Execs> for Trace {
    fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        _info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        let span = debug_span!("flow", name = flow.label(), exit = field::Empty);
        recorded::<S, R>(span, "exit", shared, run)
    }

    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        recorded::<S, R>(node_span(info), "action", shared, run)
    }
}

fn node_span(info: &StepInfo<'_>) -> Span {
    debug_span!(
        "node",
        name = info.name(),
        path = %info,
        step = info.step(),
        attempt = field::Empty,
        action = field::Empty
    )
}

/// Runs inside a span, and records the action taken in it.
async fn recorded<S, R: Run<S>>(
    span: Span,
    field: &'static str,
    shared: &mut S,
    run: R,
) -> Result<Taken, Error> {
    let taken = run.run(shared).instrument(span.clone()).await?;
    span.record(field, taken.action());
    Ok(taken)
}

impl<S, Marker, N> ExecDriver<S, Marker, N> for Trace
where
    S: Shared,
    N: Node<S, Marker>,
{
    /// The nodes of a fork are one step. Each has a span inside the span of the fork.
    async fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        _item: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ExecCall<S, Marker, N>,
    {
        if !info.is_branch() {
            return call.call().await;
        }
        call.call().instrument(node_span(info)).await
    }

    async fn attempt<C>(
        &self,
        _info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        Span::current().record("attempt", attempt.number());
        let result = call.call().await;
        if let Err(failure) = &result {
            warn!(
                attempt = attempt.number(),
                of = attempt.of(),
                error = failure.cause(),
                "an attempt failed"
            );
        }
        result
    }
}
