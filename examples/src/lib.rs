//! What the example programs share. The programs are in `src/bin`, a file each. Read `checkout`
//! first: it has a package of its own, and so has `tutorial`.

pub mod approval;
pub mod llm;
pub mod progress;
pub mod resume;
pub mod search;

pub use pocketflow_checkout::cli;
