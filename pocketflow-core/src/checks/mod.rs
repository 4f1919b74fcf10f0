//! The checks that the compiler evaluates, and their messages.

pub(crate) mod message;
mod pf006;
#[cfg(test)]
mod tests;

pub use pf006::PF011;
