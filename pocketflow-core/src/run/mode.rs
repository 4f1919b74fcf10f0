//! How a flow is run: directly, or with drivers around its steps.

use super::context::FlowContext;
use crate::driver::{Frame, Site};
use crate::graph::Graph;
use crate::node::Failure;
use crate::run_error::{EmptyField, Error};

/// A way to run flows. [`Undriven`](super::Undriven) adds neither time nor space to the steps;
/// [`Driven`](super::driven::Driven) runs them with a driver around them.
#[doc(hidden)]
pub trait Mode: Sized + Send + Sync {
    /// What a run holds, and each of its steps borrows. A run without a driver holds only its
    /// context, so this is the context itself: a reference to a struct with a reference in it would
    /// cost each node a load.
    type Held: ?Sized + Send + Sync;

    /// Whether [`StepMode::wants`](super::contract::StepMode::wants) can return `false`.
    const SKIPS: bool;

    /// The failure of [`NodeMode::exec`](super::contract::NodeMode::exec).
    type ExecFailure: Send;

    /// The error of a failed step. It does not depend on the node, so it is compiled once.
    fn step_error(
        context: &FlowContext<'_, Self>,
        site: &'static Site,
        attempts: u32,
        failed: StepFailure<Self::ExecFailure>,
    ) -> Error;

    /// The error of a place of the run, with the items that the run is in, as far as the mode knows
    /// them. Without a driver, an error gets the name of an item as it leaves it.
    #[cold]
    fn in_items(_held: &Self::Held, error: Error) -> Error {
        error
    }

    /// What the code around a step learns about it: a [`StepInfo`](crate::StepInfo), or nothing.
    type Info<'a>: Copy + Send + Sync;

    /// The same information with a shorter lifetime.
    fn reborrow<'b, 'a: 'b>(info: Self::Info<'a>) -> Self::Info<'b>;

    /// The frame of a branch, if the mode needs it.
    type BranchFrame<'a>: Send + Sync;

    /// Keeps the frame of a branch.
    fn branch_frame(frame: Frame<'_>) -> Self::BranchFrame<'_>;

    /// What a branch or a batch stores of the information about it.
    type BranchInfo<'a>: Send + Sync;

    /// The information about a branch of the fork at `info`.
    fn branch<'a>(info: Self::Info<'a>, frame: &'a Self::BranchFrame<'_>) -> Self::BranchInfo<'a>;

    /// The information about a batch with so many items at `info`.
    fn batch<'b, 'a: 'b>(info: Self::Info<'a>, items: usize) -> Self::BranchInfo<'b>;

    /// Borrows it.
    fn branch_info<'b>(branch: &'b Self::BranchInfo<'_>) -> Self::Info<'b>;

    /// What the inner runs of a place are in.
    type Above: Clone + Send + Sync;

    /// The inner runs of a place, and which of them wait.
    type Group: Clone + Send + Sync;

    /// A step of a run.
    fn above(held: &Self::Held) -> Self::Above;

    /// A fork.
    fn above_branch(fork: &Self::Group) -> Self::Above;

    /// The group of the inner run of `Flow.on(field)`.
    fn group_of_one(above: &Self::Above) -> Self::Group;

    /// The group of the inner runs of `Flow.each(field)`.
    fn group_of_each(above: &Self::Above, width: usize) -> Self::Group;

    /// The group of so many branches.
    fn group_of_fork(above: &Self::Above, branches: usize) -> Self::Group;

    /// Whether another item may begin. So many are in flight, and `width` may be.
    fn may_begin(group: &Self::Group, in_flight: usize, width: usize) -> bool;

    /// Begins an item.
    fn begin(group: &Self::Group);

    /// Says that no other item will begin.
    fn close(group: &Self::Group);

    /// Whether the walk follows the error edges. In the other mode, the steps do.
    const FOLLOWS_ERRORS: bool;

    /// Whether the walk of the outermost flow checks the inputs.
    const CHECKS_INPUTS: bool;

    /// The place to start at in a flow. Where a run resumes, it also restores how often the bounded
    /// edges were taken.
    ///
    /// # Errors
    ///
    /// If a run resumes at a place that the flow does not have.
    fn start(
        held: &Self::Held,
        frame: &Frame<'_>,
        graph: &'static Graph,
        taken: &mut [u32],
    ) -> Result<usize, Error>;

    /// Records that a bounded edge has been taken.
    fn edge_taken(held: &Self::Held, frame: &Frame<'_>, taken: &[u32]);
}

/// Why a step failed. [`Mode::step_error`] turns it into an error, once for all nodes.
#[doc(hidden)]
#[derive(Debug)]
pub enum StepFailure<F> {
    /// In `prep`.
    Prep(Failure),
    /// In an exec that cannot recover.
    Exec(F),
    /// In the last attempt or the fallback.
    Recovery(Error),
    /// In `post`.
    Post(EmptyField),
}
