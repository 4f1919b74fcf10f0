//! What the program `approval` needs beside its flow: a desk that remembers, and a web page that shows it.

mod desk;
mod steps;
mod web;

pub use desk::{Answer, Case};
pub use web::serve;
