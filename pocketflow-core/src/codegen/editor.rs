//! What an editor is shown of generated code.
//!
//! rust-analyzer finds out what a name means by looking for its token in what the macro wrote.
//! There each of the user's names stands many times: in the machine, and in every check that has
//! something to say about it. So the macros write two versions, and [`written!`] picks one: rustc
//! compiles the whole, and rust-analyzer reads the types, their methods, and each name once, as
//! what it means.
//!
//! [`written!`]: crate::__written

/// Picks the version for the editor, or the one for the compiler: `written! { { for the editor } {
/// for the compiler } }`.
#[cfg(rust_analyzer)]
#[doc(hidden)]
#[macro_export]
macro_rules! __written {
    ({ $($editor:tt)* } { $($compiler:tt)* }) => { $($editor)* };
}

/// Picks the version for the editor, or the one for the compiler: `written! { { for the editor } {
/// for the compiler } }`.
#[cfg(not(rust_analyzer))]
#[doc(hidden)]
#[macro_export]
macro_rules! __written {
    ({ $($editor:tt)* } { $($compiler:tt)* }) => { $($compiler)* };
}

/// A node or a flow of a store.
#[cfg(rust_analyzer)]
pub trait On {
    /// The store.
    type Store;
}

/// The words of a flow, as types, for completion and hover.
#[cfg(rust_analyzer)]
pub mod words {
    /// Where a flow ends: `review - "rejected" >> end "declined";`
    #[allow(non_camel_case_types)]
    pub enum end {}

    /// The options of a node, as fields.
    pub struct Options {
        /// `writes = field`: stores the value that the node returns. `writes(a, b)` stores a
        /// tuple.
        pub writes: (),
        /// `appends = field`: extends a collection or a string by the value that the node returns.
        pub appends: (),
        /// `reads(a, b)`: the fields that a step with the whole store reads.
        pub reads: (),
        /// `attempts = 3`: how often `exec` is tried.
        pub attempts: (),
        /// `wait = "2s"`: the time between two attempts.
        pub wait: (),
        /// `backoff = 2.0`: the factor by which the wait grows with each attempt.
        pub backoff: (),
        /// `max_wait = "30s"`: the longest wait.
        pub max_wait: (),
        /// `jitter = 0.5`: the part of a wait that is left to chance.
        pub jitter: (),
        /// `timeout = "10s"`: the time that an attempt may take.
        pub timeout: (),
        /// `parallel = 8`: how many items of a batch are in flight at a time.
        pub parallel: (),
        /// `retry_if = path`: the function that says whether an error is worth another attempt.
        pub retry_if: (),
        /// `fallback = path`: the function whose value stands in after the last attempt has
        /// failed.
        pub fallback: (),
    }
}
