//! How a flow is run: directly, or with drivers around its steps.

use super::context::FlowContext;
use crate::driver::{Frame, Site};
use crate::error::{EmptyField, Error};
use crate::graph::Graph;
use crate::node::Failure;
use crate::store::Shared;

/// A way to run flows: [`Direct`](crate::Direct), which adds nothing to the steps, neither time nor
/// room in the future; or [`Driven`](super::Driven), with a driver around them.
#[doc(hidden)]
pub trait Mode: Sized + Send + Sync {
    /// Whether [`StepMode::wants`] may say no.
    const SKIPS: bool;

    /// Why the first part of an exec failed.
    type ExecFailure: Send;

    /// The error of a failed step. It knows nothing of the node, so it is compiled once.
    fn step_error(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        attempts: u32,
        failed: StepFailure<Self::ExecFailure>,
    ) -> Error;

    /// What of a place is shown around a step there.
    type Info<'a>: Copy + Send + Sync;

    /// The same, for a shorter time.
    fn reborrow<'b, 'a: 'b>(at: Self::Info<'a>) -> Self::Info<'b>;

    /// What is kept of the way to a node of a fork.
    type BranchFrame<'a>: Send + Sync;

    /// The way to a node of a fork.
    fn branch_frame(frame: Frame<'_>) -> Self::BranchFrame<'_>;

    /// What a node of a fork has of the place.
    type BranchInfo<'a>: Send + Sync;

    /// A node of the fork that stands there.
    fn branch<'a>(at: Self::Info<'a>, frame: &'a Self::BranchFrame<'_>) -> Self::BranchInfo<'a>;

    /// What is shown of it.
    fn branch_info<'b>(branch: &'b Self::BranchInfo<'_>) -> Self::Info<'b>;

    /// Where to start in a flow that stands there: where a run resumes, also how often the bounded
    /// edges were taken.
    ///
    /// # Errors
    ///
    /// Where an input of the outermost flow is empty, and where a run resumes at a place that the
    /// flow does not have.
    fn start<S: Shared>(
        &self,
        frame: &Frame<'_>,
        graph: &'static Graph,
        shared: &S,
        taken: &mut [u32],
    ) -> Result<usize, Error>;

    /// A bounded edge has been taken.
    fn edge_taken(&self, frame: &Frame<'_>, taken: &[u32]);
}

/// Why a step failed. Every node makes one, and none makes an error of it.
#[doc(hidden)]
#[derive(Debug)]
pub enum StepFailure<F> {
    /// In `prep`.
    Prep(Failure),
    /// In the first part of an exec that nothing follows.
    Exec(F),
    /// In what follows the first part.
    Recovery(Error),
    /// In `post`.
    Post(EmptyField),
}
