//! Runs with drivers.

mod exec;
mod inner;

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::NoSuchPlace;
use super::context::FlowContext;
use super::contract::{StepBody, StepMode};
use super::error_edge;
use super::flow::{Flow, Walk, cursor};
use super::inner::{Item, Outer};
use super::mode::{Mode, StepFailure};
use super::once::{BoxFuture, Erased, RunOnce};
use super::pause::AttemptPause;
use crate::driver::{
    Above, Call, Driver, Frame, Group, RunState, Site, StepInfo, Taken, TakenElsewhere,
};
use crate::graph::{Graph, Position};
use crate::node::Attempt;
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Stage};
use crate::store::{BorrowContext, InContext, Shared};

/// A run with a driver: what it shares with its inner runs, and the state of its own.
#[doc(hidden)]
#[derive(Debug)]
pub struct Driven<D, K, C> {
    shared: Arc<WholeRun<D, C>>,
    state: Arc<RunState>,
    seam: PhantomData<fn() -> K>,
}

/// A driver, the context of its run, and how many steps it has taken, those of its inner runs
/// included.
#[derive(Debug)]
struct WholeRun<D, C> {
    driver: D,
    context: C,
    steps: AtomicU64,
}

impl<D, K, C> Driven<D, K, C> {
    pub(super) fn new(driver: D, context: C, position: Position) -> Self {
        Self {
            shared: Arc::new(WholeRun {
                driver,
                context,
                steps: AtomicU64::new(position.steps + position.inner_steps),
            }),
            state: Arc::new(RunState::new(position, None)),
            seam: PhantomData,
        }
    }

    /// Says that the step at which the run resumes has finished before.
    pub(super) fn resume_after(&self) {
        self.state.resume_after();
    }

    fn driver(&self) -> &D {
        &self.shared.driver
    }

    fn info<'a>(&'a self, frame: &'a Frame<'a>, run: Option<&'a str>) -> StepInfo<'a> {
        StepInfo {
            frame,
            state: &self.state,
            run,
            step: self.state.steps(),
            total: self.shared.steps.load(Relaxed),
            items: None,
        }
    }

    /// Begins the next step.
    fn begin_step<'a>(&'a self, frame: &'a Frame<'a>, run: Option<&'a str>) -> StepInfo<'a> {
        self.state.step();
        let total = self.shared.steps.fetch_add(1, Relaxed) + 1;
        StepInfo {
            total,
            ..self.info(frame, run)
        }
    }
}

impl<D: Send + Sync, K, C: BorrowContext> Mode for Driven<D, K, C> {
    type Held = Self;

    const SKIPS: bool = true;

    type ExecFailure = Error;

    #[cold]
    fn step_error(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        _: u32,
        failed: StepFailure<Error>,
    ) -> Error {
        match failed {
            StepFailure::Prep(failure) => context.attempt_error(site, None, Stage::Prep, failure),
            StepFailure::Exec(error) | StepFailure::Recovery(error) => error,
            StepFailure::Post(empty) => context.error(site, Stage::Post, empty),
        }
    }

    #[cold]
    fn in_items(held: &Self, error: Error) -> Error {
        held.state.in_items(error)
    }

    type Info<'a> = &'a StepInfo<'a>;

