//! Flows with drivers.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::contract::StepMode;
use super::driven::Driven;
use super::flow::{self, Flow, Walk};
use super::once::BoxFuture;
use super::with_context::WithContext;
use crate::driver::seam::{Steps, Through};
use crate::driver::{Driver, Stack, Start, Taken};
use crate::graph::{Graph, Position};
use crate::run::step_future::StepFuture;
use crate::run_error::Error;
use crate::store::{BorrowContext, InContext, NoContext, Shared};

/// A flow with its drivers: `Agent.with(StepLimit::new(50)).run(&mut shared).await`. `C` is the
/// [context](super::WithContext) of its run, where it is given one. `Seam` is the
/// [seam](crate::seam) of the driver, which the compiler infers.
#[must_use = "a flow does nothing until it is run"]
pub struct With<'f, F, D, C = NoContext, Seam = Steps> {
    pub(super) flow: &'f F,
    pub(super) driver: D,
    pub(super) context: C,
    seam: PhantomData<fn() -> Seam>,
}

impl<'f, F: Flow, D, Seam> With<'f, F, D, NoContext, Seam> {
    #[doc(hidden)]
    pub fn new(flow: &'f F, driver: D) -> Self {
        Self::in_context(flow, driver, NoContext)
    }

    /// Gives the run its context, as [`WithContext`](super::WithContext) does:
    /// `Agent.with(driver).context(&services)`.
    pub fn context<C: BorrowContext>(self, context: C) -> With<'f, F, D, C::Pointer, Seam> {
        With::in_context(self.flow, self.driver, context.pointer())
    }
}

impl<'f, F, D, C, Seam> With<'f, F, D, C, Seam> {
    pub(super) fn in_context(flow: &'f F, driver: D, context: C) -> Self {
        Self {
            flow,
            driver,
            context,
            seam: PhantomData,
        }
    }
}

impl<'f, F: Flow, D, C, Seam> With<'f, F, D, C, Seam> {
    /// Adds a driver. The drivers that are already there wrap it.
    pub fn with<E, Inner>(self, driver: E) -> With<'f, F, Stack<D, E>, C, Stack<Seam, Inner>> {
        With::in_context(self.flow, Stack(self.driver, driver), self.context)
    }

    /// Runs the flow on a store, from its first node to an exit.
    ///
    /// The future borrows the store for as long as it lives. If you drop the future, the run is
    /// cancelled and the store stays as the last finished `post` left it. The same holds when the
    /// run fails, unless the error is that of a `post` ([`Stage::Post`](crate::Stage::Post)).
    ///
    /// # Errors
    ///
    /// Returns the final error of a node, or the error of a driver, as an [`Error`] that names the
    /// place.
    pub fn run<'a, S>(self, shared: &'a mut S) -> Running<'a, F::Exit>
    where
        F: Walk<S, Driven<D, Seam, C>>,
        S: InContext<C::Context>,
        D: Drives<S, Seam> + 'a,
        C: BorrowContext + 'a,
        Seam: 'static,
        'f: 'a,
    {
        self.resume(Position::START, shared)
    }

    /// Resumes a run at a position from [`StepInfo::position`](crate::StepInfo::position). Run it
    /// on a store in the state of that moment. The step at the position runs again.
    ///
    /// # Errors
    ///
    /// The run fails as [`run`](Self::run) does. If the flow has no such place, it fails before any
    /// node has run, and the cause is [`NoSuchPlace`](crate::NoSuchPlace).
    pub fn resume<'a, S>(self, position: Position, shared: &'a mut S) -> Running<'a, F::Exit>
    where
        F: Walk<S, Driven<D, Seam, C>>,
        S: InContext<C::Context>,
        D: Drives<S, Seam> + 'a,
        C: BorrowContext + 'a,
        Seam: 'static,
        'f: 'a,
    {
        let run = driven(self.flow, self.driver, self.context, position, shared);
        Running(Box::pin(async move { Ok(F::exit(run.await?.index())) }))
    }
}

impl<F, D: Clone, C: Clone, Seam> Clone for With<'_, F, D, C, Seam> {
    fn clone(&self) -> Self {
        Self::in_context(self.flow, self.driver.clone(), self.context.clone())
    }
}

impl<F, D: Copy, C: Copy, Seam> Copy for With<'_, F, D, C, Seam> {}

impl<F: fmt::Debug, D: fmt::Debug, C: fmt::Debug, Seam> fmt::Debug for With<'_, F, D, C, Seam> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("With")
            .field("flow", self.flow)
            .field("driver", &self.driver)
            .field("context", &self.context)
            .finish()
    }
}

/// A [`Driver`], behind one more step of inference. rustc then infers the store from the flow
/// first, so that for a driver of another store it reports the driver.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a driver for the store `{S}`",
    label = "not a `Driver<{S}, {Seam}>`",
    note = "if the type is yours, write `impl<S: Shared> Driver<S> for {Self}`; with `Driver<S, Execs>` it is an `ExecDriver` too, with `Driver<S, Items>` a `KeepDriver`"
)]
pub trait Drives<S: Shared, Seam: 'static>: Driver<S, Seam> {}

impl<S: Shared, Seam: 'static, D: Driving<S, Seam>> Drives<S, Seam> for D {}

/// [`Drives`], behind another step of inference.
#[doc(hidden)]
pub trait Driving<S: Shared, Seam: 'static>: Driver<S, Seam> {}

impl<S: Shared, Seam: 'static, D: Driver<S, Seam>> Driving<S, Seam> for D {}

