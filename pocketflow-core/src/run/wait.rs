//! `await(field)`: a step that waits until a late field is filled from outside. With a deadline, it
//! expires.

use std::fmt;

use super::context::FlowContext;
use super::contract::{StepBody, StepMode};
use super::mode::Mode;
use super::runner::{Runner, Step, StepSource};
use super::sleep::sleep;
use crate::action::ActionInfo;
use crate::driver::Site;
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, NoRuntime, Stage};
use crate::store::Shared;

/// The [`Runner`] of an `await(field)`, with the field. A driver decides how to wait.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct AwaitRunner(pub &'static str);

impl<S, M, N> Runner<S, M, N> for AwaitRunner
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
        M::step(
            context,
            site,
            shared,
            AwaitStep {
                context,
                site,
                field: self.0,
            },
        )
    }
}

struct AwaitStep<'a, M: Mode> {
    context: &'a FlowContext<'a, M>,
    site: &'static Site,
    field: &'static str,
}

impl<S: Send, M: Mode> StepBody<S, M> for AwaitStep<'_, M> {
    async fn act(self, _: M::Info<'_>, _: &mut S) -> Result<usize, Error> {
        Err(self
            .context
            .error(self.site, Stage::Driver, Waits { field: self.field }))
    }
}

/// The [`Runner`] of an `await(field, within = "3d")`. Without a driver that can wait for the field,
/// nothing fills it, so it expires.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct ExpiringRunner;

impl<S, M, N> Runner<S, M, N> for ExpiringRunner
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
        M::step(context, site, shared, ExpiringStep { context, site })
    }
}

struct ExpiringStep<'a, M: Mode> {
    context: &'a FlowContext<'a, M>,
    site: &'static Site,
}

impl<S: Shared, M: Mode> StepBody<S, M> for ExpiringStep<'_, M> {
    async fn act(self, _: M::Info<'_>, shared: &mut S) -> Result<usize, Error> {
        let node = self.site.graph().places[self.site.place].node;
        sleep(self.context, self.site, node.within, NoRuntime::WITHIN).await?;
        // An earlier value of the field is not an answer.
        let field = node.waits.and_then(|field| S::STORE.field(field));
        if let Some(field) = field {
            shared.clear_field(field);
        }
        Ok(ActionInfo::EXPIRED_INDEX)
    }
}

/// The cause of an [`Error`](crate::Error) at an `await(field)` if no driver of the run can wait
/// for the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// The late field.
    pub field: &'static str,
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it waits for `{}`, and this run has no driver that can wait for a field to be filled",
            self.field
        )
    }
}

impl std::error::Error for Waits {}
