#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

mod attempts;
mod causes;
mod definition;
mod empty_reads;
mod input;
mod item_results;
mod items;
mod migration;
pub mod millis;
mod panics;
pub mod position;
mod resume;
mod state;
mod stored_run;

pub use attempts::{ExecKey, NextAttempt, PendingAttempt, STORED_FROM, StoredAttempts, causes};
pub use causes::{BadState, Changed, OtherFlow, OtherInput, Panicked, SkippedField, WrongValue};
pub use definition::Definition;
pub use item_results::{Branch, ItemIdentity, ItemKey, ItemResults, stored_item};
pub use items::{Kept, Known};
pub use migration::{Migration, Refusal, migrated};
pub use millis::utc;
pub use panics::caught;
pub use resume::{Resumed, resumes};
pub use state::{
    BadField, Durable, Fits, Hashes, Keeper, StateChange, StateReader, Stored, encoding, hash,
    without_values,
};
pub use stored_run::{Hints, StoredRun};
