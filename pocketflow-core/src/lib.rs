//! LLM workflows and agents as flows of nodes over a shared store, checked by the compiler.
//!
//! | idea | here |
//! | --- | --- |
//! | the shared store | [`#[derive(Shared)]`](trait@Shared) on a struct |
//! | the node | [`#[node]`](node) on a function or an `impl`, and [`#[derive(Action)]`](trait@Action) on what it returns |
//! | the flow | [`flow!`] |
//!
//! What the compiler refuses has a page in [`errors`]; what happens around a step is a [`Driver`].
//!
//! ```
//! use pocketflow::{Shared, flow, node};
//!
//! #[derive(Shared, Default)]
//! struct Article { topic: String, outline: Option<Vec<String>>, text: Option<String> }
//!
//! #[node(Article, writes = outline, attempts = 3, wait = "1s")]
//! async fn outline(topic: &str) -> std::io::Result<Vec<String>> {
//!     Ok(vec![format!("What {topic} is"), format!("What {topic} is not")])
//! }
//!
//! #[node(Article, writes = text)]
//! fn draft(outline: &[String]) -> String {
//!     outline.join("\n")
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
//! let mut article = Article { topic: "rain".into(), ..Default::default() };
//! flow! { outline >> draft; }.run(&mut article).await?;
//! assert_eq!(article.text.as_deref(), Some("What rain is\nWhat rain is not"));
//! # Ok(()) }
//! ```

mod action;
mod analysis;
mod checks;
mod codegen;
mod const_eval;
mod driver;
mod error;
mod graph;
mod node;
mod run;
mod store;

pub use action::{Action, ActionInfo};
pub use analysis::Unfilled;
#[cfg(feature = "tracing")]
pub use driver::Trace;
pub use driver::{
    At, AttemptCall, Call, Direct, Driver, ExecCall, ExecDriver, ItemCall, ItemId, KeepDriver,
    Lends, Run, Stack, Start, StepLimit, StepsExceeded, Taken, seam,
};
pub use error::{BoxError, EmptyField, Error, NoRuntime, Stage, TimedOut};
pub use graph::{Bound, Edge, Graph, NodeInfo, Place, Position, Target, Visit};
pub use node::{Attempt, Failure, Key, LastError, Node, Policy, Reads};
/// Derives the trait [`Action`](trait@Action), whose page shows what it takes.
#[doc(inline)]
pub use pocketflow_macros::Action;
/// Derives the trait [`Shared`](trait@Shared), whose page shows what it takes.
#[doc(inline)]
pub use pocketflow_macros::Shared;
#[doc = include_str!("../docs/flow.md")]
#[doc(inline)]
pub use pocketflow_macros::flow;
#[doc = include_str!("../docs/node.md")]
#[doc(inline)]
pub use pocketflow_macros::node;
pub use run::{Drive, Flow, NoSuchPlace, Running, Skipped, Waits, With};
pub use store::visitor::{Fields, VisitField, VisitWith};
pub use store::{Field, Shared, Store};

pub mod errors;
#[cfg(feature = "yaml")]
#[doc(inline)]
pub use pocketflow_yaml as yaml;

/// What the generated code names. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    // All that generated code names, so that no name of the user's can stand for it: primitive
    // types, too.
    pub use core::clone::Clone;
    pub use core::future::Future;
    pub use core::iter::{IntoIterator, Iterator, empty};
    pub use core::marker::{Copy, PhantomData, Send, Sync};
    pub use core::option::Option;
    pub use core::primitive::{bool, str, u32, u64, usize};
    pub use core::result::Result;
    pub use core::time::Duration;
    pub use core::{concat, module_path, unreachable};
    pub use std::vec::Vec;

    pub use crate::__written as written;
    pub use crate::action::{Take, Taking};
    pub use crate::analysis::Solution;
    pub use crate::checks::PF011;
    pub use crate::checks::sound::{Sound, Soundness};
    #[cfg(rust_analyzer)]
    pub use crate::codegen::editor::{On, words};
    pub use crate::driver::Spot;
    pub use crate::graph::{Describe, Description, FieldSets, ForkSets, Stands};
    pub use crate::node::{Fallible, IntoFailure, IntoOutcome, Nothing, OrNothing, Raised};
    pub use crate::node::{Given, Returned, check_node, check_returned};
    pub use crate::run::{AwaitRunner, BatchRunner, FlowRunner, NoRunner, NodeRunner};
    pub use crate::run::{Both, Branch, Machine, Piece, Walk, Walker, fork_step, run_direct};
    pub use crate::run::{Forked, Kind, Runner, Step};
    pub use crate::run::{InFlight, Items, Work, in_parallel, in_sequence};
    pub use crate::run::{ItemMode, Mode, NodeMode, NodeVisit, StepMode};
    pub use crate::run::{Kept, Prepared, outcome, within};
    pub use crate::store::visitor::{At, Show};
    pub use crate::store::{Append, BetweenThreads, FillPlain, Held, Lent, Plain, Probe, Slot};
    pub use crate::store::{Blank, NoBlank, NoThreads, Threads, check_field};

    /// The methods that generated code calls. None has a name that a trait of the user's may have.
    pub mod methods {
        pub use crate::node::{GivenPlain as _, RaisePlain as _, ReturnedPlain as _};
        pub use crate::store::NoThreads as _;
        pub use crate::store::{FillPlain as _, LendPlain as _, ReadLate as _, ReadPlain as _};
    }
}
