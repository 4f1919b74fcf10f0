//! PF008: nodes with different stores in one flow.

use super::message::Message;
use crate::const_eval::spelling::equal;
use crate::graph::{Graph, NodeInfo, Place};
use crate::store::Store;

impl Graph {
    /// Checks a place of a flow whose store is the store of its first node.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_store(&self, place: usize) {
        let Place { name, node, .. } = self.places[place];
        if !self.shares_store(place) && !node.is_unknown() {
            self.report_store(name, node)
        }
    }

    /// Checks a place of a flow that names its store.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_own_store(&self, place: usize, store: &Store) {
        let Place { name, node, .. } = self.places[place];
        if node.is_unknown() || node.store.hash == store.hash {
            return;
        }
        let template = if equal(node.store.name, store.name) {
            "`{}` works on another store `{}`, but this flow runs on `{}`"
        } else {
            "`{}` works on the store `{}`, but this flow runs on `{}`"
        };
        let message = Message::of("PF008")
            .add(template, &[name, node.store.name, store.name])
            .add(help(node), &[name]);
        tell_apart(message, name, node.store, None, store).report()
    }

    /// Reports that a node works on a different store than the first node.
    #[track_caller]
    pub(super) const fn report_store(&self, name: &str, node: &NodeInfo) -> ! {
        let first = &self.places[self.first_known()];
        let (store, ours) = (node.store, first.node.store);
        let message = Message::of("PF008");
        let message = if equal(store.name, ours.name) {
            message.add(
                "`{}` works on another store `{}` than the first node of this flow, `{}`",
                &[name, store.name, first.name],
            )
        } else {
            message.add(
                "`{}` works on the store `{}`, but this flow runs on `{}`, the store of its first node `{}`",
                &[name, store.name, ours.name, first.name],
            )
        };
        tell_apart(
            message.add(help(node), &[name]),
            name,
            store,
            Some(first.name),
            ours,
        )
        .report()
    }
}

/// What to do about a node, or a flow, of another store.
const fn help(node: &NodeInfo) -> &'static str {
    match node.flow {
        Some(_) => "\nhelp: run it on a field that is its store: `{}.on(field)`",
        None => {
            "\nhelp: put the nodes of each store into a separate flow, and run one flow on a field of the other store: `Inner.on(field)`"
        }
    }
}

/// Adds where two stores of the same name are defined: the store of a node, and the store of the
/// first node or of the flow.
const fn tell_apart(
    message: Message,
    name: &str,
    store: &Store,
    first: Option<&str>,
    ours: &Store,
) -> Message {
    if !equal(store.name, ours.name) {
        return message;
    }
    let message = message.add("\nnote: `{}` works on {}", &[name, store.id]);
    match first {
        Some(first) => message.add("\nnote: `{}` works on {}", &[first, ours.id]),
        None => message.add("\nnote: this flow runs on {}", &[ours.id]),
    }
}
