//! Forks: nodes that run at the same time on one borrowed store.
//!
//! A fork joins its nodes as a tree of pairs. The future of a pair is a struct with the pinned
//! futures of its two sides, whose results replace them, so a fork is as large as its nodes
//! together. When one node is woken, all that have not finished are polled, as in `tokio::join!`.

mod join;

use std::marker::PhantomData;

pub(super) use self::join::{Join, JoinAll, JoinOne, JoinPair};
use super::batch::{self, Batch};
use super::context::FlowContext;
use super::contract::{ItemMode, StepBody, StepMode};
use super::execution::Execution;
use super::mode::{Mode, StepFailure};
use super::runner::{
    BatchRunner, Fork, Forked, NodeRunner, RecoveringRunner, Runner, Step, StepSource,
};
use super::step::{done_or_failed, done_or_recovered, execution};
use crate::driver::Site;
use crate::node::Node;
use crate::run::policies::check_node;
use crate::run::step_future::StepFuture;
use crate::run_error::{EmptyField, Error, Stage};
use crate::store::Shared;

impl<S: Shared, M: StepMode<S>> Fork<'_, S, M> {
    /// Fails if this run does not do the branch.
    #[inline]
    fn wanted(&self, site: &'static Site, branch: M::Info<'_>) -> Result<(), Error> {
        if !M::SKIPS || M::wants(self.context.held, branch, None) {
            return Ok(());
        }
        Err(self.context.skipped(site))
    }
}

/// What a node leaves for `post` when its `exec` is done. It borrows nothing.
#[doc(hidden)]
pub struct Finished<S: 'static, H, N: Node<S, H>> {
    kept: N::Kept,
    done: N::Done,
    types: PhantomData<fn() -> (S, H)>,
}

/// A node that is not a batch, as a branch. There are two, for the reason that `step` gives for its
/// two steps.
macro_rules! single_branch {
    ($runner:ident, $done_or_failed:ident) => {
        impl<S, H, N, M, E> Runner<S, Forked<M>, N> for $runner<H>
        where
            S: Shared,
            H: 'static,
            N: for<'i> Node<S, H, Item<'i> = (), Exec = E, Done = E>,
            E: Send,
            M: ItemMode<S, H, N>,
        {
            type Finished = Finished<S, H, N>;

            fn check(
                self,
                node: &N,
                site: &'static Site,
                context: &FlowContext<'_, M>,
            ) -> Result<(), Error> {
                check_node::<S, H, N, M>(node, site, context)
            }

            fn exec<'a, G>(
                self,
                step: Step<'a, N, G>,
                fork: &'a Fork<'a, S, M>,
            ) -> impl StepFuture<Self::Finished>
            where
                G: StepSource<N>,
            {
                let get = step.0;
                async move {
                    let frame = M::branch_frame(fork.context.frame(get.site()));
                    let branch = M::branch(M::reborrow(fork.info), &frame);
                    let info = M::branch_info(&branch);
                    fork.wanted(get.site(), M::reborrow(info))?;
                    let failed = 'failed: {
                        let (node, site) = (get.node(), get.site());
                        let mut prep = match node.prep(fork.shared, fork.context.lent::<S>()) {
                            Ok(prep) => prep,
                            Err(failure) => break 'failed StepFailure::Prep(failure),
                        };
                        let execution = execution!(
                            node,
                            fork.shared,
                            &prep,
                            fork.context,
                            site,
                            M::reborrow(info)
                        );
                        let done = $done_or_failed!('failed, M::item(execution), get, fork.shared, prep, fork.context, info);
                        return Ok(Finished {
                            kept: N::keep(&mut prep),
                            done,
                            types: PhantomData,
                        });
                    };
                    Err(M::step_error(
                        fork.context,
                        get.site(),
                        N::POLICY.attempts,
                        failed,
                    ))
                }
            }

            fn post(
                self,
                node: &N,
                context: &FlowContext<'_, M>,
                shared: &mut S,
                finished: Self::Finished,
            ) -> Result<usize, EmptyField> {
                node.post(shared, context.lent::<S>(), finished.kept, finished.done)
            }
        }
    };
}

single_branch!(NodeRunner, done_or_failed);
single_branch!(RecoveringRunner, done_or_recovered);

