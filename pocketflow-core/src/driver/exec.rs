//! The seams around exec.

use std::fmt;
use std::future::Future;

use super::seam::{Execs, Items};
use super::{Call, Driver, StepInfo};
use crate::error::Error;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::store::Shared;

/// A driver's seam around `exec`: what it returned, and every attempt.
///
/// The driver is a `Driver<S, Execs>`, so that a driver which has no use for this seam has nothing
/// to write for it.
///
/// The node is a parameter of the trait, so a driver may ask for more of it: one that records what
/// each exec returned is
/// `impl<S, Marker, N> ExecDriver<S, Marker, N> for … where N: Node<S, Marker>, N::Exec: Serialize`,
/// and only its users pay for that. A driver that keeps finished results needs it only for batches
/// and forks, and is a [`KeepDriver`].
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
///     async fn attempt<C>(&self, _at: &StepInfo<'_>, _attempt: Attempt<'_>, call: C) -> Result<N::Exec, Failure>
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
    /// Around the exec of a visit, all its attempts and the fallback included; in a batch, around
    /// that of each item, whose index is `item`.
    fn exec<C>(
        &self,
        _at: &StepInfo<'_>,
        _item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ExecCall<S, Marker, N>,
    {
        call.call()
    }

    /// Around one attempt. The node's `timeout` counts from the call.
    fn attempt<C>(
        &self,
        _at: &StepInfo<'_>,
        _attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>,
    {
        call.call()
    }
}

/// A driver's seam around what is worth keeping inside a step: each item of a batch, and each
/// branch of a fork.
///
/// A node that is alone in its step needs no such seam: what it did is in the store when the step
/// is over. So a driver that keeps results as it gets them asks for serde here, and only what
/// batches and the nodes of forks return has to have it.
///
/// The driver is a `Driver<S, Items>`. A driver with both seams is a `Driver<S, (Execs, Items)>`,
/// and so are the two traits: `impl<S, Marker, N> KeepDriver<S, Marker, N, (Execs, Items)> for …`.
///
/// ```
/// use pocketflow::seam::Items;
/// use pocketflow::{StepInfo, Driver, Error, ItemCall, ItemId, KeepDriver, Node, Shared, flow, node};
/// use std::{collections::HashMap, sync::Mutex};
///
/// /// Keeps what has been done for each item, by what the item is.
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
///     async fn item<C>(&self, at: &StepInfo<'_>, _id: ItemId<'_>, call: C) -> Result<N::Exec, Error>
///     where
///         C: ItemCall<S, Marker, N>,
///     {
///         let key = format!("{at} of {}", call.with_item(|item| format!("{item:?}")));
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
    /// Around one item of a batch or one branch of a fork, outside [`ExecDriver::exec`]. Where a
    /// branch is a batch, this is around each of its items. A driver that returns without the
    /// call has put another result in its place.
    fn item<C>(
        &self,
        _at: &StepInfo<'_>,
        _item: ItemId<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ItemCall<S, Marker, N>,
    {
        call.call()
    }
}

/// Which part of a step it is that a [`KeepDriver`] stands around. The place, the branch of a fork
/// included, is in [`StepInfo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemId<'a> {
    /// The branch as a whole: it is no batch.
    Branch,
    /// The item with this index in the batch. The same index may be another item when the step runs
    /// again: to know an item, hash what [`Lends::with_item`] lends.
    Index(usize),
    /// The item under this key of a map.
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
    /// What the node reads of the store: a struct with a field for each parameter.
    fn reads(&self) -> Reads<'_, N>;

    /// Lends the item of a batch that the call works on, or `()` for a node that is no batch.
    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T;
}

/// An exec with all its attempts, as a driver is given it.
pub trait ExecCall<S: 'static, Marker, N: Node<S, Marker>>:
    Call<Output = Result<N::Exec, Error>> + Lends<S, Marker, N>
{
}

/// One attempt, as a driver is given it.
pub trait AttemptCall<S: 'static, Marker, N: Node<S, Marker>>:
    Call<Output = Result<N::Exec, Failure>> + Lends<S, Marker, N>
{
}

/// An item of a batch, or a branch of a fork, as a driver is given it.
pub trait ItemCall<S: 'static, Marker, N: Node<S, Marker>>:
    Call<Output = Result<N::Exec, Error>> + Lends<S, Marker, N>
{
    /// Names the item in every [`Attempt::key`] of the call by a number that goes with what it is,
    /// in place of its index, which goes with its place in the list.
    fn identify(&mut self, identity: u64);
}
