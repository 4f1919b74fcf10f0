//! Durable runs of [PocketFlow](https://docs.rs/pocketflow-dsl) flows.
//!
//! A flow that runs for minutes and costs money should outlive its process, and should be able to
//! wait until somebody has decided, tomorrow. [`Checkpoints::run`] makes a driver for that; neither
//! the flow nor its nodes change.
//!
//! ```
//! use pocketflow::{Shared, flow, node};
//! use pocketflow_checkpoint::{Checkpoints, Parked};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Shared, Default, Serialize, Deserialize)]
//! struct Article { topic: String, text: Option<String>, approval: Option<String>, line: Option<String> }
//!
//! #[node(Article, writes = text)]
//! async fn draft(topic: &str) -> String { format!("All about {topic}") }
//!
//! #[node(Article, writes = line)]
//! async fn publish(text: &str, approval: &str) -> String { format!("{text}, approved by {approval}") }
//!
//! flow! { Write { draft >> await(approval) >> publish; } }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?; let file = folder.path().join("runs.db");
//! let runs = Checkpoints::open(&file).await?;
//! let mut article = Article { topic: "rain".into(), ..Default::default() };
//! let parked = Write.with(runs.run("rain").park()).run(&mut article).await.unwrap_err();
//! assert!(parked.cause().is::<Parked>());
//!
//! // Tomorrow, in another process; on the command line it is `pocketflow-runs fill rain approval Ada`.
//! runs.fill("rain", "approval", r#""Ada""#).await?;
//! let mut article = Article::default();
//! Write.with(runs.run("rain")).run(&mut article).await?;
//! assert_eq!(article.line.as_deref(), Some("All about rain, approved by Ada"));
//! # Ok(()) }
//! ```
//!
//! # What is promised
//!
//! | | |
//! | --- | --- |
//! | a finished step | is never run again: its result is durable before the next step begins |
//! | the step that was at work when the process died | runs again, at least once, and its [`Attempt::key`](pocketflow::Attempt::key) is the same as before: hand it on to whoever must not do the work twice |
//! | the finished items of its batch, the finished branches of its fork | are kept, and not run again; those in flight are. An item is known by what it is, and not by its place in the list, and so is its key |
//! | the state | comes back equal, floats by their bits; a value that would not is refused at the step that made it, with the name of its field |
//! | the store | is as the last finished step left it |
//! | a run that is at work elsewhere | is refused; if that process has died, the run is taken over, at once if that is known (on the same Linux machine), else once its lease has run out, after 30 seconds if [`Checkpoints::lease`] says nothing else |
//! | a process whose clock is wrong | neither takes over a run that is alive nor holds one for longer than its lease |
//! | a run that is dropped, whatever ends its program | gives its lease back |
//! | a step in which process after process dies | is begun ten times ([`Checkpoints::max_crashes`]); then the run is stuck until [`Checkpoints::retry`] |
//! | a storage that fails for a moment | costs no finished work: what is to be stored is tried again, for two minutes if [`Checkpoints::max_retry_time`] says nothing else |
//! | an answer | is taken once, by the wait that it names: see [`Checkpoints::fill`]; an `await` empties its field when the run comes to it |
//! | of two processes that wait for one run | one goes on, and the other ends with [`MovedOn`] |
//! | a run that failed | goes on at the step that failed when it is run again |
//! | a run that is over | gives its result at once, to the same flow and for the same input; a field that equals the store's default is not part of the input |
//! | a run that is begun again with other input | is refused, while it is under way ([`OtherInput`]) as when it is over; a default store goes on with what is stored |
//! | a flow or a store that has changed | is refused before any node runs, with a list of what has changed; new nodes that the run has not come to, and new fields with a default, are fine; [`DurableRun::migrate`] brings a state up to date |
//!
//! Each field of the store is written on its own, as JSON; what JSON does not hold, such as a
//! `NaN`, `Some(None)` or a key that is no text, as [RON](https://docs.rs/ron) in an object that says so. So the types of the fields need serde's `Serialize` and
//! `Deserialize`, and the store does not. A field with `#[serde(skip)]` is not stored: it keeps the
//! value that the caller gives. Of the other attributes, those of a field count (`with`, `default`,
//! `rename`, `alias`, `flatten`), and `rename_all` and `default` of the struct. Generic code asks
//! for [`S: Durable`](Durable).
//!
//! What is kept while a step is at work needs serde as well: what `exec` returns in a batch, for
//! each item, and in the nodes of a fork. An item needs `Serialize`, for a hash of it is kept with
//! its result. A `HashMap` or a `HashSet` in an item is the same in any order; a field that serde
//! skips does not tell two items apart. Other nodes' types need no serde. What a driver outside
//! this one changes in the store after a step is not stored with that step.
//!
//! # Where runs are stored
//!
//! A [`Storage`] has what a run needs to go on after a crash, on a restart, or when a person has
//! decided: its last state and where it stands, the finished items of a batch that was under way,
//! what it waits for, and a history of its steps.
//!
//! [`Sqlite`] is one file, and several processes may open it; `Postgres` (feature `postgres`) is a
//! database that several machines share. Both do the same, and one suite of tests runs on both.
//!
//! ```
//! use pocketflow_checkpoint::{BeginOutcome, Retention, NewRun, Pause, Sqlite, Status, Step, Storage};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("runs.db");
//! let runs = Sqlite::open(&file).await?;
//! let lease = Duration::from_secs(60);
//! let new = NewRun { flow: "Checkout".into(), graph: "{}".into(), state: "{}".into(), position: "[0]".into() };
//! assert_eq!(runs.begin("order-7", "host-1", lease, &new).await?, BeginOutcome::New);
//! let step = Step {
//!     step: 1,
//!     path: "Checkout > review".into(),
//!     position: "[1]".into(),
//!     action: "approved".into(),
//!     graph: "{}".into(),
//!     state: r#"{"total_cents": 4200}"#.into(),
//! };
//! runs.commit("order-7", "host-1", lease, &step, Retention::All).await?;
//! let pause = Pause { step: 1, field: "signature", position: "[1]", graph: "{}", state: &step.state, refused: None };
//! assert_eq!(runs.wait("order-7", "host-1", &pause).await?.name, "signature#1");
//!
//! // Somebody else, days later:
//! assert_eq!(runs.list(Some(Status::Waiting)).await?.len(), 1);
//! runs.fill("order-7", "signature#1", r#""Ada""#).await?;
//! # Ok(()) }
//! ```
//!
//! The command `pocketflow-runs` (feature `cli`) lists, shows, fills, forks, backs up and removes
//! runs; the tables `runs`, `states`, `checkpoints`, `items` and `waits` can be read with `sqlite3`
//! as well.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

