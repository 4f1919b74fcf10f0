//! PF011, a warning: a value that is overwritten before anything can read it.

use crate::analysis::Solution;
use crate::const_eval::bit_set::{first, intersect};
use crate::graph::Graph;

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// Whether a place, or a node of the fork there, has a dead write.
    pub const fn has_dead_write(&self, graph: &Graph, place: usize, branch: usize) -> bool {
        let mut fields = self.dead_writes[place];
        let fork = graph.places[place].fork;
        if !fork.is_empty() && graph.shares_store(place) {
            // A flow that never ends has no set for an action. PF012 rejects it in a fork.
            if fork[branch].node.actions.is_empty() {
                return false;
            }
            intersect(&mut fields, fork[branch].node.assigns, 0);
        }
        first(&fields).is_some()
    }
}

/// `PF011::<true>::VALUE` is deprecated, because a deprecation is how a macro can warn on stable
/// Rust.
#[doc(hidden)]
#[derive(Debug)]
pub struct PF011<const FOUND: bool>;

impl PF011<false> {
    /// No warning.
    pub const VALUE: () = ();
}

impl PF011<true> {
    /// The warning.
    #[deprecated(
        note = "PF011: every path overwrites a value of this node before another node, or the caller after an exit, can read it\nhelp: remove the write, or let a node read the value in between\nnote: see `pocketflow::errors::PF011`"
    )]
    pub const VALUE: () = ();
}