    fn reborrow<'b, 'a: 'b>(info: &'a StepInfo<'a>) -> &'b StepInfo<'b> {
        info
    }

    type BranchFrame<'a> = Frame<'a>;

    fn branch_frame(frame: Frame<'_>) -> Frame<'_> {
        frame
    }

    type BranchInfo<'a> = StepInfo<'a>;

    fn branch<'a>(info: &'a StepInfo<'a>, frame: &'a Frame<'_>) -> StepInfo<'a> {
        StepInfo { frame, ..*info }
    }

    fn batch<'b, 'a: 'b>(info: &'a StepInfo<'a>, items: usize) -> StepInfo<'b> {
        StepInfo {
            items: Some(items),
            ..*info
        }
    }

    fn branch_info<'b>(branch: &'b StepInfo<'_>) -> &'b StepInfo<'b> {
        branch
    }

    type Above = Above;

    type Group = Arc<Group>;

    fn above(held: &Self) -> Above {
        Above::step_of(&held.state)
    }

    fn above_branch(fork: &Arc<Group>) -> Above {
        Above::fork(fork)
    }

    fn group_of_one(above: &Above) -> Arc<Group> {
        above.group_of_one()
    }

    /// In order, one item begins when the item before it has ended, so all of them wait if one does.
    fn group_of_each(above: &Above, width: usize) -> Arc<Group> {
        above.group(0, width, width != 1)
    }

    fn group_of_fork(above: &Above, branches: usize) -> Arc<Group> {
        above.group(branches, usize::MAX, false)
    }

    fn may_begin(group: &Arc<Group>, _: usize, _: usize) -> bool {
        group.may_begin()
    }

    fn begin(group: &Arc<Group>) {
        group.begin();
    }

    fn close(group: &Arc<Group>) {
        group.close();
    }

    /// A step follows its error edge itself, so that its driver sees it.
    const FOLLOWS_ERRORS: bool = false;

    /// The inputs are checked before any driver is called, because a run that cannot begin has not
    /// failed. Those of an inner run are data of the run around it, so there the walk checks them.
    const CHECKS_INPUTS: bool = false;

    fn start(
        held: &Self,
        frame: &Frame<'_>,
        graph: &'static Graph,
        taken: &mut [u32],
    ) -> Result<usize, Error> {
        let mut start = 0;
        if let Some((position, deeper)) = held.state.resume() {
            let known = graph.place(&position.place).filter(|place| {
                position.flow == graph.label() && deeper == graph.places[*place].node.flow.is_some()
            });
            let Some(place) = known else {
                let path = Frame::above(frame.parent, graph);
                let place = format!("{} > {}", position.flow, position.place);
                let error = Error::new(path, Stage::Start, NoSuchPlace { place });
                return Err(held.state.in_items(error));
            };
            for (taken, stored) in taken.iter_mut().zip(position.taken) {
                *taken = stored;
            }
            start = place;
        }
        held.state.set_taken(frame, taken);
        Ok(start)
    }

    fn edge_taken(held: &Self, frame: &Frame<'_>, taken: &[u32]) {
        held.state.set_taken(frame, taken);
    }
}

impl<S, D, K, C> StepMode<S> for Driven<D, K, C>
where
    S: InContext<C::Context>,
    D: Driver<S, K>,
    K: 'static,
    C: BorrowContext,
{
    fn lend(held: &Self) -> S::Context<'_> {
        S::lend(held.shared.context.borrow_context())
    }

    /// A nested flow is not a step. Its nodes are.
    fn step<'a, A>(
        context: &'a FlowContext<'a, Self>,
        site: &'static Site,
        shared: &'a mut S,
        act: A,
    ) -> impl StepFuture
    where
        A: StepBody<S, Self> + 'a,
    {
        async move {
            let driver = context.held.driver();
            let frame = context.frame(site);
            let info = context.held.begin_step(&frame, driver.run_id());
            let mut step = DrivenStep {
                act: Some(act),
                info: &info,
                mode: PhantomData::<fn() -> Self>,
            };
            // While an inner run waits, it holds no seat among those that run at the same time.
            if info.waits_for().is_some() {
                context.held.state.wait();
            }
            let taken = driver.step(&info, shared, Erased::new(&mut step)).await?;
            poll_fn(|task| context.held.state.poll_go_on(task)).await;
            if !taken.is_of(Some(site.place), info.actions().len()) {
                return Err(info.error(TakenElsewhere {
                    action: taken.action(),
                }));
            }
            Ok(taken.index())
        }
    }

    fn flow<'a, F>(
        held: &'a Self,
        flow: &'a F,
        parent: Option<&'a Frame<'a>>,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>,
    {
        async move {
            let id = held.driver().run_id();
            let info = parent.map(|parent| held.info(parent, id));
            let mut walk = DrivenFlow {
                flow,
                held,
                parent,
                id,
                info: info.as_ref(),
            };
            let taken = held
                .driver()
                .flow(F::GRAPH, info.as_ref(), shared, Erased::new(&mut walk))
                .await?;
            let place = info.filter(|info| !info.begins_inner_run());
            let place = place.map(|info| info.frame.site.place);
            if !taken.is_of(place, F::GRAPH.exits.len()) {
                let elsewhere = TakenElsewhere {
                    action: taken.action(),
                };
                let path = Frame::above(parent, F::GRAPH);
                let error = Error::new(path, Stage::Driver, elsewhere);
                return Err(held.state.in_items(error));
            }
            Ok(taken.index())
        }
    }

    fn pause<'a>(
        pause: AttemptPause<'a, Self>,
        info: &'a StepInfo<'a>,
        next: Attempt<'a>,
    ) -> impl StepFuture<()> {
        let (driver, time) = (pause.context.held.driver(), pause.time);
        driver.wait_to_retry(info, next, time, DrivenPause(pause))
    }

    fn wants(held: &Self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
        held.driver().wants(info, item)
    }

    /// It is boxed, so the types of drivers and flows do not nest.
    fn inner<'a, F>(
        outer: Outer<'a, Self>,
        item: Option<Item<'a>>,
        flow: &'a F,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        F: Flow + Walk<S, Self>,
    {
        inner::run(outer, item, flow, shared)
    }
}

