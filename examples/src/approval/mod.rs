//! The program `approval`: its flow, a desk that connects the stored runs with the people, and a web
//! page. `approval` stores the runs in a file, and `approval-restate` has them on a Restate server.

mod desk;
pub mod flow;
mod in_file;
mod log;
mod runs;
mod steps;
mod web;

pub use in_file::InFile;
pub use log::Case;
pub use runs::{Known, Runs, State, StoredDraft};
pub use web::serve;
