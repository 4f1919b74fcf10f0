//! The checks that the compiler evaluates as constants: one file for each code.
//!
//! Each check is a `const fn` that the macros call in a constant on the user's token. It returns if
//! it finds no error, and otherwise ends with [`message::Message::report`]. A new check therefore
//! needs a file here, a page in `errors/`, and a folder of snapshots in `tests/ui`.
//!
//! The macros report the errors that the tokens of one `flow!` or `#[node]` show by themselves:
//! PF003, PF004, PF005, PF010 for the bound of an edge, and PF012 for a fork of both nodes and flows
//! on fields in their module `flow::checks`, and PF010 for the policies of a node in `node::checks`.
//! The checks for the other codes are here, [`pf010`] for policies and bounds that are constants, and
//! [`pf012`] for what needs the types of nodes.
//!
//! The checks without a code, [`context`], [`max_steps`], [`on_field`], [`returned`] and
//! [`thread_safety`], are here as well.
//! [`sound`] lets a check in a type suppress the errors that follow from it.

mod message;

mod context;
mod max_steps;
mod on_field;
mod pf001;
mod pf002;
mod pf006;
mod pf007;
mod pf008;
mod pf009;
mod pf010;
mod pf011;
mod pf012;
mod returned;
mod sound;
#[cfg(test)]
mod tests;
mod thread_safety;

pub use context::check_has_context;
pub use on_field::{check_failures, check_field_store, check_is_flow, check_parallel};
pub use pf010::check_policy;
pub use pf011::PF011;
pub use returned::check_returned;
pub use sound::{Sound, Soundness};
pub use thread_safety::{check_context, check_field, check_node};
