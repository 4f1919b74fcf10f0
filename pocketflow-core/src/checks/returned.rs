//! What a node returns.

/// Checks what a node returns.
#[doc(hidden)]
#[track_caller]
pub const fn check_returned(holds: bool, message: &str) -> usize {
    assert!(holds, "{}", message);
    0
}
