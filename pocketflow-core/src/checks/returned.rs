//! Whether the type that a node returns is a `Result` where its name says so, and only there.

/// Reports the macro's message if the node returns another kind of type than its name says.
#[doc(hidden)]
#[track_caller]
pub const fn check_returned(holds: bool, message: &str) -> usize {
    assert!(holds, "{}", message);
    0
}
