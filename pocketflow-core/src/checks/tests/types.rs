//! The checks of types, whose results the macros pass in, and of the context.

use super::reported;
use crate::checks::{check_context, check_field, check_has_context, check_node, check_returned};
use crate::graph::UNKNOWN;
use crate::graph::sample::{STORE, message};

#[test]
fn a_field_and_a_node_may_be_sent_and_shared_between_threads() {
    assert_eq!(check_field("u8", true, true, "help"), 0);
    assert_eq!(check_node("Node", true, true), 0);
    assert_eq!(check_context("Services", true, true), 0);
    for (sends, syncs, what) in [
        (true, false, "is not `Sync`\n"),
        (false, true, "is not `Send`\n"),
        (false, false, "is neither `Send` nor `Sync`\n"),
    ] {
        let text = message(|| check_field("Cell<u8>", sends, syncs, "use an atomic")).unwrap();
        assert!(
            text.contains("`Cell<u8>`") && text.ends_with("help: use an atomic"),
            "{text}"
        );
        assert!(text.contains(what), "{text}");
        let text = message(|| check_node("Node", sends, syncs)).unwrap();
        assert!(text.contains("`Node`") && text.contains(what), "{text}");
        let text = message(|| check_context("Services", sends, syncs)).unwrap();
        assert!(text.starts_with("a context is `Send + Sync`, and `Services` is"));
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn what_a_node_returns_is_as_it_is_written() {
    assert_eq!(check_returned(true, "message"), 0);
    assert_eq!(
        message(|| check_returned(false, "message")).as_deref(),
        Some("message")
    );
    assert!(reported(|| check_returned(true, "message")).is_empty());
}

#[test]
fn a_node_borrows_from_a_context_that_its_store_has() {
    assert_eq!(check_has_context(&STORE.with_context("Services")), 0);
    // The derive has reported what is wrong with the store.
    assert_eq!(check_has_context(UNKNOWN.store), 0);
    assert_eq!(
        message(|| check_has_context(STORE)).unwrap(),
        "the store `S` has no context\nhelp: name the type of its context at the store: \
         `#[shared(context = Services)]` on `struct S`"
    );
}
