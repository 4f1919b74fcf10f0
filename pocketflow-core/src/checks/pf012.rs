//! PF012: a fork that contains a flow of the same store, or that returns anything but `default`. The
//! macro reports a fork that has both nodes and flows on fields.

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
                    "the flow `{}` is in a fork, and it changes the store that the other branches borrow\nhelp: give it a store of its own, in a field of this one, and run it there: `{}.on(field)`",
                    &[name, name],
                )
                .report()
        }
        if node.never_ends() || node.has_exits() && !returns_only_default(node) {
            self.report_exits(name, node)
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

    /// Reports a flow on a field that can leave at another exit than `default`.
    #[track_caller]
    const fn report_exits(&self, name: &str, node: &NodeInfo) -> ! {
        let message = Message::of("PF012");
        let message = if node.never_ends() {
            message.add(
                "`{}` never ends, and a fork waits for all its branches\nhelp: let the flow `{}` end",
                &[name, node.name],
            )
        } else {
            message
                .add("`{}` can leave at ", &[name])
                .actions(node.actions, "or")
                .add(
                    ", and no edge can follow an exit out of a fork\nhelp: let `{}` end at `end`, and write what it found to its store; the node after the fork can choose by that",
                    &[node.name],
                )
        };
        message.report()
    }
}

pub(super) const fn returns_only_default(node: &NodeInfo) -> bool {
    node.actions.len() == 1 && equal(node.actions[0], "default")
}
