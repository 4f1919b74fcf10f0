//! The parts of the program `tutorial` around its flow.
//!
//! [`source`] gets the code, [`crates`] asks cargo what is in it, [`modules`] reads the files, with
//! [`items`] and [`uses`] for what they declare and mention, and [`paths`] finds out what a path
//! means. [`topics`] puts that together: what a tutorial may have chapters on, and which of them
//! uses which. [`order`] sorts them. [`prompts`] is what the model is told, [`replies`] what it may
//! answer. [`markdown`] is what a reader sees, and [`text`] makes what others wrote fit for it.

pub mod crates;
pub mod items;
pub mod markdown;
pub mod modules;
pub mod order;
pub mod paths;
pub mod prompts;
pub mod replies;
pub mod source;
pub mod text;
pub mod topics;
pub mod uses;
