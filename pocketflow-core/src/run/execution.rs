//! The execution of a node's `exec`.

use super::context::FlowContext;
use super::mode::Mode;
use crate::driver::Site;
use crate::node::Node;

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

impl<'v, S: 'static, H, N: Node<S, H>, M: Mode> Execution<'v, '_, S, H, N, M> {
    /// The node, whose fields can configure the execution.
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
