//! Records of runs: one file with everything that happened in a run, which a person can open, send
//! and keep.
//!
//! A record is a text. Each line is a JSON object, an [event](event::Event): a run begins, a step begins,
//! an attempt ends, a step is done. [`event`] describes the format, and [`Recording`] reads a
//! record. [`report`] makes a page of it, which shows the run as a drawing, step by step.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod event;
mod reader;
mod report;

pub use reader::{
    Changes, Ended, Line, Lines, Nested, Outcome, ReadError, ReadErrorKind, Recording, Run, State,
    Step, lines,
};
pub use report::{Report, report};
