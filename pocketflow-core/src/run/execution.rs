//! One call of a node's exec, and where it happens.

use super::context::FlowContext;
use super::mode::Mode;
use crate::driver::Site;
use crate::node::Node;

/// What a node works on during a execution, where, and how it is run.
#[doc(hidden)]
pub struct Execution<'v, 'p, S: 'static, H, N: Node<S, H>, M: Mode> {
    pub(super) node: &'v N,
    pub(super) shared: &'v S,
    pub(super) prep: &'v N::Prep<'p>,
    pub(super) context: &'v FlowContext<'v, M>,
    pub(super) site: &'static Site,
    pub(super) at: M::Info<'v>,
}

impl<'v, S: 'static, H, N: Node<S, H>, M: Mode> Execution<'v, '_, S, H, N, M> {
    /// The node, for what its fields say of the work.
    pub fn node(&self) -> &'v N {
        self.node
    }
}

impl<S: 'static, H, N: Node<S, H>, M: Mode> Clone for Execution<'_, '_, S, H, N, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static, H, N: Node<S, H>, M: Mode> Copy for Execution<'_, '_, S, H, N, M> {}
