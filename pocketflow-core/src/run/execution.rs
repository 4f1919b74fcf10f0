//! The execution of a node's `exec`.

use super::context::FlowContext;
use super::contract::StepMode;
use super::mode::Mode;
use crate::driver::Site;
use crate::node::{Failure, Node, Policy, Reads};
use crate::store::Shared;

/// One execution of a node's `exec`, with all its attempts: the node, what it reads, where it is,
/// and how it is run.
#[doc(hidden)]
pub struct Execution<'v, 'p, S: 'static, H, N: Node<S, H>, M: Mode> {
    pub(super) node: &'v N,
    pub(super) shared: &'v S,
    pub(super) prep: &'v N::Prep<'p>,
    pub(super) context: &'v FlowContext<'v, M>,
    pub(super) site: &'static Site,
    pub(super) info: M::Info<'v>,
}

impl<'v, S: Shared, H, N: Node<S, H>, M: StepMode<S>> Execution<'v, '_, S, H, N, M> {
    /// The policy of the node in this run.
    #[inline]
    pub fn policy(&self) -> Policy {
        // A constant, so a node whose policy is known has no code for it.
        if const { N::CONFIGURED } {
            self.node.policy(self.context.lent::<S>())
        } else {
            N::POLICY
        }
    }

    /// What `exec` reads, after `prep`.
    #[inline]
    pub(super) fn reads<'r>(&self) -> Reads<'r, N>
    where
        'v: 'r,
    {
        match N::reads(self.shared, M::lend(self.context.held)) {
            Ok(reads) => reads,
            Err(empty) => unfilled(empty),
        }
    }
}

#[cold]
fn unfilled(_: Failure) -> ! {
    unreachable!("a step first checks that all of it is filled")
}

impl<S: 'static, H, N: Node<S, H>, M: Mode> Clone for Execution<'_, '_, S, H, N, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static, H, N: Node<S, H>, M: Mode> Copy for Execution<'_, '_, S, H, N, M> {}
