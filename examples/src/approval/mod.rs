//! What the program `approval` needs beside its flow: a desk between the stored runs and the
//! people, and a web page.

mod desk;
mod steps;
mod web;

pub use desk::{Case, Text};
pub use web::serve;