/// A step, as a driver receives it.
struct DrivenStep<'a, A, M> {
    act: Option<A>,
    info: &'a StepInfo<'a>,
    mode: PhantomData<fn() -> M>,
}

impl<S, A, D, K, C> RunOnce<S> for DrivenStep<'_, A, Driven<D, K, C>>
where
    S: Shared,
    A: StepBody<S, Driven<D, K, C>>,
    D: Send + Sync,
    C: BorrowContext,
{
    fn run<'r>(&'r mut self, shared: &'r mut S) -> BoxFuture<'r, Taken> {
        let act = self.act.take().expect("a driver can run a step only once");
        Box::pin(taken(act.act(self.info, shared), self.info))
    }

    fn run_id(&self) -> Option<&str> {
        self.info.run_id()
    }

    fn follow_error(&mut self, error: Error, shared: &mut S) -> Result<Taken, Error> {
        follow_error(self.info, error, shared)
    }
}

/// The driver of a step sees that the step has failed and where the flow goes on, instead of the
/// error.
fn follow_error<S: Shared>(
    info: &StepInfo<'_>,
    error: Error,
    shared: &mut S,
) -> Result<Taken, Error> {
    let way = error_edge::follow_error(info.frame, error, shared)?;
    Ok(info.took(way))
}

/// Generic over the future, for Rust 1.91 and older: see [`StepSource`](super::runner::StepSource).
async fn taken(acting: impl StepFuture, info: &StepInfo<'_>) -> Result<Taken, Error> {
    Ok(info.took(acting.await?))
}

/// The wait between two attempts, as a driver receives it.
struct DrivenPause<'a, M: Mode>(AttemptPause<'a, M>);

impl<M: Mode> Call for DrivenPause<'_, M> {
    type Output = Result<(), Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.0.in_memory()
    }
}

/// A flow, as a driver receives it.
struct DrivenFlow<'a, F, M: Mode> {
    flow: &'a F,
    held: &'a M::Held,
    parent: Option<&'a Frame<'a>>,
    /// The id of the outermost run.
    id: Option<&'a str>,
    info: Option<&'a StepInfo<'a>>,
}

impl<F, S, M> RunOnce<S> for DrivenFlow<'_, F, M>
where
    F: Flow + Walk<S, M>,
    S: Shared,
    M: Mode,
{
    fn run<'r>(&'r mut self, shared: &'r mut S) -> BoxFuture<'r, Taken> {
        let Self {
            flow,
            held,
            parent,
            info,
            ..
        } = *self;
        Box::pin(async move {
            let exit = flow.walk(cursor::<F, M>(held, parent), shared).await?;
            Ok(match info.filter(|info| !info.begins_inner_run()) {
                Some(info) => info.took(exit),
                None => Taken::over(F::GRAPH, exit),
            })
        })
    }

    fn run_id(&self) -> Option<&str> {
        self.info.map_or(self.id, StepInfo::run_id)
    }

    fn follow_error(&mut self, error: Error, shared: &mut S) -> Result<Taken, Error> {
        match self.info.filter(|info| !info.begins_inner_run()) {
            Some(info) => follow_error(info, error, shared),
            None => Err(error),
        }
    }
}
