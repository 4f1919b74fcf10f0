//! Where a run begins.

use pocketflow::{Error, Graph, StepInfo};

/// The flow of a run that begins and, for an inner run, the place where it runs.
#[derive(Clone, Copy)]
pub(crate) struct BeginsAt<'a> {
    pub(super) flow: &'static Graph,
    pub(super) info: Option<&'a StepInfo<'a>>,
}

impl<'a> BeginsAt<'a> {
    pub(super) fn outermost(flow: &'static Graph) -> Self {
        Self { flow, info: None }
    }

    pub(super) fn inner_run(flow: &'static Graph, info: &'a StepInfo<'a>) -> Self {
        let info = Some(info);
        Self { flow, info }
    }

    /// Makes an error of the driver.
    pub(super) fn error(self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        match self.info {
            Some(info) => info.error(cause),
            None => self.flow.error(cause),
        }
    }
}
