//! A declared `sleep("1h")`: a step that lets time pass.

use std::time::Duration;

use super::context::FlowContext;
use super::contract::{StepBody, StepMode};
use super::mode::Mode;
use super::runner::{Runner, Step, StepSource};
use super::timeout::timer;
use crate::driver::Site;
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, NoRuntime, Stage};
use crate::store::Shared;

/// The [`Runner`] of a `sleep`. A driver may sleep in another way.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct SleepRunner;

impl<S, M, N> Runner<S, M, N> for SleepRunner
where
    S: Shared,
    M: Mode + StepMode<S>,
{
    type Finished = ();

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
        let (site, context): (_, &'a FlowContext<'_, M>) = (step.0.site(), context);
        M::step(context, site, shared, SleepStep { context, site })
    }
}

struct SleepStep<'a, M: Mode> {
    context: &'a FlowContext<'a, M>,
    site: &'static Site,
}

impl<S: Send, M: Mode> StepBody<S, M> for SleepStep<'_, M> {
    async fn act(self, _: M::Info<'_>, _: &mut S) -> Result<usize, Error> {
        let node = self.site.graph().places[self.site.place].node;
        sleep(self.context, self.site, node.sleeps, NoRuntime::SLEEP).await?;
        Ok(0)
    }
}

/// Sleeps in memory. `option` says what of the flow needs the timer.
pub(super) async fn sleep<M: Mode>(
    context: &FlowContext<'_, M>,
    site: &'static Site,
    time: Option<Duration>,
    option: &'static str,
) -> Result<(), Error> {
    match timer(time.unwrap_or_default(), option) {
        Ok(timer) => {
            timer.await;
            Ok(())
        }
        Err(none) => Err(context.error(site, Stage::Driver, none)),
    }
}
