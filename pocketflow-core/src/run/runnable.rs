//! Code that is generic over what can be run on a store.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::direct::Undriven;
use super::driven::Driven;
use super::flow::{self, Flow, Walk};
use super::once::BoxFuture;
use super::with::{Running, With, driven};
use super::with_context::WithContext;
use crate::driver::Driver;
use crate::driver::seam::Through;
use crate::graph::{Graph, Position};
use crate::run_error::Error;
use crate::store::{BorrowContext, InContext, NoContext, Shared};

/// Whatever can be run on the store `S`: a flow, a flow [with drivers](With), a flow [with a
/// context](WithContext), and a [`BoxedFlow`].
///
/// It is a bound for code that runs any of them. To call `run` on a flow, you do not need it.
///
/// ```
/// use pocketflow::{Error, Runnable, Shared, StepLimit, flow, node};
/// use std::time::{Duration, Instant};
///
/// /// Runs anything, and measures how long it takes.
/// async fn timed<F: Runnable<S>, S>(flow: &F, shared: &mut S) -> Result<(F::Exit, Duration), Error> {
///     let start = Instant::now();
///     let exit = flow.run(shared).await?;
///     Ok((exit, start.elapsed()))
/// }
///
/// # #[derive(Shared, Default)] struct Order { total_cents: u64 }
/// # #[node(Order, writes = total_cents)] fn review(total_cents: &u64) -> u64 { total_cents + 1 }
/// flow! { Checkout { review; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// # let mut order = Order::default();
/// let (exit, _time) = timed(&Checkout, &mut order).await?;
/// assert_eq!(exit, CheckoutExit::Default);
/// timed(&Checkout.with(StepLimit::new(50)), &mut order).await?;
/// # assert_eq!(order.total_cents, 2);
/// # Ok(()) }
/// ```
///
/// The future is `Send`, so it can be spawned. A runnable with drivers shares them between its runs.
///
/// To run a flow with a driver that the generic code chooses, use [`Drive`](crate::Drive).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be run on the store `{S}`",
    label = "not a flow of `{S}`, or not with the context and the drivers that it needs",
    note = "if the store has a context, give it to the flow: `.context(&context)`"
)]
pub trait Runnable<S>: Send + Sync {
    /// Where the run can end: the exits of the flow as an enum or, for a [`BoxedFlow`], the name of
    /// the exit.
    type Exit;

    /// The graph of the flow.
    fn graph(&self) -> &'static Graph;

    /// Runs it on a store, from its first node to an exit.
    ///
    /// # Errors
    ///
    /// Returns the final error of a node, or the error of a driver, as an [`Error`] that names the
    /// place.
    fn run<'a>(
        &'a self,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<Self::Exit, Error>> + Send + 'a;

    /// [`run`](Self::run), with the index of the exit in [`Graph::exits`].
    #[doc(hidden)]
    fn run_to_index<'a>(
        &'a self,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send + 'a;
}

/// Both methods of a [`Runnable`], from the second. The exits are those of `$flow`.
macro_rules! runs {
    ($flow:ty, $S:ty, |$this:ident, $shared:ident| $index:expr) => {
        type Exit = <$flow as Flow>::Exit;

        fn graph(&self) -> &'static Graph {
            <$flow as Flow>::GRAPH
        }

        fn run<'a>(
            &'a self,
            shared: &'a mut $S,
        ) -> impl Future<Output = Result<Self::Exit, Error>> + Send + 'a {
            let running = self.run_to_index(shared);
            async move { Ok(<$flow as Flow>::exit(running.await?)) }
        }

        fn run_to_index<'a>(
            &'a self,
            shared: &'a mut $S,
        ) -> impl Future<Output = Result<usize, Error>> + Send + 'a {
            let ($this, $shared) = (self, shared);
            $index
        }
    };
}

#[diagnostic::do_not_recommend]
impl<F, S> Runnable<S> for F
where
    S: InContext<NoContext>,
    F: Flow + Walk<S, Undriven<NoContext>>,
{
    runs!(F, S, |this, shared| {
        let cursor = flow::cursor::<F, Undriven<NoContext>>(&NoContext, None);
        this.walk(cursor, shared)
    });
}

#[diagnostic::do_not_recommend]
impl<F, C, S> Runnable<S> for WithContext<'_, F, C>
where
    S: InContext<C::Context>,
    F: Flow + Walk<S, Undriven<C::Context>>,
    C: BorrowContext,
{
    runs!(F, S, |this, shared| {
        let context = this.context.borrow_context();
        let cursor = flow::cursor::<F, Undriven<C::Context>>(context, None);
        this.flow.walk(cursor, shared)
    });
}

