//! One step of a node: `prep`, `exec`, `post`.

use std::marker::PhantomData;

use super::batch::{self, Batch};
use super::context::FlowContext;
use super::contract::{ItemMode, NodeMode, StepBody};
use super::execution::Execution;
use super::mode::{Mode, StepFailure};
use super::runner::{BatchRunner, NodeRunner, RecoveringRunner, Runner, Step, StepSource};
use crate::driver::Site;
use crate::node::{Node, OrNothing};
use crate::run::policies::check_node;
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Stage};
use crate::store::Shared;

/// An [`Execution`](super::execution::Execution). It is made where it is needed, because keeping
/// one across an await takes space. This and the next are macros, because each function would be
/// compiled for each node.
macro_rules! execution {
    ($node:expr, $shared:expr, $prep:expr, $context:expr, $site:expr, $info:expr) => {
        $crate::run::execution::Execution {
            node: $node,
            shared: $shared,
            prep: $prep,
            context: $context,
            site: $site,
            info: $info,
        }
    };
}
pub(super) use execution;

/// Runs an exec. In a direct run this is the first attempt.
macro_rules! exec {
    ($failed:lifetime, M::$exec:ident($execution:expr), $shared:expr, $context:expr) => {{
        // No variable that is moved before the await is in scope across it, because each step would
        // keep a flag for it.
        let exec = {
            let reads = match N::reads($shared, $context.lent::<S>()) {
                Ok(reads) => reads,
                Err(empty) => break $failed StepFailure::Prep(empty),
            };
            M::$exec($execution, reads, None, ())
        };
        exec.await
    }};
}
pub(super) use exec;

/// Runs an exec whose failure is final.
macro_rules! done_or_failed {
    (
        $failed:lifetime, M::$exec:ident($execution:expr),
        $get:expr, $shared:expr, $prep:ident, $context:expr, $info:expr
    ) => {
        match $crate::run::step::exec!($failed, M::$exec($execution), $shared, $context) {
            Ok(done) => done,
            Err(failed) => break $failed StepFailure::Exec(failed),
        }
    };
}
pub(super) use done_or_failed;

/// Runs an exec, and recovers if it fails. As a separate future it would take more space.
macro_rules! done_or_recovered {
    (
        $failed:lifetime, M::$exec:ident($execution:expr),
        $get:expr, $shared:expr, $prep:ident, $context:expr, $info:expr
    ) => {
        'done: {
            // A failure becomes its recovery at once, because a variable for it would need a flag.
            let mut recovery =
                match $crate::run::step::exec!($failed, M::$exec($execution), $shared, $context) {
                    Ok(done) => break 'done done,
                    // A constant, so a run with drivers, whose exec has already recovered, has no code
                    // for it.
                    Err(failed) if const { !M::RECOVERS } => {
                        break $failed StepFailure::Exec(failed)
                    }
                    Err(failed) => {
                        let (node, site) = ($get.node(), $get.site());
                        let execution = $crate::run::step::execution!(
                            node, $shared, &$prep, $context, site, M::reborrow($info)
                        );
                        M::recover(execution, None, (), failed)
                    }
                };
            match recovery.as_mut().await {
                Ok(done) => done,
                Err(error) => break $failed StepFailure::Recovery(error),
            }
        }
    };
}
pub(super) use done_or_recovered;

