//! PF001: an edge for an action that its node never returns.

use super::message::Message;
use super::pf012::returns_only_default;
use crate::const_eval::spelling::{equal, nearest};
use crate::graph::{Edge, Graph};

impl Graph {
    /// Checks an edge.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_action(&self, edge: usize) {
        let Edge {
            from,
            action,
            to,
            written,
            ..
        } = self.edges[edge];
        let node = self.places[from].node;
        if !written || node.is_unknown() || node.action(action).is_some() {
            return;
        }
        // PF012 rejects a node with a choice of actions in a fork.
        let mut branch = 0;
        while branch < self.places[from].fork.len() {
            if !returns_only_default(self.places[from].fork[branch].node) {
                return;
            }
            branch += 1;
        }
        let name = self.places[from].name;
        let template = if node.flow.is_some() {
            "`{}` has no exit \"{}\"\nhelp: "
        } else {
            "`{}` never returns \"{}\"\nhelp: "
        };
        let message = Message::of("PF001").add(template, &[name, action]);
        let to = self.target_name(to);
        let message = if returns_only_default(node) {
            message.add("it returns no action: write `{} >> {}`", &[name, to])
        } else if node.actions.is_empty() {
            message.add("it never ends, so no edge leads on from it", &[])
        } else if equal(action, "default") {
            message
                .add("it returns ", &[])
                .actions(node.actions, "or")
                .add(
                    "; name the one that leads on: `{} - \"{}\" >> {}`",
                    &[name, node.actions[0], to],
                )
        } else {
            match nearest(action, node.actions) {
                Some(meant) => message.add("did you mean \"{}\"?", &[meant]),
                None => message.add("it returns ", &[]).actions(node.actions, "or"),
            }
        };
        message.report()
    }
}
