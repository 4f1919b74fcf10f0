//! The attempts that another process has made.

use crate::node::Failure;

/// The attempts at an exec that were made before this run resumed: see
/// [`Driver::earlier_attempts`](crate::Driver::earlier_attempts).
#[derive(Debug)]
pub struct EarlierAttempts {
    /// How many.
    pub made: u32,
    /// Why the last one failed. The next attempt has it as its
    /// [`last_error`](crate::Attempt::last_error).
    pub failure: Failure,
}
