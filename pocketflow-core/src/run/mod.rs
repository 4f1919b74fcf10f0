//! Runs a flow: the walk over the graph, its steps, and the attempts of an exec, in the two modes
//! of a run.

mod batch;
mod context;
mod contract;
mod cursor;
mod direct;
mod driven;
mod error_edge;
mod exec;
mod execution;
mod flow;
mod fork;
mod inner;
mod mode;
mod nested;
mod once;
mod pause;
mod policies;
mod runnable;
mod runner;
mod skipped;
mod sleep;
mod step;
mod step_future;
mod timeout;
mod wait;
mod with;
mod with_context;

pub use batch::{Batch, InFlight, Partial, in_parallel, in_sequence};
pub use batch::{collect_in_parallel, collect_in_sequence};
pub use context::FlowContext;
pub use contract::{ItemMode, NodeMode, StepMode};
pub use cursor::Cursor;
pub use direct::Undriven;
pub use execution::Execution;
pub use flow::{CheckedWalk, Flow, Walk, WalkChunk};
pub use fork::{ForkBranch, ForkPair, fork_step};
pub use inner::{
    At, EachBranch, EachFlow, EachRunner, FieldOn, InnerPlace, OnBranch, OnFlow, OnRunner, RunOn,
    fork_of_flows,
};
pub use mode::Mode;
pub use policies::{check_in_context, limit};
pub use runnable::{BoxedFlow, FlowOf, Runnable};
pub use runner::{
    BatchRunner, FlowRunner, FlowStep, Forked, NoRunner, NodeAt, NodeRunner, NodeWithFields,
    RecoveringRunner, Runner, SiteRef, Step, StepKind,
};
pub use skipped::Skipped;
pub use sleep::SleepRunner;
pub use step::{Prepared, Retained};
pub use step_future::StepFuture;
pub use timeout::within;
pub use wait::{AwaitRunner, ExpiringRunner, Waits};
pub use with::{Drive, Running, With};
pub use with_context::WithContext;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::run_error::Error;
use crate::store::Shared;

/// Runs a flow without a driver and without a context. The `run` of every flow calls it.
#[doc(hidden)]
pub fn run_direct<F, S>(flow: &F, shared: &mut S::Itself) -> impl StepFuture<F::Exit>
where
    F: Flow + Walk<S, Undriven<S::Absent>>,
    S: Shared,
{
    let (shared, context) = S::itself(shared);
    RunToExit {
        walk: flow.walk(
            flow::cursor::<F, Undriven<S::Absent>>(context, None),
            shared,
        ),
        flow: PhantomData::<fn() -> F>,
    }
}

pin_project! {
    /// A walk. Its result becomes the exit of the flow.
    struct RunToExit<W, F> {
        #[pin]
        walk: W,
        flow: PhantomData<fn() -> F>,
    }
}

impl<W, F> Future for RunToExit<W, F>
where
    W: Future<Output = Result<usize, Error>>,
    F: Flow,
{
    type Output = Result<F::Exit, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().walk.poll(context).map_ok(F::exit)
    }
}

/// The cause of an [`Error`] when a [`Position`](crate::Position) does not fit the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchPlace {
    /// The place that the flow does not have.
    pub place: String,
}

impl fmt::Display for NoSuchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no place `{}` to resume at", self.place)
    }
}

impl std::error::Error for NoSuchPlace {}
