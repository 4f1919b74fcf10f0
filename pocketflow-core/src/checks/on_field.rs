//! Checks what runs on a field: it must be a flow, and a flow of the store that is in the field. A flow
//! of another store is PF008, and an option without an effect is PF010.

use super::message::Message;
use crate::const_eval::spelling::equal;
use crate::graph::{Description, NodeInfo};
use crate::store::Store;

/// Checks that a flow runs on a field, and not a node. `place` is the place as it is written. For a
/// node, `flow` and `instead` are a flow that has this node alone, and that flow at the place.
#[doc(hidden)]
#[track_caller]
pub const fn check_is_flow(node: &Description, place: &str, flow: &str, instead: &str) {
    if node.flow.is_some() || node.store.name.is_empty() {
        return;
    }
    Message::new()
        .add(
            "`{}` is a node, and only a flow runs on a field, in `{}`\nhelp: write a flow of this node alone, `{}`, and run that: `{}`",
            &[node.name, place, flow, instead],
        )
        .report()
}

/// Checks that a flow runs on its own store: the one that is in the field, or, with `each`, the one
/// of the field's items.
#[doc(hidden)]
#[track_caller]
pub const fn check_field_store(flow: &Description, field: &str, each: bool, found: &Store) {
    let (name, store) = (flow.name, flow.store);
    let is_known = flow.flow.is_some() && !store.name.is_empty() && !found.name.is_empty();
    if !is_known || store.hash == found.hash {
        return;
    }
    let template = match (each, equal(store.name, found.name)) {
        (false, false) => "`{}` runs on the store `{}`, but `{}` holds the store `{}`",
        (false, true) => "`{}` runs on the store `{}`, but `{}` holds another store `{}`",
        (true, false) => "`{}` runs on the store `{}`, but `{}` holds items of the store `{}`",
        (true, true) => "`{}` runs on the store `{}`, but `{}` holds items of another store `{}`",
    };
    let help = match each {
        false => "\nhelp: name a flow of the store `{}`, or a field that holds the store `{}`",
        true => "\nhelp: name a flow of the store `{}`, or a collection of `{}`",
    };
    let message = Message::of("PF008")
        .add(template, &[name, store.name, field, found.name])
        .add(help, &[found.name, store.name]);
    if !equal(store.name, found.name) {
        message.report()
    }
    message
        .add("\nnote: `{}` runs on {}", &[name, store.id])
        .add("\nnote: `{}` holds {}", &[field, found.id])
        .report()
}

/// Checks `parallel`, if it is a constant.
#[doc(hidden)]
#[track_caller]
pub const fn check_parallel(width: usize) {
    if width == 0 {
        Message::of("PF010")
            .add(
                "with no item in flight, the flow never makes progress\nhelp: `parallel` is how many items are in flight at a time: let the constant be at least 1",
                &[],
            )
            .report()
    }
}

/// Checks that a flow can fail, if the failures of items are kept.
#[doc(hidden)]
#[track_caller]
pub const fn check_failures(flow: &Description) {
    let Some(inner) = flow.flow else { return };
    let NodeInfo { name, .. } = inner;
    if !inner.fails_on_field() {
        Message::of("PF010")
            .add(
                "`failures` collects the items that fail, and none does: no failure leaves the flow `{}`\nhelp: leave `failures` out",
                &[name],
            )
            .report()
    }
}
