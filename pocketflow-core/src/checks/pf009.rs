//! PF009: a nested flow whose input is not filled, or whose exit is wired nowhere.
//!
//! A nested flow is checked like a node, by PF002 and PF006. Only the code and the beginning of the
//! message differ.

use super::message::Message;

/// The beginning of the message about an exit, before its name.
pub(super) const fn unwired_exit(flow: &str) -> Message {
    Message::of("PF009").add("`{}` can leave at ", &[flow])
}

/// The beginning of the message about an input.
pub(super) const fn empty_input(flow: &str, input: &str) -> Message {
    Message::of("PF009").add("the flow `{}` starts with `{}`", &[flow, input])
}
