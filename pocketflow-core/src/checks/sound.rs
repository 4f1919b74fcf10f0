//! Checks that suppress every other error when they fail.

/// A check in a type: `Sound<{ check() }>`, where `check` is a constant that panics with its
/// message.
///
/// If it panics, rustc has no value for the parameter. An impl with `Sound<{ … }>: Soundness` among
/// its bounds then holds, and rustc checks nothing further in it. So it reports no errors that are
/// only consequences, neither at the impl nor where the impl is used.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sound<const CHECKED: usize>;

/// The trait of every [`Sound`] and of every tuple of them.
#[doc(hidden)]
pub trait Soundness {}

impl<T> Soundness for T {}
