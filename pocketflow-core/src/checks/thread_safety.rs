//! Whether a store, a context and a node are `Send + Sync`.

use super::message::Message;

/// Checks the type of a store's field: its text, and what the probe `ThreadSafety` found about it.
#[doc(hidden)]
#[track_caller]
pub const fn check_field(ty: &str, sends: bool, syncs: bool, help: &str) -> usize {
    check(
        "a shared store",
        ty,
        (sends, syncs),
        "the nodes of a fork read the store at the same time",
        help,
    )
}

/// Checks the type of a context: its name, and what the probe `ThreadSafety` found about it.
#[doc(hidden)]
#[track_caller]
pub const fn check_context(name: &str, sends: bool, syncs: bool) -> usize {
    check(
        "a context",
        name,
        (sends, syncs),
        "several runs and nodes may borrow the context at the same time",
        HELP,
    )
}

/// Checks the type of a node: its name, and what the probe `ThreadSafety` found about it.
#[doc(hidden)]
#[track_caller]
pub const fn check_node(name: &str, sends: bool, syncs: bool) -> usize {
    check(
        "a node",
        name,
        (sends, syncs),
        "several runs may use the node at the same time",
        HELP,
    )
}

const HELP: &str = "in its fields, write `dyn … + Send + Sync` instead of `dyn …`, `Arc` instead of `Rc`, and an atomic or a `Mutex` instead of `Cell`";

#[track_caller]
const fn check(subject: &str, name: &str, is: (bool, bool), reason: &str, help: &str) -> usize {
    let not = match is {
        (true, true) => return 0,
        (true, false) => "not `Sync`",
        (false, true) => "not `Send`",
        (false, false) => "neither `Send` nor `Sync`",
    };
    Message::new()
        .add(
            "{} is `Send + Sync`, and `{}` is {}\nnote: a run moves between threads, and {}\nhelp: {}",
            &[subject, name, not, reason, help],
        )
        .report()
}
