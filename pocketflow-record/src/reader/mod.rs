//! Reads a record.

mod error;
mod lines;
mod read;
mod recording;
mod run;
mod state;

pub(crate) use error::is_invisible;
pub use error::{ReadError, ReadErrorKind};
pub(crate) use lines::begins_a_header;
pub use lines::{Line, Lines, lines};
pub use recording::Recording;
pub use run::{Ended, Nested, Outcome, Run, Step};
pub(crate) use state::appended;
pub use state::{Changes, State};
