//! PF012: a fork that contains a flow, or a node that returns anything but `default`.

use super::message::Message;
use crate::const_eval::spelling::equal;
use crate::graph::{Graph, NodeInfo, Place};

impl Graph {
    /// Checks a node of a fork, for PF008 as well.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_branch(&self, place: usize, branch: usize) {
        let Place { name, node, .. } = self.places[place].fork[branch];
        if node.is_unknown() {
            return;
        }
        if node.flow.is_some() {
            Message::of("PF012")
                .add(
                    "the flow `{}` is in a fork, where only nodes can be\nhelp: write a node that runs it on another store, and name that node here: `{}.run(&mut store).await`",
                    &[name, name],
                )
                .report()
        }
        if !returns_only_default(node) {
            Message::of("PF012")
                .add("`{}` returns ", &[name])
                .actions(node.actions, "or")
                .add(
                    ", and no edge can follow an action out of a fork\nhelp: let it write what it found to a field, and let the node after the fork choose",
                    &[],
                )
                .report()
        }
        if branch > 0 && !self.is_unknown() && node.store.hash != self.store().hash {
            self.report_store(name, node)
        }
    }
}

pub(super) const fn returns_only_default(node: &NodeInfo) -> bool {
    node.actions.len() == 1 && equal(node.actions[0], "default")
}
