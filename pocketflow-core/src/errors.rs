//! The index of errors: what each message of a check means, and how to fix the error.
//!
//! Each message of this library begins with a code and ends with the path of its page here:
//!
//! ```text
//! error[E0080]: evaluation panicked: PF002: `review` can return "rejected", which is wired nowhere
//!               help: say where it leads: `review - "rejected" >> …;`, or `>> end;` to end the flow there
//!               note: see `pocketflow::errors::PF002`
//!   --> src/main.rs:13:9
//!    |
//! 13 |         review - "approved" >> pay;
//!    |         ^^^^^^ evaluation of `_::_` failed here
//! ```
//!
//! | code | error |
//! | --- | --- |
//! | [`PF001`] | an edge for an action that its node never returns |
//! | [`PF002`] | an action that a node returns and that is wired nowhere |
//! | [`PF003`] | an action that is wired twice |
//! | [`PF004`] | a node that no path reaches |
//! | [`PF005`] | a node from which no exit can be reached |
//! | [`PF006`] | a late field that is read before it is filled |
//! | [`PF007`] | two nodes of one fork that write one field, or one that reads what the other writes |
//! | [`PF008`] | nodes of different stores in one flow, or a flow on a field with another store |
//! | [`PF009`] | a nested flow whose input is not filled, or whose exit is wired nowhere |
//! | [`PF010`] | a policy that makes no sense |
//! | [`PF011`] | a warning: a value that is overwritten before anything can read it |
//! | [`PF012`] | in a fork, a flow of the same store, both nodes and flows on fields, or anything that ends with another action than `default` |
//!
//! The macro reports the errors that a flow shows by itself. The errors that depend on the flow's
//! nodes are found by a constant that the compiler evaluates, which is why rustc puts `E0080` and
//! `evaluation panicked` before such a message. Both kinds appear in `cargo check`, before anything
//! runs, and all the errors of a flow are reported at once.

// Each code has a page as a module of that name, because a message can only show where to look by
// naming a path.
#![allow(non_snake_case)]

#[doc = include_str!("../errors/PF001.md")]
pub mod PF001 {}

#[doc = include_str!("../errors/PF002.md")]
pub mod PF002 {}

#[doc = include_str!("../errors/PF003.md")]
pub mod PF003 {}

#[doc = include_str!("../errors/PF004.md")]
pub mod PF004 {}

#[doc = include_str!("../errors/PF005.md")]
pub mod PF005 {}

#[doc = include_str!("../errors/PF006.md")]
pub mod PF006 {}

#[doc = include_str!("../errors/PF007.md")]
pub mod PF007 {}

#[doc = include_str!("../errors/PF008.md")]
pub mod PF008 {}

#[doc = include_str!("../errors/PF009.md")]
pub mod PF009 {}

#[doc = include_str!("../errors/PF010.md")]
pub mod PF010 {}

#[doc = include_str!("../errors/PF011.md")]
pub mod PF011 {}

#[doc = include_str!("../errors/PF012.md")]
pub mod PF012 {}
