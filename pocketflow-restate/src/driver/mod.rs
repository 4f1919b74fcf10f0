//! How a run on Restate drives a flow.
//!
//! Each step, item and branch is a piece of work that the [journal](crate::pump) records. The driver
//! asks for a piece before it does it, and returns only when it is recorded.

mod begin;
mod confidential;
mod error;
mod far;
mod items;
mod local;
mod migration;
mod part;
mod pauses;
mod probe;
mod steps;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pocketflow::seam::{Execs, Items};
use pocketflow::{
    Attempt, Call, Driver, EarlierAttempts, Error, ExecCall, ExecDriver, Graph, Node, Run, Start,
    StepInfo, Taken,
};
use pocketflow_durable::{Confidential, Durable, Migration};

pub(crate) use begin::program;
pub(crate) use error::TooLarge;
use error::{Parked, Pause};
use local::Local;
pub(crate) use migration::explained;
pub(crate) use part::Portion;
pub(crate) use probe::Probe;

use crate::clock::Clock;
use crate::items::Elsewhere;
use crate::pump::{Desk, Json, Key, Part, Performed, Why};
use crate::state;

/// The driver of a run on Restate. [`flow`](crate::flow()) makes it; it is public because it is in the bound
/// of code that is generic over flows:
///
/// ```
/// use pocketflow::seam::{Execs, Items};
/// use pocketflow::Drive;
/// use pocketflow_restate::{Durable, FromState, RestateFlow, RestateRun};
///
/// /// Any flow, in bursts of 10 steps.
/// fn short<S, F>(flow: F) -> RestateFlow
/// where
///     F: Drive<S, RestateRun, (Execs, Items)> + 'static,
///     S: Durable + FromState,
/// {
///     pocketflow_restate::flow(flow).burst(10)
/// }
/// ```
pub struct RestateRun(pub(crate) Arc<Burst>);

/// A burst of steps of one run.
pub(crate) struct Burst {
    /// The id of the run.
    pub(crate) run: String,
    /// Its name in keys, which no other run has: neither one of another flow, nor a removed one with the same id.
    pub(crate) name: String,
    pub(crate) desk: Desk,
    pub(crate) clock: Clock,
    /// What the run resumes from.
    pub(crate) base: state::Run,
    /// After so many steps, or as many bytes in the journal, the next burst goes on.
    pub(crate) steps: usize,
    pub(crate) journal_bytes: usize,
    /// How large a store, and what a piece of work returns, may be.
    pub(crate) max_store: usize,
    /// How many steps of the outermost run have been taken.
    pub(crate) taken: AtomicUsize,
    /// The runs that have begun, the outermost one and the inner ones, by their ids.
    pub(crate) runs: Mutex<HashMap<String, Arc<Local>>>,
    /// Whether the next burst goes on, whatever else the run waits for.
    pub(crate) goes_on: AtomicBool,
    /// Identifies the program.
    pub(crate) program: String,
    /// The state of the run, with all that the journal has acknowledged.
    pub(crate) now: Mutex<state::Run>,
    /// Where items and branches are computed, if not here.
    pub(crate) elsewhere: Option<Arc<dyn Elsewhere>>,
    /// Converts the state of a run that does not fit this program.
    pub(crate) migration: Option<Migration>,
    /// If the flow does not run, but only looks for a wait.
    pub(crate) probe: Option<Arc<Probe>>,
    /// If the flow does not run, but only computes one item or branch for another worker.
    pub(crate) portion: Option<Arc<Portion>>,
    /// The confidential fields of the stores that the flow has begun on.
    pub(crate) confidential: Mutex<Confidential>,
}

impl Burst {
    /// The map is consistent whenever the lock is free, so a poisoned lock can be used.
    fn runs(&self) -> MutexGuard<'_, HashMap<String, Arc<Local>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state is consistent whenever the lock is free, so a poisoned lock can be used.
    pub(crate) fn now(&self) -> MutexGuard<'_, state::Run> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this driver only looks at the run, and must not take steps of it.
    fn only_looks(&self) -> bool {
        self.probe.is_some() || self.portion.is_some()
    }