/// A node that is not a batch, as a step. This is written once for the nodes that recover from a
/// failed exec, and once for those that do not: a state in which a step waits for a recovery takes
/// time in each step, even if it is never reached, because the function that drops the future must
/// handle it and is then too large to be inlined.
macro_rules! single_step {
    ($runner:ident, $step:ident, $done_or_failed:ident) => {
        impl<S, H, N, M, E> Runner<S, M, N> for $runner<H>
        where
            S: Shared,
            H: 'static,
            N: for<'i> Node<S, H, Item<'i> = (), Exec = E, Done = E>,
            E: Send,
            M: Mode + NodeMode<S, H, N>,
        {
            type Finished = ();

            fn check(
                self,
                node: &N,
                site: &'static Site,
                context: &FlowContext<'_, M>,
            ) -> Result<(), Error> {
                check_node::<S, H, N, M>(node, site, context)
            }

            #[inline]
            fn step<'a, G>(
                self,
                step: Step<'a, N, G>,
                context: &'a mut FlowContext<'_, M>,
                shared: &'a mut S,
            ) -> impl StepFuture
            where
                G: StepSource<N>,
            {
                let (get, context): (G, &'a FlowContext<'_, M>) = (step.0, context);
                M::step(
                    context,
                    get.site(),
                    shared,
                    $step::<'a, H, N, M, G> {
                        get,
                        context,
                        types: PhantomData,
                    },
                )
            }
        }

        struct $step<'a, H, N, M: Mode, G> {
            get: G,
            context: &'a FlowContext<'a, M>,
            types: PhantomData<fn() -> (H, &'a N)>,
        }

        impl<'a, S, H, N, M, G, E> StepBody<S, M> for $step<'a, H, N, M, G>
        where
            G: StepSource<N>,
            S: Shared,
            H: 'static,
            N: for<'i> Node<S, H, Item<'i> = (), Exec = E, Done = E>,
            E: Send,
            M: NodeMode<S, H, N>,
        {
            #[inline]
            fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture {
                let Self { get, context, .. } = self;
                // What lives across an await takes space in the future and time in every step. So what only
                // a failure needs is made again there, and `prep` is never moved, so no flag records
                // whether it was. All failures leave in one place, because this is compiled for
                // each node.
                async move {
                    let failed = 'failed: {
                        let (kept, done) = {
                            let (node, site) = (get.node(), get.site());
                            let mut prep = match node.prep(&*shared, context.lent::<S>()) {
                                Ok(prep) => prep,
                                Err(failure) => break 'failed StepFailure::Prep(failure),
                            };
                            let execution =
                                execution!(node, &*shared, &prep, context, site, M::reborrow(info));
                            let done = $done_or_failed!('failed, M::exec(execution), get, &*shared, prep, context, info);
                            (N::keep(&mut prep), done)
                        };
                        match get.node().post(shared, context.lent::<S>(), kept, done) {
                            Ok(action) => return Ok(action),
                            Err(empty) => StepFailure::Post(empty),
                        }
                    };
                    Err(M::step_error(
                        context,
                        get.site(),
                        N::POLICY.attempts,
                        failed,
                    ))
                }
            }
        }
    };
}

single_step!(NodeRunner, SingleStep, done_or_failed);
single_step!(RecoveringRunner, RecoveringStep, done_or_recovered);

impl<S, H, N, M> Runner<S, M, N> for BatchRunner<H>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: Mode + ItemMode<S, H, N>,
{
    type Finished = ();

    fn check(
        self,
        node: &N,
        site: &'static Site,
        context: &FlowContext<'_, M>,
    ) -> Result<(), Error> {
        check_node::<S, H, N, M>(node, site, context)
    }

    #[inline]
    fn step<'a, G>(
        self,
        step: Step<'a, N, G>,
        context: &'a mut FlowContext<'_, M>,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        G: StepSource<N>,
    {
        let (get, context): (G, &'a FlowContext<'_, M>) = (step.0, context);
        let act = BatchStep::<'a, H, N, M> {
            node: get.node(),
            context,
            site: get.site(),
            types: PhantomData,
        };
        M::step(context, get.site(), shared, act)
    }
}

struct BatchStep<'a, H, N, M: Mode> {
    node: &'a N,
    context: &'a FlowContext<'a, M>,
    site: &'static Site,
    types: PhantomData<fn() -> H>,
}

impl<S, H, N, M> StepBody<S, M> for BatchStep<'_, H, N, M>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    #[inline]
    fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture {
        let Self {
            node,
            context,
            site,
            ..
        } = self;
        async move {
            let (kept, done) = {
                let mut prep = match node.prep(&*shared, context.lent::<S>()) {
                    Ok(prep) => prep,
                    Err(failure) => {
                        return Err(context.attempt_error(site, None, Stage::Prep, failure));
                    }
                };
                let batch = M::batch(info, batch::items::<S, H, N>(&prep));
                let execution = Execution {
                    node,
                    shared: &*shared,
                    prep: &prep,
                    context,
                    site,
                    info: M::branch_info(&batch),
                };
                let done = N::run(execution).await?;
                (N::keep(&mut prep), done)
            };
            match node.post(shared, context.lent::<S>(), kept, done) {
                Ok(action) => Ok(action),
                Err(empty) => Err(context.error(site, Stage::Post, empty)),
            }
        }
    }
}

/// What `prep` returned, until `post` takes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Retained<T>(Option<T>);

impl<T> Retained<T> {
    /// Stores what `prep` returned.
    #[inline]
    pub fn new(prep: T) -> Self {
        Self(Some(prep))
    }

    /// Borrows it, for `exec`.
    #[inline]
    pub fn __get(&self) -> &T {
        self.0.as_ref().expect(TAKEN)
    }

    /// Takes it, once, for `post`.
    #[inline]
    pub fn take(&mut self) -> Prepared<T> {
        Prepared(self.0.take().expect(TAKEN))
    }
}

const TAKEN: &str = "it is taken once, and after that no exec runs";

/// What `prep` returned, as `post` receives it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Prepared<T>(pub T);

impl<T> OrNothing for Prepared<T> {}
