//! The seams inside a step.

use std::fmt;
use std::future::Future;

use super::seam::{Execs, Items};
use super::{Call, Driver, StepInfo};
use crate::node::{Attempt, Failure, Node, Reads};
use crate::run_error::Error;
use crate::store::Shared;

/// A driver that also wraps `exec`: it sees what `exec` returned, and every attempt.
///
/// The driver is a `Driver<S, Execs>`. A driver that does not use this seam does not have to
/// implement it.
///
/// The node is a parameter of the trait, so a driver can add bounds on it. A driver that records
/// what each exec returned is
/// `impl<S, Marker, N> ExecDriver<S, Marker, N> for … where N: Node<S, Marker>, N::Exec: Serialize`,
/// and the bound applies only to flows that run with this driver. A driver that stores finished
/// results needs such a bound only for batches and forks: implement [`KeepDriver`] for it.
///
/// ```
/// use pocketflow::seam::Execs;
/// use pocketflow::{StepInfo, Attempt, AttemptCall, Driver, ExecDriver, Failure, Node, Shared, flow, node};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// /// Counts the attempts that failed.
/// #[derive(Default)]
/// struct Failures(AtomicU32);
///
/// impl<S: Shared> Driver<S, Execs> for Failures {}
///
/// impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Failures {
///     async fn attempt<C>(&self, _info: &StepInfo<'_>, _attempt: Attempt<'_>, call: C) -> Result<N::Exec, Failure>
///     where
///         C: AttemptCall<S, Marker, N>,
///     {
///         let result = call.call().await;
///         if result.is_err() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///         result
///     }
/// }
///
/// # #[derive(Shared, Default)] struct Order { receipt: Option<String> }
/// #[node(Order, writes = receipt, attempts = 3)]
/// fn pay(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
///     if attempt.number() < 3 { Err("the bank is busy".into()) } else { Ok("paid".into()) }
/// }
///
/// flow! { Checkout { pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// let failures = Failures::default();
/// Checkout.with(&failures).run(&mut Order::default()).await?;
/// assert_eq!(failures.0.into_inner(), 2);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` does not drive the node `{N}`",
    note = "its seam is `Execs`, so implement `ExecDriver<S, Marker, N>` for it"
)]
pub trait ExecDriver<S: Shared, Marker, N: Node<S, Marker>, Seam: 'static = Execs>:
    Driver<S, Seam>
{
    /// Wraps the `exec` of one visit to a node, including all its attempts and the fallback. In a
    /// batch, it wraps the `exec` of each item, and `item` is the index of the item.
    fn exec<C>(
        &self,
        _info: &StepInfo<'_>,
        _item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ExecCall<S, Marker, N>,
    {
        call.call()
    }

    /// Wraps one attempt. The node's `timeout` starts at the call.
    fn attempt<C>(
        &self,
        _info: &StepInfo<'_>,
        _attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>,
    {
        call.call()
    }
}

/// A driver that also wraps each item of a batch and each branch of a fork: the results inside a
/// step that are worth storing.
///
/// A node that is alone in its step does not need this seam, because its result is in the store
/// when the step ends. So a driver that stores results as they arrive puts its serde bounds here,
/// and only the results of batches and of a fork's nodes have to meet them.
///
/// The driver is a `Driver<S, Items>`. A driver with both seams is a `Driver<S, (Execs, Items)>`,
/// and the two traits take the same parameter:
/// `impl<S, Marker, N> KeepDriver<S, Marker, N, (Execs, Items)> for …`.
///
/// ```
/// use pocketflow::seam::Items;
/// use pocketflow::{StepInfo, Driver, Error, ItemCall, ItemId, KeepDriver, Node, Shared, flow, node};
/// use std::{collections::HashMap, sync::Mutex};
///
/// /// Stores the result of each item, by the item's value.
/// #[derive(Default)]
/// struct Kept(Mutex<HashMap<String, String>>);
///
/// impl<S: Shared> Driver<S, Items> for Kept {}
///
/// impl<S: Shared, Marker, N: Node<S, Marker>> KeepDriver<S, Marker, N> for Kept
/// where
///     for<'i> N::Item<'i>: std::fmt::Debug,
///     N::Exec: ToString + From<String>,
/// {
///     async fn item<C>(&self, info: &StepInfo<'_>, _id: ItemId<'_>, call: C) -> Result<N::Exec, Error>
///     where
///         C: ItemCall<S, Marker, N>,
///     {
///         let key = format!("{info} of {}", call.with_item(|item| format!("{item:?}")));
///         if let Some(kept) = self.0.lock().unwrap().get(&key) {
///             return Ok(kept.clone().into());
///         }
///         let done = call.call().await?;
///         self.0.lock().unwrap().insert(key, done.to_string());
///         Ok(done)
///     }
/// }
///
/// # #[derive(Shared, Default)] struct Article { titles: Vec<String>, drafts: Option<Vec<String>> }
/// #[node(Article, writes = drafts, parallel = 4)]
/// async fn draft(#[each(titles)] title: &str) -> String { format!("All about {title}.") }
///
/// flow! { Write { draft; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let kept = Kept::default();
/// let mut article = Article { titles: vec!["rain".into(), "snow".into(), "rain".into()], drafts: None };
/// Write.with(&kept).run(&mut article).await?;
/// assert_eq!(kept.0.into_inner().unwrap().len(), 2);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` does not drive the batch or branch `{N}`",
    note = "its seam is `Items`, so implement `KeepDriver<S, Marker, N>` for it"
)]
pub trait KeepDriver<S: Shared, Marker, N: Node<S, Marker>, Seam: 'static = Items>:
    Driver<S, Seam>
{
    /// Wraps one item of a batch or one branch of a fork, outside [`ExecDriver::exec`]. If a branch
    /// is a batch, this wraps each of its items. A driver that returns a result without calling
    /// `call` replaces the work.
    fn item<C>(
        &self,
        _info: &StepInfo<'_>,
        _item: ItemId<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ItemCall<S, Marker, N>,
    {
        call.call()
    }
}

/// Which part of a step a [`KeepDriver`] wraps. The place, including the branch of a fork, is in
/// [`StepInfo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemId<'a> {
    /// The whole branch: the node is not a batch.
    Branch,
    /// The item with this index in the batch. When the step runs again, another item may have this
    /// index. To recognize an item, hash what [`Lends::with_item`] lends.
    Index(usize),
    /// The item with this key in a map.
    Key(&'a str),
}

impl ItemId<'_> {
    /// The index of the item in a batch.
    pub fn index(&self) -> Option<usize> {
        match *self {
            Self::Index(index) => Some(index),
            _ => None,
        }
    }
}

