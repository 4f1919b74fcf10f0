//! Checks whose failure is the only thing that is said.

/// A check in a type: `Sound<{ check() }>`, where `check` is a constant that panics with what it
/// has to say.
///
/// Where it does, rustc has no value for the parameter. An impl with `Sound<{ … }>: Soundness`
/// among its bounds then holds, and nothing in it is checked any further: what would be wrong as a
/// consequence stays unsaid, at the impl and wherever it is used.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sound<const CHECKED: usize>;

/// What every [`Sound`] is, and every tuple of them.
#[doc(hidden)]
pub trait Soundness {}

impl<T> Soundness for T {}
