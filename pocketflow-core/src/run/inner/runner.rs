//! The steps of flows on inner stores.

use std::any::Any;
use std::marker::PhantomData;

use super::{At, EachFlow, FieldOn, OnFlow, RunOn, check_on};
use crate::driver::Site;
use crate::run::context::FlowContext;
use crate::run::contract::{StepBody, StepMode};
use crate::run::mode::Mode;
use crate::run::runner::{Runner, Step, StepSource};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Failed};
use crate::store::Parts;

/// The [`Runner`] of `Flow.on(field)`, with the hash of the field's name.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct OnRunner<const FIELD: u64>(());

impl<const FIELD: u64> OnRunner<FIELD> {
    /// The runner.
    pub const RUNNER: Self = Self(());
}

/// The [`Runner`] of `Flow.each(field)`, with the hash of the field's name, and with the number of
/// items that are in flight at a time.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct EachRunner<const FIELD: u64>(pub usize);

impl<S, M, F, const FIELD: u64> Runner<S, M, F> for OnRunner<FIELD>
where
    S: FieldOn<FIELD, OnFlow<F>, M>,
    M: Mode + StepMode<S>,
    F: Send + Sync,
{
    type Finished = ();

    fn check(
        self,
        flow: &F,
        site: &'static Site,
        context: &FlowContext<'_, M>,
    ) -> Result<(), Error> {
        check_on(S::field, flow, site, context)
    }

    #[inline]
    fn step<'a, G>(
        self,
        step: Step<'a, F, G>,
        context: &'a mut FlowContext<'_, M>,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        G: StepSource<F>,
    {
        let (get, context): (G, &'a FlowContext<'_, M>) = (step.0, context);
        let act = OnStep::<'a, FIELD, F, M> {
            flow: get.node(),
            context,
            site: get.site(),
        };
        M::step(context, get.site(), shared, act)
    }
}

struct OnStep<'a, const FIELD: u64, F, M: Mode> {
    flow: &'a F,
    context: &'a FlowContext<'a, M>,
    site: &'static Site,
}

impl<S, M, F, const FIELD: u64> StepBody<S, M> for OnStep<'_, FIELD, F, M>
where
    S: FieldOn<FIELD, OnFlow<F>, M>,
    M: StepMode<S>,
    F: Send + Sync,
{
    #[inline]
    fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture {
        let Self {
            flow,
            context,
            site,
        } = self;
        let at = At {
            context,
            site,
            info,
            above: M::above(context.held),
        };
        RunOn::run_on(S::field(Parts::of(shared)), OnFlow(PhantomData), flow, at)
    }
}

impl<S, M, F, const FIELD: u64> Runner<S, M, F> for EachRunner<FIELD>
where
    S: FieldOn<FIELD, EachFlow<F>, M>,
    M: Mode + StepMode<S>,
    F: Send + Sync,
{
    type Finished = ();

    fn check(
        self,
        flow: &F,
        site: &'static Site,
        context: &FlowContext<'_, M>,
    ) -> Result<(), Error> {
        check_on(S::field, flow, site, context)
    }

    #[inline]
    fn step<'a, G>(
        self,
        step: Step<'a, F, G>,
        context: &'a mut FlowContext<'_, M>,
        shared: &'a mut S,
    ) -> impl StepFuture
    where
        G: StepSource<F>,
    {
        let (get, context): (G, &'a FlowContext<'_, M>) = (step.0, context);
        let act = EachStep::<'a, FIELD, F, M> {
            width: self.0,
            flow: get.node(),
            context,
            site: get.site(),
        };
        M::step(context, get.site(), shared, act)
    }
}

struct EachStep<'a, const FIELD: u64, F, M: Mode> {
    width: usize,
    flow: &'a F,
    context: &'a FlowContext<'a, M>,
    site: &'static Site,
}

impl<S, M, F, const FIELD: u64> StepBody<S, M> for EachStep<'_, FIELD, F, M>
where
    S: FieldOn<FIELD, EachFlow<F>, M>,
    M: StepMode<S>,
    F: Send + Sync,
{
    fn act(self, info: M::Info<'_>, shared: &mut S) -> impl StepFuture {
        let Self {
            width,
            flow,
            context,
            site,
        } = self;
        async move {
            let failures = {
                let at = At {
                    context,
                    site,
                    info: M::reborrow(info),
                    above: M::above(context.held),
                };
                RunOn::run_on(S::field(Parts::of(shared)), EachFlow::of(width), flow, at).await?
            };
            keep_failures(site, shared, failures);
            Ok(0)
        }
    }
}

/// Adds the failures of items to the field that the place names for them, if it names one.
pub(super) fn keep_failures<S: Any>(site: &'static Site, shared: &mut S, failures: Vec<Failed>) {
    let each = site.on().and_then(|on| on.each);
    if let Some(field) = each.and_then(|each| each.failures) {
        (field.keep)(shared, failures);
    }
}
