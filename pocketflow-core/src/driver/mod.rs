//! Drivers: code that runs around a run, its flows and its steps.

mod confidential;
mod earlier_attempts;
mod exec;
mod frame;
mod inner_run;
#[cfg(feature = "limit")]
mod limit;
mod pointer;
pub mod seam;
mod site;
mod stack;
mod state;
mod step_info;
mod step_limit;
mod stub;
mod taken;
#[cfg(feature = "tracing")]
mod trace;
#[cfg(feature = "watch")]
mod watch;

pub use confidential::ConfidentialTexts;
pub use earlier_attempts::EarlierAttempts;
pub use exec::{AttemptCall, ExecCall, ExecDriver, ItemCall, ItemId, KeepDriver, Lends};
pub(crate) use frame::Frame;
pub use inner_run::InnerRun;
#[cfg(feature = "limit")]
pub use limit::{Limit, NestedLimit};
pub use site::Site;
pub use stack::Stack;
pub(crate) use state::{Above, Group, OuterRun, RunState};
pub use step_info::{Start, StepInfo};
pub use step_limit::{StepLimit, StepsExceeded};
pub use stub::{NoStub, Stub};
pub use taken::Taken;
pub(crate) use taken::TakenElsewhere;
#[cfg(feature = "tracing")]
pub use trace::Trace;
#[cfg(feature = "watch")]
pub use watch::Watch;

use std::future::Future;
use std::time::Duration;

use self::seam::Steps;
use crate::graph::Graph;
use crate::node::Attempt;
use crate::run_error::Error;
use crate::store::Shared;

