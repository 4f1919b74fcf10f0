//! A fork of flows, each on a field of its own.
//!
//! The branches borrow different fields of the store, so nothing is locked or cloned. A branch takes
//! its field before its future is made, so that the future holds one reference and not all of them.

use std::marker::PhantomData;

use super::runner::keep_failures;
use super::{At, EachFlow, FieldOn, OnFlow, RunOn};
use crate::driver::Site;
use crate::run::context::FlowContext;
use crate::run::contract::{StepBody, StepMode};
use crate::run::fork::{ForkPair, Join, JoinAll, JoinOne, JoinPair, in_place};
use crate::run::mode::Mode;
use crate::run::runner::StepSource;
use crate::run::step_future::StepFuture;
use crate::run_error::Failed;
use crate::store::{Parts, Split};

/// The step that the branches of a fork share.
#[doc(hidden)]
pub struct ForkAt<'a, M: Mode> {
    context: &'a FlowContext<'a, M>,
    info: M::Info<'a>,
    group: &'a M::Group,
}

impl<M: Mode> Clone for ForkAt<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Mode> Copy for ForkAt<'_, M> {}

impl<'a, M: Mode> ForkAt<'a, M> {
    fn branch(self, site: &'static Site) -> At<'a, 'a, M> {
        At {
            context: self.context,
            site,
            info: self.info,
            above: M::above_branch(self.group),
        }
    }
}

/// The flows of a fork, as a tree of pairs.
#[doc(hidden)]
pub trait ForkFlows<S: Split, M: Mode>: Send + Sync {
    /// How many they are.
    const COUNT: usize;

    /// What is known when all are done: the failures of items.
    type Finished: Send;

    /// Moves the fields of these flows.
    fn take<'p>(&self, from: &mut Parts<'p, S>, to: &mut Parts<'p, S>);

    /// Starts the flows on their fields.
    fn runs<'a>(
        &'a self,
        fork: ForkAt<'a, M>,
        parts: Parts<'a, S>,
    ) -> impl Join<M, Finished = Self::Finished> + Send;

    /// Stores the failures of items.
    fn keep(&self, shared: &mut S, finished: Self::Finished);
}

/// A flow on a field, as a branch.
#[doc(hidden)]
pub struct OnBranch<const FIELD: u64, F, G> {
    get: G,
    flow: PhantomData<fn() -> F>,
}

impl<const FIELD: u64, F, G: StepSource<F>> OnBranch<FIELD, F, G> {
    /// Takes the flow, with its site.
    pub fn new(get: G) -> Self {
        Self {
            get,
            flow: PhantomData,
        }
    }
}

impl<S, M, F, G, const FIELD: u64> ForkFlows<S, M> for OnBranch<FIELD, F, G>
where
    S: FieldOn<FIELD, OnFlow<F>, M>,
    M: Mode,
    F: Send + Sync,
    G: StepSource<F>,
{
    const COUNT: usize = 1;

    /// PF012 rejects a flow with other exits than `default`.
    type Finished = usize;

    fn take<'p>(&self, from: &mut Parts<'p, S>, to: &mut Parts<'p, S>) {
        from.move_part(to, FIELD);
    }

    fn runs<'a>(
        &'a self,
        fork: ForkAt<'a, M>,
        parts: Parts<'a, S>,
    ) -> impl Join<M, Finished = usize> + Send {
        let at = fork.branch(self.get.site());
        JoinOne::Runs {
            exec: RunOn::run_on(S::field(parts), OnFlow(PhantomData), self.get.node(), at),
        }
    }

    fn keep(&self, _: &mut S, _: usize) {}
}

/// A flow on each item of a field, as a branch.
#[doc(hidden)]
pub struct EachBranch<const FIELD: u64, F, G> {
    get: G,
    width: usize,
    flow: PhantomData<fn() -> F>,
}

impl<const FIELD: u64, F, G: StepSource<F>> EachBranch<FIELD, F, G> {
    /// Takes the flow, with its site, and the number of items that are in flight at a time.
    pub fn new(get: G, width: usize) -> Self {
        Self {
            get,
            width,
            flow: PhantomData,
        }
    }
}

impl<S, M, F, G, const FIELD: u64> ForkFlows<S, M> for EachBranch<FIELD, F, G>
where
    S: FieldOn<FIELD, EachFlow<F>, M>,
    M: Mode,
    F: Send + Sync,
    G: StepSource<F>,
{
    const COUNT: usize = 1;

    type Finished = Vec<Failed>;

    fn take<'p>(&self, from: &mut Parts<'p, S>, to: &mut Parts<'p, S>) {
        from.move_part(to, FIELD);
    }

    fn runs<'a>(
        &'a self,
        fork: ForkAt<'a, M>,
        parts: Parts<'a, S>,
    ) -> impl Join<M, Finished = Vec<Failed>> + Send {
        let at = fork.branch(self.get.site());
        JoinOne::Runs {
            exec: RunOn::run_on(
                S::field(parts),
                EachFlow::of(self.width),
                self.get.node(),
                at,
            ),
        }
    }

    fn keep(&self, shared: &mut S, failures: Vec<Failed>) {
        keep_failures(self.get.site(), shared, failures);
    }
}

impl<S, M, A, B> ForkFlows<S, M> for ForkPair<A, B>
where
    S: Split,
    M: Mode,
    A: ForkFlows<S, M>,
    B: ForkFlows<S, M>,
{
    const COUNT: usize = A::COUNT + B::COUNT;

    type Finished = (A::Finished, B::Finished);

    fn take<'p>(&self, from: &mut Parts<'p, S>, to: &mut Parts<'p, S>) {
        self.0.take(from, to);
        self.1.take(from, to);
    }

    fn runs<'a>(
        &'a self,
        fork: ForkAt<'a, M>,
        mut parts: Parts<'a, S>,
    ) -> impl Join<M, Finished = Self::Finished> + Send {
        let mut first = Parts::none();
        self.0.take(&mut parts, &mut first);
        JoinPair {
            a: self.0.runs(fork, first),
            b: self.1.runs(fork, parts),
        }
    }

    fn keep(&self, shared: &mut S, finished: Self::Finished) {
        self.0.keep(shared, finished.0);
        self.1.keep(shared, finished.1);
    }
}

/// Runs a fork of flows, as one step.
#[doc(hidden)]
pub fn fork_of_flows<'a, S, M, P>(
    flows: P,
    site: &'static Site,
    context: &'a FlowContext<'a, M>,
    shared: &'a mut S,
) -> impl StepFuture + use<'a, S, M, P>
where
    S: Split,
    M: StepMode<S>,
    P: ForkFlows<S, M> + 'a,
{
    M::step(context, site, shared, ForkOfFlows { flows, context })
}

struct ForkOfFlows<'a, P, M: Mode> {
    flows: P,
    context: &'a FlowContext<'a, M>,
}

impl<S, M, P> StepBody<S, M> for ForkOfFlows<'_, P, M>
where
    S: Split,
    M: Mode,
    P: ForkFlows<S, M>,
{
    fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture {
        let Self { flows, context } = self;
        async move {
            let finished = {
                let group = M::group_of_fork(&M::above(context.held), P::COUNT);
                let fork = ForkAt {
                    context,
                    info: M::reborrow(info),
                    group: &group,
                };
                let joined = in_place!(JoinAll {
                    execs: flows.runs(fork, Parts::of(shared)),
                    turn: 0,
                    mode: PhantomData::<fn() -> M>
                });
                joined.await?
            };
            flows.keep(shared, finished);
            Ok(0)
        }
    }
}
