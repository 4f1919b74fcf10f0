//! Whether a store has the context that a node borrows from.

use super::message::Message;
use crate::store::Store;

/// Checks the store of a node with a parameter `#[context]`, or with an option `context.field`.
#[doc(hidden)]
#[track_caller]
pub const fn check_has_context(store: &Store) -> usize {
    // Nothing is known about a store whose derive has reported an error.
    if store.context.is_some() || store.name.is_empty() {
        return 0;
    }
    Message::new()
        .add(
            "the store `{}` has no context\nhelp: name the type of its context at the store: `#[shared(context = Services)]` on `struct {}`",
            &[store.name, store.name],
        )
        .report()
}
