//! The parts of the program `approval` around its flow: a desk that connects the stored runs with
//! the people, and a web page.

mod desk;
mod steps;
mod web;

pub use desk::{Case, Text};
pub use web::serve;
