//! What the code that the macros generate calls. `__private` re-exports this module.
//!
//! The modules here define what only generated code uses. What other layers also use is defined in
//! those layers. Names of the standard library are here too, so that a user's type with the same
//! name cannot shadow them.

mod editor;
mod failure;
mod judge;
mod on_field;
mod outcome;
mod probe;
mod read;
mod returned;
mod take;
#[cfg(test)]
mod tests;
mod visit;
mod write;

pub use core::any::Any;
pub use core::clone::Clone;
pub use core::convert::Infallible;
pub use core::future::Future;
pub use core::iter::{IntoIterator, Iterator, empty};
pub use core::marker::{Copy, PhantomData, Send, Sized, Sync};
pub use core::option::Option;
pub use core::primitive::{bool, str, u32, u64, usize};
pub use core::result::Result;
pub use core::time::Duration;
pub use core::{concat, module_path, unreachable};
pub use std::vec::Vec;

pub use editor::{On, words};
pub use failure::{IntoFailure, ReturnedError};
pub use judge::Judge;
pub use on_field::{HoldsItems, HoldsStore, field_store, items_store, keep_failures};
pub use outcome::{IntoOutcome, outcome, plain};
pub use probe::{
    FieldKind, NoFailure, NoStoreDefault, NoStoreIn, NotThreadSafe, PlainField, StoreDefault,
    StoreIn, ThreadSafety,
};
pub use read::ReadOption;
pub use returned::{Fallible, Nothing, ReturnType, ReturnValue, ValueFor};
pub use take::{DerivedAction, TakeAction};
pub use visit::{FieldIndex, ShowField};
pub use write::{Append, FieldSlot, FillPlain, KeepFailures};

pub use crate::action::ActionInfo;
pub use crate::analysis::Solution;
pub use crate::checks::{PF011, Sound, Soundness, check_returned};
pub use crate::checks::{check_context, check_field, check_has_context, check_node, check_policy};
pub use crate::checks::{check_failures, check_field_store, check_is_flow, check_parallel};
pub use crate::driver::Site;
pub use crate::graph::{
    CheckPolicy, Describe, Description, Each, FieldSets, ForkSets, Handled, NodeOrFlow,
};
pub use crate::node::{Itself, NodeParameters, OrNothing};
pub use crate::run::{
    At, EachBranch, EachFlow, EachRunner, FieldOn, InnerPlace, OnBranch, OnFlow, OnRunner, RunOn,
    fork_of_flows,
};
pub use crate::run::{
    AwaitRunner, BatchRunner, ExpiringRunner, FlowRunner, NoRunner, NodeRunner, RecoveringRunner,
    SleepRunner,
};
pub use crate::run::{Batch, InFlight, Partial, in_parallel, in_sequence};
pub use crate::run::{
    CheckedWalk, Cursor, ForkBranch, ForkPair, Walk, WalkChunk, fork_step, run_direct,
};
pub use crate::run::{Execution, ItemMode, Mode, NodeMode, StepMode, Undriven};
pub use crate::run::{FlowContext, check_in_context, limit};
pub use crate::run::{FlowStep, Forked, NodeAt, NodeWithFields, Runner, SiteRef, Step, StepKind};
pub use crate::run::{Prepared, Retained, StepFuture, within};
pub use crate::run::{collect_in_parallel, collect_in_sequence};
pub use crate::run_error::Failed;
pub use crate::store::{Alone, BetweenThreads, NameContext, Never};
pub use crate::store::{ContextAround, ContextOf, InContext, IsContext, SharesContext};
pub use crate::store::{InnerStore, Parts, Reach, Split, part};

/// The methods that generated code calls. Their names begin with `__`, so they do not clash with
/// methods of a user's trait.
pub mod methods {
    pub use super::failure::PlainError as _;
    pub use super::judge::{JudgeError as _, JudgePlain as _};
    pub use super::probe::NotThreadSafe as _;
    pub use super::read::{BorrowPlain as _, BorrowPointer as _, ReadLate as _, ReadPlain as _};
    pub use super::returned::{NotResult as _, PlainValue as _, PlainValueFor as _};
    pub use super::write::{FillMaybe as _, FillMaybePlain as _, FillPlain as _};
}
