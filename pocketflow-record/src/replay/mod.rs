//! A recorded run as a test: the values that each `exec` has returned are given back, and everything
//! else is real.
//!
//! See [`Replay`], [`replay`] and [`replay_all`].

mod compare;
mod damage;
mod difference;
mod driver;
mod ends;
mod error;
mod every_run;
mod fields;
mod files;
mod graphs;
mod marks;
mod one_run;
mod plan;
mod position;
mod progress;
mod recorded_error;
mod run_on;
mod test_file;
mod test_name;
mod values;

pub use difference::{Difference, Differing, Differs};
pub use driver::ReplayedValue;
pub use error::{ReplayError, ReplayErrorKind};
pub use every_run::{replay, replay_all};
pub use fields::{ReplayFields, Replayable, ReplayedField};
pub use one_run::Replay;
pub use run_on::{ReplayFlow, Replayed};
pub use test_file::{GeneratedTest, generate_test};