impl fmt::Display for ItemId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch => f.write_str("branch"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => write!(f, "[{key:?}]"),
        }
    }
}

/// What a call of a node's `exec` works on.
pub trait Lends<S: 'static, Marker, N: Node<S, Marker>> {
    /// What the node reads from the store: a struct with a field for each parameter.
    fn reads(&self) -> Reads<'_, N>;

    /// Lends the item of a batch that the call works on, or `()` if the node is not a batch.
    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T;
}

/// An exec with all its attempts, as a driver receives it.
pub trait ExecCall<S: 'static, Marker, N: Node<S, Marker>>:
    Call<Output = Result<N::Exec, Error>> + Lends<S, Marker, N>
{
}

/// One attempt, as a driver receives it.
pub trait AttemptCall<S: 'static, Marker, N: Node<S, Marker>>:
    Call<Output = Result<N::Exec, Failure>> + Lends<S, Marker, N>
{
}

/// An item of a batch or a branch of a fork, as a driver receives it.
pub trait ItemCall<S: 'static, Marker, N: Node<S, Marker>>:
    Call<Output = Result<N::Exec, Error>> + Lends<S, Marker, N>
{
    /// Identifies the item in every [`Attempt::key`] of the call by a number that depends on its
    /// value, and not by its index, which depends on its place in the list.
    fn identify(&mut self, identity: u64);
}
