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
mod redaction;
mod resume;
mod state;
mod stored_run;

pub use attempts::{
    ExecKey, NextAttempt, PendingAttempt, STORED_FROM, StoredAttempts, causes, made_before,
};
pub use causes::{BadState, Changed, OtherFlow, OtherInput, Panicked, SkippedField, WrongValue};
pub use definition::Definition;
pub use empty_reads::refuse_empty_inputs;
pub use item_results::{FoundItem, ItemKey, ItemResults};
pub use items::{Branch, Kept, Known, SeenItems, branch, changed_results, item_hash};
pub use migration::{Migration, Refusal, migrated};
pub use millis::utc;
pub use panics::caught;
#[doc(inline)]
pub use pocketflow::ConfidentialTexts;
pub use redaction::Confidential;
pub use resume::{Resumed, resumes};
pub use state::{
    BadField, Durable, Fits, Hashes, Keeper, StateChange, StateReader, Stored, encoding, hash,
    without_place, without_values,
};
pub use stored_run::{Hints, StoredRun};
