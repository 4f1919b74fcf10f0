//! LLM workflows and agents as flows of nodes over a shared store, checked by the compiler.
//!
//! | idea | here |
//! | --- | --- |
//! | the shared store | [`#[derive(Shared)]`](trait@Shared) on a struct |
//! | the node | [`#[node]`](node) on a function or an `impl`, and [`#[derive(Action)]`](trait@Action) on what it returns |
//! | the flow | [`flow!`] |
//!
//! [`errors`] has a page for each error that the compiler reports. A [`Driver`] wraps the steps of
//! a run.
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

#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
mod analysis;
mod checks;
mod const_eval;
mod driver;
mod graph;
mod macro_support;
mod node;
mod run;
mod run_error;
mod store;

pub use action::{Action, ActionInfo};
pub use analysis::Unfilled;
#[cfg(feature = "tracing")]
pub use driver::Trace;
#[cfg(feature = "watch")]
pub use driver::Watch;
pub use driver::{
    AttemptCall, Call, ConfidentialTexts, Direct, Driver, EarlierAttempts, ExecCall, ExecDriver,
    InnerRun, ItemCall, ItemId, KeepDriver, Lends, NoStub, Run, Stack, Start, StepInfo, StepLimit,
    StepsExceeded, Stub, Taken, seam,
};
#[cfg(feature = "limit")]
pub use driver::{Limit, NestedLimit};
pub use graph::{
    Bound, Each, Edge, ErrorEdge, FailuresField, FlowPosition, Graph, NodeInfo, OnField, Place,
    Position, Target,
};
pub use node::{Attempt, Failure, Key, LastError, Node, Policy, Reads, TypedBatch, TypedNode};
/// Derives the trait [`Action`](trait@Action), whose page shows the attributes.
#[doc(inline)]
pub use pocketflow_macros::Action;
/// Derives the trait [`Shared`](trait@Shared), whose page shows the attributes.
#[doc(inline)]
pub use pocketflow_macros::Shared;
#[doc = include_str!("../docs/flow.md")]
#[doc(inline)]
pub use pocketflow_macros::flow;
#[doc = include_str!("../docs/node.md")]
#[doc(inline)]
pub use pocketflow_macros::node;
pub use run::{
    BoxedFlow, Drive, Flow, FlowOf, NoSuchPlace, Runnable, Running, Skipped, Waits, With,
    WithContext,
};
pub use run_error::{
    BoxError, EmptyField, Error, Failed, InvalidPolicy, ItemName, NoRuntime, Stage, StoredError,
    TimedOut,
};
pub use store::{
    BorrowContext, Field, Fields, NoContext, Reach, Shared, Store, StoreItem, StoreItems,
    VisitField, VisitWith,
};

#[doc(hidden)]
pub use store::{ConfidentialPart, InnerStore};

pub mod errors;
#[cfg(feature = "yaml")]
#[doc(inline)]
pub use pocketflow_yaml as yaml;

/// The items that generated code names. Do not use them by hand: they change without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::macro_support::*;
}
