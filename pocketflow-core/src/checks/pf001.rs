//! PF001: an edge for an action that its node never returns.

use super::message::Message;
use super::pf012::returns_only_default;
use crate::action::ActionInfo;
use crate::const_eval::spelling::{equal, nearest};
use crate::graph::{ERROR, Edge, Graph, Handled, NodeInfo, OnField, Place};

const EXPIRED: &str = ActionInfo::EXPIRED;

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
            error,
            ..
        } = self.edges[edge];
        let node = self.places[from].node;
        if error.is_some() {
            self.check_error(from);
            return;
        }
        let is_known = node.action(action).is_some() && !node.never_ends();
        if !written || node.is_unknown() || is_known {
            return;
        }
        // PF012 rejects a node with a choice of actions in a fork.
        let mut branch = 0;
        while branch < self.places[from].fork.len() {
            let node = self.places[from].fork[branch].node;
            if node.never_ends() || !returns_only_default(node) {
                return;
            }
            branch += 1;
        }
        let name = self.places[from].name;
        let template = if node.has_exits() || node.never_ends() {
            "`{}` has no exit \"{}\"\nhelp: "
        } else {
            "`{}` never returns \"{}\"\nhelp: "
        };
        let message = Message::of("PF001").add(template, &[name, action]);
        let to = self.target_name(to);
        let message = if equal(action, ERROR) && node.fails {
            message.add(
                "the edge for a failure has no quotes: `{} - error >> {}`",
                &[name, to],
            )
        } else if node.waits.is_some() && node.within.is_none() && equal(action, EXPIRED) {
            let field = match node.waits {
                Some(field) => field,
                None => "",
            };
            message.add(
                "give it a deadline, once, at any mention: `await({}, within = \"3d\")`",
                &[field],
            )
        } else if node.never_ends() {
            message.add("it never ends, so no edge leads on from it", &[])
        } else if is_exit_of_an_item(node, action) {
            message.add(
                "`each` has one action, `default`, because each item ends on its own: let an item say in its own store how it ended, and let a node after `{}` choose by that",
                &[name],
            )
        } else if returns_only_default(node) {
            message.add("it returns no action: write `{} >> {}`", &[name, to])
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

    /// Checks an error edge.
    #[track_caller]
    const fn check_error(&self, from: usize) {
        let Place { name, node, .. } = self.places[from];
        if node.is_unknown() {
            return;
        }
        if node.action(ERROR).is_some() {
            let template = if node.has_exits() {
                "`{}` has an exit \"error\", and it has an error edge as well"
            } else {
                "`{}` returns the action \"error\", and it has an error edge as well"
            };
            Message::of("PF001")
                .add(template, &[name])
                .add(
                    "\nhelp: give the action another name: in the record of a run, both would be called `error`",
                    &[],
                )
                .report()
        }
        if node.fails {
            return;
        }
        let message =
            Message::of("PF001").add("`{}` cannot fail, so it has no error edge", &[name]);
        let fork = self.places[from].fork;
        let mut message = message;
        let mut branch = 0;
        while branch < fork.len() {
            if let Some(handled) = fork[branch].node.handled {
                message = note_handled(message, fork[branch].name, handled);
            }
            branch += 1;
        }
        if let Some(handled) = node.handled {
            message = note_handled(message, name, handled);
        }
        let help = if node.is_pause() {
            "\nhelp: remove the edge: only a driver can fail while the flow waits, and its error ends the run"
        } else if node.on.is_some() && node.handled.is_none() || node.flow.is_some() {
            "\nhelp: remove the edge: no node of it can fail without an error edge of its own"
        } else if !fork.is_empty() {
            "\nhelp: remove the edge, or let a failure of a node leave the fork"
        } else {
            match node.handled {
                Some(Handled::Failures) => "\nhelp: remove the edge, or leave `failures` out",
                Some(Handled::Fallback) => {
                    "\nhelp: remove the edge, or let `fallback` return a `Result`"
                }
                None => "\nhelp: remove the edge, or let `exec` return a `Result`",
            }
        };
        message.add(help, &[]).report()
    }
}

/// Whether the place runs a flow on every item of a field, and the flow has this exit.
const fn is_exit_of_an_item(node: &NodeInfo, action: &str) -> bool {
    let Some(OnField {
        graph,
        each: Some(_),
        ..
    }) = node.on
    else {
        return false;
    };
    let mut exit = 0;
    while exit < graph.exits.len() {
        if equal(graph.exits[exit], action) {
            return true;
        }
        exit += 1;
    }
    false
}

/// Adds why a node whose `exec` may fail cannot fail.
const fn note_handled(message: Message, name: &str, handled: Handled) -> Message {
    let note = match handled {
        Handled::Failures => "\nnote: `{}` collects the items that fail, with `failures`",
        Handled::Fallback => {
            "\nnote: the `fallback` of `{}` returns a plain value, which replaces each failure"
        }
    };
    message.add(note, &[name])
}
