//! What generated code names in the version that the macros write for rust-analyzer.
//!
//! To resolve a name, rust-analyzer looks for its token in the generated code. The compiler's
//! version contains each of the user's names many times: in the state machine, and in every check
//! that reports errors at the name. The editor's version contains each name once, with its meaning,
//! and also the types and their methods.

/// A node or a flow of a store.
pub trait On {
    /// The store.
    type Store;
}

/// The words of a flow, as types, for completion and hover.
pub mod words {
    /// Where a flow ends: `review - "rejected" >> end "declined";`
    #[allow(non_camel_case_types)]
    pub enum end {}

    /// A step that lets time pass: `cool_down: sleep("1h");`
    #[allow(non_camel_case_types)]
    pub enum sleep {}

    /// The options of `await(field, …)`, as fields.
    pub struct Await {
        /// `within = "3d"`: how long the flow waits. After that time, `await(field)` takes its action
        /// `expired`.
        pub within: (),
    }

    /// What a flow of another store runs on, as fields.
    pub struct Place {
        /// `Investigate.on(facts)`: runs the flow on a field, which is a store of its own.
        pub on: (),
        /// `Summarize.each(documents, parallel = 8)`: runs the flow on every item of a field.
        pub each: (),
    }

    /// The options of `Flow.each(field, …)`, as fields.
    pub struct Each {
        /// `parallel = 8`: how many items are in flight at a time.
        pub parallel: (),
        /// `failures = field`: collects the failures of items in a `Vec<Failed>`, and goes on with the
        /// others.
        pub failures: (),
    }

    /// The options of a node, as fields.
    pub struct Options {
        /// `writes = field`: stores the value that the node returns. `writes(a, b)` stores a
        /// tuple.
        pub writes: (),
        /// `appends = field`: extends a collection or a string by the value that the node returns.
        pub appends: (),
        /// `reads(a, b)`: the fields read by a method that takes the whole store.
        pub reads: (),
        /// `attempts = 3`: how many attempts `exec` has.
        pub attempts: (),
        /// `wait = "2s"`: the time between two attempts.
        pub wait: (),
        /// `backoff = 2.0`: the factor by which the wait grows with each attempt.
        pub backoff: (),
        /// `max_wait = "30s"`: the longest wait.
        pub max_wait: (),
        /// `jitter = 0.5`: the part of a wait that is random.
        pub jitter: (),
        /// `timeout = "10s"`: the time that an attempt may take.
        pub timeout: (),
        /// `parallel = 8`: how many items of a batch are in flight at a time.
        pub parallel: (),
        /// `failures = field`: collects the failures of a batch's items in a `Vec<Failed>`, and leaves
        /// those items out of the result.
        pub failures: (),
        /// `retry_if = path`: the function that says whether an error is worth another attempt.
        pub retry_if: (),
        /// `retry_after = path`: the function that says how long to wait after an error.
        pub retry_after: (),
        /// `fallback = path`: the function whose value replaces the result when the last attempt
        /// has failed.
        pub fallback: (),
    }
}
