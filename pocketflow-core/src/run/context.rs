//! What a step knows about the flow that it is in.

use super::contract::StepMode;
use super::mode::Mode;
use super::skipped::Skipped;
use crate::driver::{Frame, Site};
use crate::node::Failure;
use crate::run_error::{Cause, Error, Stage};
use crate::store::Shared;

/// What a run holds, and the frame of the flow that is running. Each step receives it. The site in
/// the frame is that of the current nested flow.
#[doc(hidden)]
pub struct FlowContext<'a, M: Mode> {
    pub(crate) held: &'a M::Held,
    pub(crate) frame: Frame<'a>,
}

impl<'a, M: Mode> FlowContext<'a, M> {
    /// The context of the run, as a store borrows it.
    #[inline]
    pub(super) fn lent<S: Shared>(&self) -> S::Context<'a>
    where
        M: StepMode<S>,
    {
        M::lend(self.held)
    }

    /// The frame of a step of this flow.
    pub(crate) fn frame(&self, site: &'static Site) -> Frame<'a> {
        Frame {
            parent: self.frame.parent,
            site,
        }
    }

    /// The error of a step.
    #[cold]
    pub(crate) fn error(
        &self,
        site: &'static Site,
        stage: Stage,
        cause: impl Into<Cause>,
    ) -> Error {
        M::in_items(self.held, self.frame(site).error(stage, cause))
    }

    /// The error of a step of which this run does a part.
    #[cold]
    pub(super) fn skipped(&self, site: &'static Site) -> Error {
        let error = Error::suspending(self.frame(site).path(), Skipped);
        M::in_items(self.held, error)
    }

    /// The error of an attempt. It does not depend on the node, so it is compiled once.
    #[cold]
    pub(super) fn attempt_error(
        &self,
        site: &'static Site,
        item: Option<usize>,
        stage: Stage,
        failure: Failure,
    ) -> Error {
        let path = self.frame(site).path();
        let error = if failure.ends_the_run() {
            Error::of_mistake(path, item, stage, failure.into_cause())
        } else {
            Error::at_item(path, item, stage, failure.into_cause())
        };
        M::in_items(self.held, error)
    }
}
