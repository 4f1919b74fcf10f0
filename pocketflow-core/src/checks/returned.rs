//! Whether a node returns a `Result` exactly if the name of its return type says so.

/// Reports the macro's message if the type that the node returns is of another kind than its name
/// says.
#[doc(hidden)]
#[track_caller]
pub const fn check_returned(holds: bool, message: &str) -> usize {
    assert!(holds, "{}", message);
    0
}