#[diagnostic::do_not_recommend]
impl<F, D, C, K, S> Runnable<S> for With<'_, F, D, C, K>
where
    S: InContext<C::Context>,
    F: Flow + for<'d> Walk<S, Driven<&'d D, Through<K>, C>>,
    D: Driver<S, K>,
    C: BorrowContext,
    K: 'static,
{
    runs!(F, S, |this, shared| {
        let context = this.context.clone();
        let run = driven(this.flow, &this.driver, context, Position::START, shared);
        async move { Ok(run.await?.index()) }
    });
}

/// A flow of the store `S`, whatever the context and the drivers of its runs are: a bound for code
/// that does not run the flow itself, such as code that stores a run for another process.
///
/// ```
/// use pocketflow::{FlowOf, Shared, flow, node};
///
/// /// The inputs of a flow that a store does not have yet.
/// fn missing<S: Shared, F: FlowOf<S>>(_flow: &F, shared: &S) -> Vec<&'static str> {
///     let is_empty = |input: &&str| S::STORE.field(input).is_some_and(|field| !shared.is_filled(field));
///     F::GRAPH.inputs.iter().copied().filter(is_empty).collect()
/// }
///
/// # #[derive(Shared, Default)] struct Order { approval: Option<String>, receipt: Option<String> }
/// # #[node(Order, writes = receipt)] fn pay(approval: &str) -> String { approval.into() }
/// flow! { Payment(approval) { pay; } }
/// assert_eq!(missing(&Payment, &Order::default()), ["approval"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a flow of `{S}`",
    label = "not a flow of `{S}`"
)]
pub trait FlowOf<S>: Flow {}

#[diagnostic::do_not_recommend]
impl<S: Shared, F: Flow + Walk<S, Undriven<S::Absent>>> FlowOf<S> for F {}

/// A [`Runnable`] without its type, for a registry of flows. Its exit is the name of the flow's exit.
///
/// ```
/// use pocketflow::{BoxedFlow, Error, Shared, StepLimit, flow, node};
/// use std::collections::BTreeMap;
///
/// # #[derive(Shared, Default)] struct Order { total_cents: u64, log: Vec<String> }
/// # #[node(Order)] fn review(total_cents: &u64) {}
/// # #[node(Order, appends = log)] fn refund(total_cents: &u64) -> [String; 1] { [format!("-{total_cents}")] }
/// flow! { Checkout { review; } }
/// flow! { Refund { review >> refund >> end "refunded"; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let flows: BTreeMap<&str, BoxedFlow<'_, Order>> = [
///     BoxedFlow::new(Checkout),
///     BoxedFlow::new(Refund.with(StepLimit::new(50))),
/// ]
/// .map(|flow| (flow.name(), flow))
/// .into();
///
/// let mut order = Order::default();
/// assert_eq!(flows["Refund"].run(&mut order).await?, "refunded");
/// # assert_eq!(order.log, ["-0"]);
/// # Ok(()) }
/// ```
///
/// A clone is the same flow, with the same drivers, so a task that is spawned can have one.
pub struct BoxedFlow<'f, S>(Arc<dyn RunBoxed<S> + 'f>);

/// A [`Runnable`] as a trait object.
trait RunBoxed<S>: Send + Sync {
    fn graph(&self) -> &'static Graph;

    fn run<'a>(&'a self, shared: &'a mut S) -> BoxFuture<'a, usize>;
}

impl<S, R: Runnable<S>> RunBoxed<S> for R {
    fn graph(&self) -> &'static Graph {
        Runnable::graph(self)
    }

    fn run<'a>(&'a self, shared: &'a mut S) -> BoxFuture<'a, usize> {
        Box::pin(self.run_to_index(shared))
    }
}

impl<'f, S> BoxedFlow<'f, S> {
    /// Takes a flow, with its drivers and its context.
    pub fn new(flow: impl Runnable<S> + 'f) -> Self {
        Self(Arc::new(flow))
    }

    /// The name of the flow.
    pub fn name(&self) -> &'static str {
        self.graph().label()
    }

    /// The graph of the flow.
    pub fn graph(&self) -> &'static Graph {
        self.0.graph()
    }

    /// Runs the flow on a store, from its first node to an exit, and returns the name of the exit.
    ///
    /// # Errors
    ///
    /// Returns the final error of a node, or the error of a driver, as an [`Error`] that names the
    /// place.
    pub fn run<'a>(&'a self, shared: &'a mut S) -> Running<'a, &'static str>
    where
        S: Send,
    {
        let exits = self.graph().exits;
        let running = self.0.run(shared);
        Running::new(async move { Ok(exits[running.await?]) })
    }
}

impl<S: Send> Runnable<S> for BoxedFlow<'_, S> {
    type Exit = &'static str;

    fn graph(&self) -> &'static Graph {
        self.graph()
    }

    fn run<'a>(
        &'a self,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<&'static str, Error>> + Send + 'a {
        self.run(shared)
    }

    fn run_to_index<'a>(
        &'a self,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send + 'a {
        self.0.run(shared)
    }
}

impl<S> Clone for BoxedFlow<'_, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for BoxedFlow<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoxedFlow").field(&self.name()).finish()
    }
}
