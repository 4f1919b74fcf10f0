//! From tokens to the parts of a node: its options, its item, and the signatures of its steps.

mod field;
pub(super) mod item;
pub(super) mod options;
mod parameter;
mod reserved;
mod role;
mod signature;
mod step;

pub(super) use self::role::Role;
pub(super) use self::signature::step;
pub(super) use self::step::{Borrow, Context, Each, Kind, Output, Parameter, Step};