impl<S, H, N, M> Runner<S, Forked<M>, N> for BatchRunner<H>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    type Finished = Finished<S, H, N>;

    fn check(
        self,
        node: &N,
        site: &'static Site,
        context: &FlowContext<'_, M>,
    ) -> Result<(), Error> {
        check_node::<S, H, N, M>(node, site, context)
    }

    fn exec<'a, G>(
        self,
        step: Step<'a, N, G>,
        fork: &'a Fork<'a, S, M>,
    ) -> impl StepFuture<Self::Finished>
    where
        G: StepSource<N>,
    {
        let get = step.0;
        async move {
            let frame = M::branch_frame(fork.context.frame(get.site()));
            let branch = M::branch(M::reborrow(fork.info), &frame);
            let Fork {
                context, shared, ..
            } = *fork;
            let info = M::reborrow(M::branch_info(&branch));
            fork.wanted(get.site(), M::reborrow(info))?;
            let mut prep = match get.node().prep(shared, context.lent::<S>()) {
                Ok(prep) => prep,
                Err(failure) => {
                    return Err(context.attempt_error(get.site(), None, Stage::Prep, failure));
                }
            };
            let batch = M::batch(info, batch::items::<S, H, N>(&prep));
            let execution = Execution {
                node: get.node(),
                shared,
                prep: &prep,
                context,
                site: get.site(),
                info: M::branch_info(&batch),
            };
            let done = N::run(execution).await?;
            Ok(Finished {
                kept: N::keep(&mut prep),
                done,
                types: PhantomData,
            })
        }
    }

    fn post(
        self,
        node: &N,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<usize, EmptyField> {
        node.post(shared, context.lent::<S>(), finished.kept, finished.done)
    }
}

/// The nodes of a fork, as a tree of pairs.
#[doc(hidden)]
pub trait ForkNodes<S, M: Mode>: Send + Sync {
    /// What the calls of `post` need.
    type Finished: Send;

    /// Starts the `prep` and `exec` of each node.
    fn execs<'a>(
        &'a self,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Join<M, Finished = Self::Finished> + Send;

    /// Calls `post` of each node, in the order written.
    fn posts(
        &self,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<(), Error>;
}

/// A node of a fork.
#[doc(hidden)]
pub struct ForkBranch<N, R, G> {
    runner: R,
    get: G,
    node: PhantomData<fn() -> N>,
}

impl<N, R, G: StepSource<N>> ForkBranch<N, R, G> {
    /// Takes a node, with its site.
    pub fn new(runner: R, get: G) -> Self {
        Self {
            runner,
            get,
            node: PhantomData,
        }
    }
}

impl<S, M, N, R, G> ForkNodes<S, M> for ForkBranch<N, R, G>
where
    S: Sync,
    M: Mode,
    N: Sync,
    R: Runner<S, Forked<M>, N>,
    G: StepSource<N>,
{
    type Finished = R::Finished;

    fn execs<'a>(
        &'a self,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Join<M, Finished = Self::Finished> + Send {
        JoinOne::Runs {
            exec: self.runner.exec(Step(self.get, PhantomData), fork),
        }
    }

    fn posts(
        &self,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<(), Error> {
        match self.runner.post(self.get.node(), context, shared, finished) {
            Ok(_) => Ok(()),
            Err(empty) => Err(context.error(self.get.site(), Stage::Post, empty)),
        }
    }
}

/// Two halves of a fork.
#[doc(hidden)]
#[derive(Debug)]
pub struct ForkPair<A, B>(pub A, pub B);

impl<S, M, A, B> ForkNodes<S, M> for ForkPair<A, B>
where
    S: Sync,
    M: Mode,
    A: ForkNodes<S, M>,
    B: ForkNodes<S, M>,
{
    type Finished = (A::Finished, B::Finished);

    fn execs<'a>(
        &'a self,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Join<M, Finished = Self::Finished> + Send {
        JoinPair {
            a: self.0.execs(fork),
            b: self.1.execs(fork),
        }
    }

    fn posts(
        &self,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<(), Error> {
        self.0.posts(context, shared, finished.0)?;
        self.1.posts(context, shared, finished.1)
    }
}

/// Pins a future where it is. An unoptimized build moves an awaited future from one place on the
/// stack to the next, and keeps all the copies while the function runs. Pinning costs a pointer, so
/// an optimized build does without.
#[cfg(debug_assertions)]
macro_rules! in_place {
    ($future:expr) => {
        std::pin::pin!($future)
    };
}
#[cfg(not(debug_assertions))]
macro_rules! in_place {
    ($future:expr) => {
        $future
    };
}

pub(super) use in_place;

/// Runs a fork, as one step.
#[doc(hidden)]
pub fn fork_step<'a, S, M, P>(
    nodes: P,
    site: &'static Site,
    context: &'a FlowContext<'a, M>,
    shared: &'a mut S,
) -> impl StepFuture + use<'a, S, M, P>
where
    S: Shared,
    M: StepMode<S>,
    P: ForkNodes<S, M> + 'a,
{
    M::step(context, site, shared, ForkStep { nodes, context })
}

struct ForkStep<'a, P, M: Mode> {
    nodes: P,
    context: &'a FlowContext<'a, M>,
}

impl<S, M, P> StepBody<S, M> for ForkStep<'_, P, M>
where
    S: Shared,
    M: Mode,
    P: ForkNodes<S, M>,
{
    fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture {
        let Self { nodes, context } = self;
        async move {
            let finished = {
                let fork = Fork {
                    context,
                    info: M::reborrow(info),
                    shared: &*shared,
                };
                let joined = in_place!(JoinAll {
                    execs: nodes.execs(&fork),
                    turn: 0,
                    mode: PhantomData::<fn() -> M>
                });
                joined.await?
            };
            nodes.posts(context, shared, finished)?;
            Ok(0)
        }
    }
}