    /// The run that a step belongs to.
    fn local(&self, info: &StepInfo<'_>) -> Arc<Local> {
        let id = self.inner_id(info);
        let known = self.runs().get(id).cloned();
        known.expect("a run begins before its steps")
    }

    /// The id of an inner run, such as `4/documents[3]`. It is empty for the outermost run.
    fn inner_id<'a>(&self, info: &StepInfo<'a>) -> &'a str {
        let id = info.run_id().unwrap_or_default();
        let inner = id.strip_prefix(&*self.name).unwrap_or(id);
        inner.strip_prefix('/').unwrap_or(inner)
    }

    /// What the drivers around the flow have changed after its last step.
    pub(crate) fn change<S: Durable>(
        &self,
        flow: &'static Graph,
        shared: &mut S,
    ) -> Result<Json, Error> {
        let local = self.runs().get("").cloned();
        let local = local.expect("the outermost run has begun");
        let change = local.memory().keeper.change(shared);
        let change = change.map_err(|error| flow.error(self.bad_field("store", error)))?;
        let json = Json::new(change.fields);
        json.map_err(|source| flow.error(self.bad("store", "the store", source)))
    }

    /// How the burst ends with an error.
    pub(crate) fn why(&self, error: &Error) -> Why {
        match error.suspends() {
            true if self.goes_on.load(Relaxed) => Why::GoesOn,
            true => Why::Suspended(self.run_error(error)),
            false => Why::Failed(self.run_error(error)),
        }
    }

    /// Whether the next step of the outermost run belongs to the next burst.
    fn is_used_up(&self) -> bool {
        let bytes = self.desk.bytes();
        self.taken.fetch_add(1, Relaxed) >= self.steps || bytes >= self.journal_bytes
    }

    /// Whether the burst must end within a step, because its journal is too large. That interrupts what
    /// runs at the same time, so it is later than between two steps.
    fn is_full(&self) -> bool {
        let bytes = self.desk.bytes();
        bytes >= 2 * self.journal_bytes
    }
}

impl<S: Durable> Driver<S, (Execs, Items)> for RestateRun {
    fn run_id(&self) -> Option<&str> {
        Some(&self.0.name)
    }

    async fn begin(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        self.0.knows::<S>();
        self.0.begin(flow, info, shared).await
    }

    async fn flow<R: Run<S>>(
        &self,
        _: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        match info {
            Some(info) if info.begins_inner_run() => self.0.run_inner(info, shared, run).await,
            _ => run.run(shared).await,
        }
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.0.step(info, shared, run).await
    }

    fn wants(&self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
        self.0.wants(info, item)
    }

    async fn wait_to_retry<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        time: Duration,
        call: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        self.0.wait_to_retry(info, next, time, call).await
    }

    fn earlier_attempts(&self, info: &StepInfo<'_>, first: Attempt<'_>) -> Option<EarlierAttempts> {
        self.0.earlier_attempts(info, first)
    }
}

impl<S, Marker, N> ExecDriver<S, Marker, N, (Execs, Items)> for RestateRun
where
    S: Durable,
    N: Node<S, Marker>,
{
    /// A step is entered while the journal is replayed, because its items and inner runs may be
    /// recorded. An exec that is not recorded begins when the burst is live.
    fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ExecCall<S, Marker, N>,
    {
        async move {
            let (run, step) = (self.0.inner_id(info), info.step());
            match &self.0.portion {
                Some(portion) if portion.is_at(run, step) => return call.call().await,
                _ if self.0.only_looks() => return Err(info.suspend(Pause)),
                _ => {}
            }
            self.0.desk.live().await;
            let is_part = item.is_some() || info.is_branch();
            if !run.is_empty() && !is_part && self.0.takes_far(info).await? {
                // The step ends with what the other worker has changed.
                return std::future::pending().await;
            }
            call.call().await
        }
    }
}
