//! A flow as a step of another.

use super::context::FlowContext;
use super::contract::StepMode;
use super::flow::{Flow, Walk};
use super::mode::Mode;
use super::runner::{FlowRunner, Forked, Runner, Step, StepSource};
use crate::driver::{Frame, Site};
use crate::run::step_future::StepFuture;
use crate::run_error::Error;
use crate::store::Shared;

impl<S, M, F> Runner<S, M, F> for FlowRunner
where
    S: Shared,
    M: Mode + StepMode<S>,
    F: Flow + Walk<S, M>,
{
    type Finished = ();

    fn check(
        self,
        flow: &F,
        site: &'static Site,
        context: &FlowContext<'_, M>,
    ) -> Result<(), Error> {
        let frame = context.frame(site);
        flow.check(&FlowContext {
            held: context.held,
            frame: Frame {
                parent: Some(&frame),
                site: const { &Site::of_flow(&F::GRAPH) },
            },
        })
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
        // The steps inside find their path through this frame. Any other step needs its path only
        // if it fails.
        context.frame.site = step.0.site();
        let context: &'a FlowContext<'_, M> = context;
        M::flow(context.held, step.0.node(), Some(&context.frame), shared)
    }
}

/// A flow cannot be a branch of a fork. PF012 reports it, so this impl keeps rustc quiet.
impl<S, M: Mode, F> Runner<S, Forked<M>, F> for FlowRunner {
    type Finished = ();
}