mod causes;
mod checkpoints;
mod run;
mod state;
mod storage;

/// What a database needs to store runs: implement [`Engine`](engine::Engine) and
/// [`Transaction`](engine::Transaction), and the database is a [`Storage`].
///
/// The operations of a storage and their SQL statements are written once, over `Transaction`. An
/// engine opens transactions, runs the statements in them, and says what its errors mean. `Sqlite`
/// and `Postgres` are engines of this kind.
pub mod engine {
    pub use crate::storage::{
        Engine, HEAD, LeaseClock, Lock, OpError, OpResult, Operation, Release, Row, SCHEMA,
        SCHEMA_VERSION, Transaction, Value,
    };
}

pub use causes::{
    BadState, Changed, MovedOn, OtherFlow, OtherInput, Parked, SkippedField, WrongValue,
};
pub use checkpoints::Checkpoints;
pub use run::DurableRun;
#[doc(hidden)]
pub use run::{Kept, Known};
#[doc(hidden)]
pub use state::Stored;
pub use state::{Durable, Keeper};
#[cfg(feature = "postgres")]
pub use storage::Postgres;
pub use storage::{
    BeginOutcome, Cause, Checkpoint, CheckpointState, ItemKey, NewRun, OpenWait, Pause, Retention,
    RunRecord, RunSummary, Sqlite, SqliteOptions, Status, Step, Storage, StorageError,
    StorageResult, UnknownStatus,
};

/// The programs of the README, so that they are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
