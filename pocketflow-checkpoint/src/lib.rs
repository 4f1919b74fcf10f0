#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

mod causes;
mod checkpoints;
#[cfg(feature = "conformance")]
pub mod conformance;
mod durable_run;
pub mod events;
mod storage;
mod worker;

/// What a database needs to store runs: implement [`Engine`](engine::Engine) and
/// [`Transaction`](engine::Transaction), and the database is a [`Storage`].
///
/// The operations of a storage and their SQL statements are written once, over `Transaction`. An
/// engine opens transactions, runs the statements in them, and says what its errors mean. `Sqlite`
/// and `Postgres` are engines of this kind. `tests/conformance/smallest.rs` in this crate's
/// repository is a complete engine in 150 lines. An engine should be `Clone`, and its clones share
/// the connections.
pub mod engine {
    pub use crate::storage::{
        Engine, HEAD, LeaseClock, Lock, OpError, OpResult, Operation, Release, Row, SCHEMA,
        SCHEMA_VERSION, Transaction, Value,
    };
}

pub use causes::{
    BadState, Changed, MovedOn, OtherFlow, OtherInput, Panicked, Parked, SkippedField, WrongValue,
};
pub use checkpoints::Checkpoints;
pub use durable_run::DurableRun;
#[doc(inline)]
pub use pocketflow_durable::{Durable, Keeper};
#[doc(hidden)]
pub use pocketflow_durable::{Kept, Known, Stored};
pub use storage::utc;
pub use storage::{
    Announcements, BeginOutcome, Cause, Checkpoint, CheckpointState, Claim, DueAttempt,
    InnerRecord, ItemKey, NewInnerRun, NewRun, NextAttempt, OpenWait, Pause, PendingAttempt,
    Retention, RunRecord, RunSummary, Sqlite, SqliteOptions, StateChange, Status, Step, Storage,
    StorageError, StorageResult, UnknownStatus, Watched,
};
#[cfg(feature = "postgres")]
pub use storage::{Postgres, PostgresOptions};
#[doc(hidden)]
pub use worker::FromState;
pub use worker::Worker;
