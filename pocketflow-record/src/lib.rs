//! Records of runs: one file with everything that happened in a run, which a person can open, send
//! and keep.
//!
//! [`Record`] is a driver that writes a record, and [`Recording`] reads one. A record is a text. Each
//! line is a JSON object, an [event](event::Event): a run begins, a step begins, an attempt ends, a step
//! is done. [`event`] describes the format.
//!
//! [`report`](report()) makes a page of a record, which shows the run as a drawing, step by step.
//!
//! [`replay`](replay()) runs a recorded run again on today's code, as a test, and [`Generate`] runs a flow
//! with generated values.
//!
//! A node adds to its attempt with [`note`](note()), or with [`ModelCall`] what a call of a model cost.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod driver;
pub mod event;
pub mod generate;
mod names;
mod reader;
pub mod replay;
mod report;

pub use driver::{
    ExecValues, FieldWriter, ModelCall, Record, Recorded, RecordedStore, StepsOnly, note,
};
#[doc(hidden)]
pub use driver::{RecordedExec, RecordedField, Scope};
#[doc(inline)]
pub use generate::Generate;
pub use reader::{
    Changes, Ended, Line, Lines, Nested, Outcome, ReadError, ReadErrorKind, Recording, Run, State,
    Step, lines,
};
#[doc(inline)]
pub use replay::{
    Difference, GeneratedTest, Replay, ReplayError, ReplayErrorKind, Replayed, generate_test,
    replay, replay_all,
};
#[doc(hidden)]
pub use report::live;
pub use report::{Report, report};

/// Tests the program in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
