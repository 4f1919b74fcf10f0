//! Drivers: what happens around a step.

mod at;
mod limit;
mod root;
mod stack;
#[cfg(feature = "tracing")]
mod trace;
mod trail;

pub use at::{At, Position, Start, Visit};
pub use limit::{StepLimit, StepsExceeded};
pub(crate) use root::Root;
pub use stack::Stack;
#[cfg(feature = "tracing")]
pub use trace::Trace;
pub use trail::Spot;
pub(crate) use trail::Trail;

use std::future::Future;

use crate::error::Error;
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node};

/// A driver's seam around steps and flows: it sees where a run is, the store before and after, and the action.
///
/// Every method has a default that only goes on, and each is given the work as a [`Run`] to go on with: what is awaited before
/// `run.run(shared)` happens before the step, what is awaited after it happens after, and a driver that returns without it has
/// stopped the run. A driver also implements [`ExecDriver`], mostly with an empty body.
///
/// Drivers wrap one another: in `Agent.with(a).with(b)`, `a` is outside.
///
/// ```
/// use pocketflow::{At, Driver, Error, ExecDriver, Node, Run, Shared, flow, node};
/// use std::sync::Mutex;
///
/// /// Writes down where a run has been.
/// struct Log<'a>(&'a Mutex<Vec<String>>);
///
/// impl<S: Shared> Driver<S> for Log<'_> {
///     async fn step<R: Run<S>>(&self, at: &At<'_>, shared: &mut S, run: R) -> Result<usize, Error> {
///         let action = run.run(shared).await?;
///         self.0.lock().unwrap().push(format!("{at} - {}", R::ACTIONS[action]));
///         Ok(action)
///     }
/// }
/// impl<S: Shared, Here, N: Node<S, Here>> ExecDriver<S, Here, N> for Log<'_> {}
///
/// # #[derive(Shared, Default)] struct Order { total_cents: u64 }
/// # #[node(Order)] fn review(total_cents: &u64) {}
/// # #[node(Order)] fn pay(total_cents: &u64) {}
/// flow! { Checkout { review >> pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let log = Mutex::default();
/// Checkout.with(Log(&log)).run(&mut Order::default()).await?;
/// assert_eq!(*log.lock().unwrap(), ["Checkout > review - default", "Checkout > pay - default"]);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a driver for the store `{S}`",
    note = "implement `pocketflow::Driver` and `pocketflow::ExecDriver` for it"
)]
pub trait Driver<S: Send + Sync + 'static>: Send + Sync {
    /// Before a run begins: where it does. A driver that keeps runs puts the kept store into `shared` here, and says where to go on.
    fn begin(
        &self,
        _flow: &'static Graph,
        _shared: &mut S,
    ) -> impl Future<Output = Result<Start, Error>> + Send {
        std::future::ready(Ok(Start::Fresh))
    }

    /// Around a flow, the outermost one included. `at` is the place where it stands; the outermost stands nowhere.
    ///
    /// `R::ACTIONS` are the flow's exits. For the outermost flow, what comes after `run` is the end of the whole run.
    fn flow<R: Run<S>>(
        &self,
        _flow: &'static Graph,
        _at: Option<&At<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        run.run(shared)
    }

    /// The name of the run, if the driver gives it one. It is a part of every [`Attempt::key`].
    fn run_id(&self) -> Option<&str> {
        None
    }

    /// Around a step: a node's `prep`, `exec` and `post`.
    fn step<R: Run<S>>(
        &self,
        _at: &At<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        run.run(shared)
    }
}

/// A driver's seam around `exec`: it sees what `exec` returned, and every attempt.
///
/// The node is a parameter of the trait, so a driver may ask for more of it where it needs more: one that keeps results, so that
/// finished work is never paid for twice, is `impl<S, Here, N> ExecDriver<S, Here, N> for … where N: Node<S, Here>, N::Exec:
/// Serialize`, and only its users pay for that.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` cannot drive the node `{N}`",
    note = "write `impl<S: Shared, Here, N: Node<S, Here>> ExecDriver<S, Here, N> for {Self} {{}}`, or see what the driver asks of `Node::Exec`"
)]
pub trait ExecDriver<S: Send + Sync + 'static, Here, N: Node<S, Here>>: Driver<S> {
    /// Around the exec of a visit, all its attempts and the fallback included; in a batch, around that of each item, whose index
    /// is `item`.
    fn exec<C>(
        &self,
        _at: &At<'_>,
        _item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: Call<Output = Result<N::Exec, Error>>,
    {
        call.call()
    }

    /// Around one attempt.
    fn attempt<C>(
        &self,
        _at: &At<'_>,
        _attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: Call<Output = Result<N::Exec, Failure>>,
    {
        call.call()
    }
}

/// A step, or a flow, that a driver wraps: it is run once, on the store.
pub trait Run<S>: Send {
    /// The names of the actions; [`run`](Self::run) returns an index into them.
    const ACTIONS: &'static [&'static str];

    /// Runs it, and returns the action taken.
    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// Work that a driver wraps: it is done once, when called.
pub trait Call: Send {
    /// What the work returns.
    type Output: Send;

    /// Does the work.
    fn call(self) -> impl Future<Output = Self::Output> + Send;
}

/// The driver of a plain run: it does nothing and costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Direct;

impl<S: Send + Sync + 'static> Driver<S> for Direct {}

impl<S: Send + Sync + 'static, Here, N: Node<S, Here>> ExecDriver<S, Here, N> for Direct {}
