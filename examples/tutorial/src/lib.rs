//! The parts of the program `tutorial` around its flow.
//!
//! [`source`] gets the code, and [`crates`] asks cargo about its packages. [`modules`] reads the
//! files, with [`items`] and [`uses`] for what they declare and mention, and [`paths`] resolves
//! paths. From that, [`topics`] builds the list of possible chapters and which of them uses which,
//! and [`order`] sorts them. [`prompts`] has the prompts for the model, and [`replies`] checks the
//! replies. [`markdown`] writes the pages, and [`text`] prepares text from elsewhere for them.

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