/// A flow that can be run on the store `S` with the driver `D`: for code that is generic over
/// flows, such as a worker or an engine.
///
/// A flow that `flow!` declares implements it for every driver of its store and its nodes, and so
/// does a [flow with a context](super::WithContext). A flow [with drivers](With) does, too: they wrap the
/// driver that is added. Code that uses a known driver also knows the seam:
///
/// ```
/// use pocketflow::{Drive, Error, Shared, StepLimit, flow, node};
///
/// /// Runs a flow once for every store, with at most 100 steps each.
/// async fn run_all<S: Shared>(flow: &impl Drive<S, StepLimit>, stores: &mut [S]) -> Result<(), Error> {
///     for store in stores {
///         flow.drive(StepLimit::new(100), store).await?;
///     }
///     Ok(())
/// }
///
/// # #[derive(Shared, Default)] struct Order { total_cents: u64 }
/// # #[node(Order, writes = total_cents)] fn review(total_cents: &u64) -> u64 { total_cents + 1 }
/// # flow! { Checkout { review; } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let mut orders = [Order { total_cents: 1 }, Order { total_cents: 2 }];
/// run_all(&Checkout, &mut orders).await?;
/// assert_eq!(orders.map(|order| order.total_cents), [2, 3]);
/// # Ok(()) }
/// ```
///
/// If the seam of the driver is not [`Steps`](crate::seam::Steps), it is the third parameter:
/// `Drive<S, Trace, Execs>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be run on the store `{S}` with the driver `{D}`",
    note = "`{Self}` is not a flow of `{S}`, or `{D}` does not drive all of its nodes"
)]
pub trait Drive<S, D, Seam = crate::seam::Steps>: Send + Sync {
    /// The graph of the flow.
    const GRAPH: &'static Graph;

    /// Runs the flow from its first node, or from the position that [`Driver::begin`] returns, to
    /// an exit. The exit is the action taken.
    ///
    /// # Errors
    ///
    /// Fails as [`With::run`] does.
    fn drive<'a>(&'a self, driver: D, shared: &'a mut S) -> Running<'a, Taken>
    where
        D: 'a;
}

impl<F, S, D, Seam> Drive<S, D, Seam> for F
where
    S: InContext<NoContext>,
    D: Driver<S, Seam>,
    F: Flow + Walk<S, Driven<D, Seam, NoContext>>,
    Seam: 'static,
{
    const GRAPH: &'static Graph = F::GRAPH;

    fn drive<'a>(&'a self, driver: D, shared: &'a mut S) -> Running<'a, Taken>
    where
        D: 'a,
    {
        Running(Box::pin(driven(
            self,
            driver,
            NoContext,
            Position::START,
            shared,
        )))
    }
}

impl<F, C, S, D, Seam> Drive<S, D, Seam> for WithContext<'_, F, C>
where
    S: InContext<C::Context>,
    D: Driver<S, Seam>,
    F: Flow + Walk<S, Driven<D, Seam, C>>,
    C: BorrowContext,
    Seam: 'static,
{
    const GRAPH: &'static Graph = F::GRAPH;

    fn drive<'a>(&'a self, driver: D, shared: &'a mut S) -> Running<'a, Taken>
    where
        D: 'a,
    {
        let context = self.context.clone();
        Running(Box::pin(driven(
            self.flow,
            driver,
            context,
            Position::START,
            shared,
        )))
    }
}

/// The drivers that are there wrap the one that is added, and all runs share them.
#[diagnostic::do_not_recommend]
impl<F, O, C, K, S, D, Seam> Drive<S, D, Seam> for With<'_, F, O, C, K>
where
    S: InContext<C::Context>,
    O: Driver<S, K>,
    D: Driver<S, Seam>,
    F: Flow + for<'o> Walk<S, Driven<Stack<&'o O, D>, Stack<Through<K>, Seam>, C>>,
    C: BorrowContext,
    K: 'static,
    Seam: 'static,
{
    const GRAPH: &'static Graph = F::GRAPH;

    fn drive<'a>(&'a self, driver: D, shared: &'a mut S) -> Running<'a, Taken>
    where
        D: 'a,
    {
        let (driver, context) = (Stack(&self.driver, driver), self.context.clone());
        Running(Box::pin(driven(
            self.flow,
            driver,
            context,
            Position::START,
            shared,
        )))
    }
}

/// The future of a run with drivers. [`With::run`] returns it.
#[must_use = "a run does nothing until it is awaited"]
pub struct Running<'a, T>(BoxFuture<'a, T>);

impl<'a, T> Running<'a, T> {
    pub(super) fn new(running: impl StepFuture<T> + 'a) -> Self {
        Self(Box::pin(running))
    }
}

impl<T> Future for Running<'_, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Running<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}

pub(super) fn driven<'a, F, S, D, K, C>(
    flow: &'a F,
    driver: D,
    context: C,
    mut position: Position,
    shared: &'a mut S,
) -> impl StepFuture<Taken> + use<'a, F, S, D, K, C>
where
    S: InContext<C::Context>,
    F: Flow + Walk<S, Driven<D, K, C>>,
    D: Driver<S, K>,
    K: 'static,
    C: BorrowContext,
{
    async move {
        let start = driver.begin(F::GRAPH, None, shared).await?;
        let finished = matches!(start, Start::After(_));
        match start {
            Start::Fresh => {}
            Start::At(kept) | Start::After(kept) => position = kept,
            Start::Over(exit) => return Ok(Taken::over(F::GRAPH, exit)),
        }
        flow::check_inputs(F::GRAPH, None, shared)?;
        let held = Driven::new(driver, context, position);
        if finished {
            held.resume_after();
        }
        let exit = Driven::flow(&held, flow, None, shared).await?;
        Ok(Taken::over(F::GRAPH, exit))
    }
}
