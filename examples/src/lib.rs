//! The code that the example programs share. Each program is one file in `src/bin`. Start with
//! `checkout`, which is a separate package, like `tutorial`.

pub mod approval;
mod chat_span;
pub mod fake;
pub mod llm;
pub mod progress;
pub mod resume;
pub mod search;

pub use pocketflow_checkout::cli;