/// Code that runs around a run, its flows and its steps. It sees where the run is, the store before
/// and after, and the action.
///
/// Every method has a default that just runs the work. Most methods receive the work as a [`Run`].
/// Code before `run.run(shared).await` runs before the step, and code after it runs after the step.
/// To stop the run, return an error without calling it; to replace the step, return another
/// [`Taken`].
///
/// Drivers wrap one another: in `Agent.with(a).with(b)`, `a` is the outer one. Pass a driver by
/// value, by reference (`&driver`), or as an `Arc`.
///
/// ```
/// use pocketflow::{StepInfo, Driver, Error, Run, Shared, Taken, flow, node};
/// use std::sync::Mutex;
///
/// /// Records where a run has been.
/// struct Log<'a>(&'a Mutex<Vec<String>>);
///
/// impl<S: Shared> Driver<S> for Log<'_> {
///     async fn step<R: Run<S>>(&self, info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
///         let taken = run.run(shared).await?;
///         self.0.lock().unwrap().push(format!("{info} - {}", taken.action()));
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
/// # Inner runs
///
/// A flow on a field of the store, as in `Summarize.each(documents)`, is a run of its own, and the
/// drivers of the run around it see it: [`begin`](Self::begin), [`flow`](Self::flow) and the steps, on
/// the inner store. So a driver has to drive the stores in its store as well. The impl above does, for
/// every store. A driver that is made for one store looks for it, and only passes the others on:
///
/// ```
/// use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken, flow, node};
/// use std::any::Any;
/// use std::sync::Mutex;
///
/// #[derive(Shared, Default)] struct Document { text: String, words: usize }
/// #[derive(Shared, Default)] struct Library { documents: Vec<Document>, words: usize }
///
/// /// Records how many words a library has after each of its steps.
/// #[derive(Default)]
/// struct Words(Mutex<Vec<usize>>);
///
/// impl<S: Shared> Driver<S> for Words {
///     async fn step<R: Run<S>>(&self, _info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
///         let taken = run.run(shared).await?;
///         if let Some(library) = (shared as &dyn Any).downcast_ref::<Library>() {
///             self.0.lock().unwrap().push(library.words);
///         }
///         Ok(taken)
///     }
/// }
///
/// # #[node(Document, writes = words)] fn count(text: &str) -> usize { text.split(' ').count() }
/// # #[node(Library, writes = words)]
/// # fn add(documents: &[Document]) -> usize { documents.iter().map(|document| document.words).sum() }
/// # flow! { Count { count; } }
/// flow! { Digest: Library { Count.each(documents, parallel = 8) >> add; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// # let document = |text: &str| Document { text: text.into(), words: 0 };
/// # let mut library = Library { documents: vec![document("a b"), document("c")], words: 0 };
/// let words = Words::default();
/// Digest.with(&words).run(&mut library).await?;
/// assert_eq!(*words.0.lock().unwrap(), [0, 3]);
/// # Ok(()) }
/// ```
///
/// [`StepInfo::inner_run`] tells which field and which item an inner run is for.
///
/// # Inside a step
///
/// The parameter `Seam` says what else a driver wraps. A `Driver<S>` wraps runs, flows and steps,
/// and has nothing more to implement. A `Driver<S, Execs>` is also an [`ExecDriver`], and a
/// `Driver<S, Items>` is also a [`KeepDriver`]: see [`seam`]. A driver has one seam. Code that is
/// generic over drivers takes the seam as another parameter:
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
    note = "if the type is yours, write `impl<S: Shared> Driver<S> for {Self}`; with `Driver<S, Execs>` it is an `ExecDriver` too, with `Driver<S, Items>` a `KeepDriver`"
)]
pub trait Driver<S: Shared, Seam: 'static = Steps>: Send + Sync {
    /// Called before a run begins. Returns where it begins. A driver that stores runs loads the
    /// stored state into `shared` here and returns the position to resume at.
    ///
    /// `info` describes the place that this run is in, for a flow on a field of another store, such as
    /// `Flow.on(field)`. It is `None` for the outermost run.
    fn begin(
        &self,
        _flow: &'static Graph,
        _info: Option<&StepInfo<'_>>,
        _shared: &mut S,
    ) -> impl Future<Output = Result<Start, Error>> + Send {
        std::future::ready(Ok(Start::Fresh))
    }

    /// Wraps a flow, including the outermost one. `info` describes the step of the flow around
    /// it. It is `None` for the outermost flow. An [inner run](StepInfo::begins_inner_run) is a flow
    /// as well.
    ///
    /// The action taken is the flow's exit. For the outermost flow, the whole run has ended when
    /// `run` returns.
    fn flow<R: Run<S>>(
        &self,
        _flow: &'static Graph,
        _info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        run.run(shared)
    }

    /// Wraps a step: a node's `prep`, `exec` and `post`, or a fork, or an `await(field)`, or all inner
    /// runs of a flow on a field.
    ///
    /// If the step fails and has an error edge, `run` has already followed that edge, and has filled
    /// its field: it returns a [`Taken`] whose action is `error` (see [`Taken::failed`]). An error
    /// that this method returns ends the run, and no error edge follows it.
    fn step<R: Run<S>>(
        &self,
        _info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        run.run(shared)
    }

    /// Returns whether this run should process an item of a batch, or a branch of a fork (`item` is
    /// `None`, and `info` describes the branch). Called just before the work would begin. It is not
    /// called for flows on fields, where [`begin`](Self::begin) decides.
    ///
    /// This is for an engine that distributes the work of one step over many processes. Each
    /// process resumes the run at the step and does a part of the work, and a [`KeepDriver`] stores
    /// the results. When that part is done, the run ends with an error whose cause is
    /// [`Skipped`](crate::Skipped). The store is then as it was before the step, because `post`
    /// runs only when all results are there. The process that has all the results returns each of
    /// them from [`KeepDriver::item`], and its run continues.
    fn wants(&self, _info: &StepInfo<'_>, _item: Option<usize>) -> bool {
        true
    }

    /// Wraps the wait between two attempts at an exec. `time` is how long it is, as the node's policy
    /// or [`retry_after`](crate::Failure::retry_after) says, and `next` is the attempt that comes after
    /// it. `call` waits in memory. It is not called if there is nothing to wait for.
    ///
    /// A driver can wait in another way, or not at all. If it [suspends](StepInfo::suspend) the run
    /// here, the other items of a batch with `parallel` and the other branches of a fork go on, and
    /// the step ends with that error when they are done. When the run resumes,
    /// [`earlier_attempts`](Self::earlier_attempts) says where its attempts go on.
    ///
    /// ```
    /// use pocketflow::{Attempt, Call, Driver, Error, Shared, StepInfo, flow, node};
    /// use std::time::Duration;
    ///
    /// /// Does not wait, because this is a test.
    /// struct NoWaits;
    ///
    /// impl<S: Shared> Driver<S> for NoWaits {
    ///     async fn wait_to_retry<C>(&self, info: &StepInfo<'_>, next: Attempt<'_>, time: Duration, _call: C) -> Result<(), Error>
    ///     where
    ///         C: Call<Output = Result<(), Error>>,
    ///     {
    ///         println!("{info}: {next:?} would begin in {time:?}");
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[derive(Shared, Default)] struct Order { receipt: Option<String> }
    /// #[node(Order, writes = receipt, attempts = 3, wait = "2h")]
    /// fn pay(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    ///     if attempt.is_last() { Ok("paid".into()) } else { Err("the bank is closed".into()) }
    /// }
    ///
    /// flow! { Checkout { pay; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let mut order = Order::default();
    /// Checkout.with(NoWaits).run(&mut order).await?;
    /// assert_eq!(order.receipt.as_deref(), Some("paid"));
    /// # Ok(()) }
    /// ```
    fn wait_to_retry<C>(
        &self,
        _info: &StepInfo<'_>,
        _next: Attempt<'_>,
        _time: Duration,
        call: C,
    ) -> impl Future<Output = Result<(), Error>> + Send
    where
        C: Call<Output = Result<(), Error>>,
    {
        call.call()
    }

    /// Returns the attempts at an exec that were made before the run resumed, so that it goes on
    /// with the next one. `first` would be the first attempt. Called before each exec of a node that
    /// has attempts.
    ///
    /// [`wait_to_retry`](Self::wait_to_retry) is called before that next attempt, even if the policy
    /// of the node has no wait, because the driver knows when the attempt is due. If the node has
    /// fewer attempts now, the next one is its last one.
    fn earlier_attempts(
        &self,
        _info: &StepInfo<'_>,
        _first: Attempt<'_>,
    ) -> Option<EarlierAttempts> {
        None
    }

    /// The id of the run, if the driver has one. It is part of every
    /// [`Attempt::key`](crate::Attempt::key).
    fn run_id(&self) -> Option<&str> {
        None
    }
}

/// A step or a flow that a driver wraps. It runs once, on the store.
pub trait Run<S>: Send {
    /// Runs the step or the flow, and returns the action taken.
    fn run(self, shared: &mut S) -> impl Future<Output = Result<Taken, Error>> + Send;

    /// The id of the run, if a driver has one: [`StepInfo::run_id`], also for the outermost flow, which
    /// has no `StepInfo`.
    fn run_id(&self) -> Option<&str> {
        None
    }
}

/// Work that a driver wraps. It runs once, when called.
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
