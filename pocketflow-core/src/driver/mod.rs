//! Drivers: what happens around a step.

mod exec;
mod frame;
mod limit;
mod pointer;
pub mod seam;
mod site;
mod stack;
mod state;
mod step_info;
mod taken;
#[cfg(feature = "tracing")]
mod trace;

pub use exec::{AttemptCall, ExecCall, ExecDriver, ItemCall, ItemId, KeepDriver, Lends};
pub(crate) use frame::Frame;
pub use limit::{StepLimit, StepsExceeded};
pub use site::Site;
pub use stack::Stack;
pub(crate) use state::RunState;
pub use step_info::{Start, StepInfo};
pub use taken::Taken;
pub(crate) use taken::TakenElsewhere;
#[cfg(feature = "tracing")]
pub use trace::Trace;

use std::future::Future;

use self::seam::Steps;
use crate::error::Error;
use crate::graph::Graph;
use crate::store::Shared;

/// A driver: what happens around a run, its flows and its steps. It sees where a run is, the store
/// before and after, and the action.
///
/// Every method has a default that only goes on, and most are given the work as a [`Run`] to go on
/// with: what is awaited before `run.run(shared)` happens before the step, what is awaited after it
/// happens after, and a driver that returns without it has stopped the run, or has put something
/// else in the step's place.
///
/// Drivers wrap one another: in `Agent.with(a).with(b)`, `a` is outside. A driver is given by
/// value, borrowed (`&driver`), or as an `Arc`.
///
/// ```
/// use pocketflow::{StepInfo, Driver, Error, Run, Shared, Taken, flow, node};
/// use std::sync::Mutex;
///
/// /// Writes down where a run has been.
/// struct Log<'a>(&'a Mutex<Vec<String>>);
///
/// impl<S: Shared> Driver<S> for Log<'_> {
///     async fn step<R: Run<S>>(&self, at: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
///         let taken = run.run(shared).await?;
///         self.0.lock().unwrap().push(format!("{at} - {}", taken.action()));
///         Ok(taken)
///     }
/// }
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
///
/// # Inside a step
///
/// The parameter `Seam` says what else a driver stands around. `Driver<S>` is a driver of steps,
/// and has nothing more to implement; a `Driver<S, Execs>` is an [`ExecDriver`] as well, and a
/// `Driver<S, Items>` a [`KeepDriver`]: see [`seam`]. A driver has one seam. Code that is generic
/// over drivers takes it as a parameter of its own:
///
/// ```
/// # use pocketflow::{Drive, Error, Shared, StepLimit, flow, node};
/// async fn exit_of<F, S, D, Seam>(flow: &F, driver: D, shared: &mut S) -> Result<&'static str, Error>
/// where
///     F: Drive<S, D, Seam>,
/// {
///     Ok(flow.drive(driver, shared).await?.action())
/// }
/// # #[derive(Shared, Default)] struct Order { total_cents: u64 }
/// # #[node(Order)] fn review(total_cents: &u64) {}
/// # flow! { Checkout { review; } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// assert_eq!(exit_of(&Checkout, StepLimit::new(9), &mut Order::default()).await?, "default");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a driver for the store `{S}`",
    label = "not a `Driver<{S}, {Seam}>`",
    note = "write `impl<S: Shared> Driver<S> for {Self}`; with `Driver<S, Execs>` it is an `ExecDriver` too, with `Driver<S, Items>` a `KeepDriver`"
)]
pub trait Driver<S: Shared, Seam: 'static = Steps>: Send + Sync {
    /// Before a run begins: where it does. A driver that keeps runs puts the kept store into
    /// `shared` here, and says where to go on.
    ///
    /// `at` is the place where a run inside another stands. There is none for the outermost run.
    fn begin(
        &self,
        _flow: &'static Graph,
        _at: Option<&StepInfo<'_>>,
        _shared: &mut S,
    ) -> impl Future<Output = Result<Start, Error>> + Send {
        std::future::ready(Ok(Start::Fresh))
    }

    /// Around a flow, the outermost one included. `at` is the place where it stands; the outermost
    /// stands nowhere.
    ///
    /// The action taken is the flow's exit. For the outermost flow, what comes after `run` is the
    /// end of the whole run.
    fn flow<R: Run<S>>(
        &self,
        _flow: &'static Graph,
        _at: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        run.run(shared)
    }

    /// Around a step: a node's `prep`, `exec` and `post`, or a fork, or an `await(field)`.
    fn step<R: Run<S>>(
        &self,
        _at: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        run.run(shared)
    }

    /// Whether this run does an item of a batch, by its index, or, where `item` is `None`, the
    /// branch of a fork that `at` is. It is asked just before the work would begin.
    ///
    /// This is for an engine that spreads the work of one step over many processes. Each resumes
    /// the run at the step and wants a part of it; a [`KeepDriver`] carries the results away.
    /// When that part is done, the run ends with [`Skipped`](crate::Skipped) as the
    /// cause of its error, and the store is as it was before the step: without all results, there
    /// is no `post`. The process that has them all puts each in its place, in
    /// [`KeepDriver::item`], and goes on.
    fn wants(&self, _at: &StepInfo<'_>, _item: Option<usize>) -> bool {
        true
    }

    /// The name of the run, if the driver gives it one. It is a part of every
    /// [`Attempt::key`](crate::Attempt::key).
    fn run_id(&self) -> Option<&str> {
        None
    }
}

/// A step, or a flow, that a driver wraps: it is run once, on the store.
pub trait Run<S>: Send {
    /// Runs it, and returns the action taken.
    fn run(self, shared: &mut S) -> impl Future<Output = Result<Taken, Error>> + Send;
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

impl<S: Shared> Driver<S> for Direct {}
