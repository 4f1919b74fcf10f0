//! Batches: one exec for every item.

mod bounded_unordered;
mod or_else;
mod outcomes;
mod sync;

use std::any::Any;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::task::Poll;

use tokio::task::coop::has_budget_remaining;

pub(super) use self::bounded_unordered::BoundedUnordered;
use self::or_else::OrElse;
pub use self::outcomes::Partial;
use self::outcomes::{AllOrNone, Collected, Outcomes};
use super::contract::{ItemMode, Recovery};
use super::execution::Execution;
use crate::node::{BoxedEachStub, Node, NodeParameters, Replacement, TypedBatch, TypedNode};
use crate::run::step_future::StepFuture;
use crate::store::Shared;

/// A batch: a node that calls `exec` once for every item.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a batch",
    label = "not the type of a batch",
    note = "a batch is a node with a parameter `#[each(field)]`"
)]
pub trait Batch<S: Shared, H: 'static>: Node<S, H> {
    /// The items, in order.
    fn items<'p>(prep: &'p Self::Prep<'_>) -> impl Iterator<Item = Self::Item<'p>> + Send;

    /// What happens between `prep` and `post`: an exec for every item.
    fn run<M>(execution: Execution<'_, '_, S, H, Self, M>) -> impl StepFuture<Self::Done>
    where
        M: ItemMode<S, H, Self>;
}

/// How many items a batch has.
pub(super) fn items<S: Shared, H: 'static, N: Batch<S, H>>(prep: &N::Prep<'_>) -> usize {
    N::items(prep).size_hint().0
}

#[diagnostic::do_not_recommend]
impl<N, S, H> TypedBatch for N
where
    N: TypedNode<Exec = <N as Node<S, H>>::Exec> + NodeParameters<Pair = (S, H)>,
    N: Batch<S, H>,
    S: Shared,
    H: 'static,
{
    type Item<'a> = <N as Node<S, H>>::Item<'a>;

    fn erase_each(stub: BoxedEachStub<Self>) -> Box<dyn Any + Send> {
        Box::new(Replacement::<S, H, N>::Each(stub))
    }
}

/// The exec of one item, with its attempts and its fallback.
fn exec<'b, 'v, 'p, S, H, N, M>(
    execution: &'b Execution<'v, 'p, S, H, N, M>,
    index: Option<usize>,
    item: N::Item<'v>,
) -> impl StepFuture<N::Exec> + use<'b, 'v, 'p, S, H, N, M>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    M: ItemMode<S, H, N>,
{
    OrElse::First {
        first: M::item(*execution, execution.reads(), index, item),
        recover: move |failed| -> Recovery<'b, N::Exec> {
            M::recover(*execution, index, item, failed)
        },
    }
}

/// Runs the items of a batch one after the other.
#[doc(hidden)]
pub fn in_sequence<S, H, N, M>(
    execution: Execution<'_, '_, S, H, N, M>,
) -> impl StepFuture<Vec<N::Exec>>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    walk_in_sequence(execution, N::items(execution.prep), AllOrNone)
}

/// Runs the items of a batch one after the other, and collects the failures of items.
#[doc(hidden)]
pub fn collect_in_sequence<S, H, N, M>(
    execution: Execution<'_, '_, S, H, N, M>,
) -> impl StepFuture<Partial<N::Exec>>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    walk_in_sequence(execution, N::items(execution.prep), Collected::default())
}

/// Generic over the iterator, for Rust 1.91 and older: see
/// [`StepSource`](super::runner::StepSource).
fn walk_in_sequence<'v, S, H, N, M, O>(
    execution: Execution<'v, '_, S, H, N, M>,
    items: impl Iterator<Item = N::Item<'v>> + Send,
    mut outcomes: O,
) -> impl StepFuture<O::Done>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
    O: Outcomes<N::Exec>,
{
    async move {
        let mut results = Vec::with_capacity(items.size_hint().0);
        let mut skipped = false;
        for (index, item) in items.enumerate() {
            if !execution.wanted(Some(index)) {
                skipped = true;
                continue;
            }
            match exec(&execution, Some(index), item).await {
                Ok(exec) => results.push(exec),
                Err(error) => outcomes.failed(error)?,
            }
        }
        if skipped {
            return Err(execution.context.skipped(execution.site));
        }
        Ok(outcomes.done(results))
    }
}

/// How many items are polled before the task yields to others, when they use none of tokio's
/// budget.
pub(super) const POLLS_AT_A_TIME: usize = 64;

/// A field of a node that says how many items are in flight at a time. It is never zero.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`parallel` takes a field of the type `usize` or `NonZeroUsize`",
    label = "this is a `{Self}`"
)]
pub trait InFlight {
    /// How many.
    fn in_flight(&self) -> usize;
}

#[diagnostic::do_not_recommend]
impl InFlight for usize {
    fn in_flight(&self) -> usize {
        *self
    }
}

#[diagnostic::do_not_recommend]
impl InFlight for NonZeroUsize {
    fn in_flight(&self) -> usize {
        self.get()
    }
}

/// Runs the items of a batch with up to `width` of them in flight.
///
/// Results are stored by index. An ordered queue would stop behind a slow item, and would report an
/// error only when its turn comes. The first error drops the other items.
///
/// New items and woken items take turns, so none of them waits for all the others. Every second
/// turn is a new item's, which is cheaper than recording whose turn it is. When the width leaves no
/// room for a new item, each turn is a woken item's.
///
/// Tokio lets a task do 128 of its operations at a time and then refuses all of them, and each item
/// that is polled in vain is queued again. In nested batches most of them would be, so a batch
/// stops when the budget is used up (futures-rs issues 2053 and 2526).
#[doc(hidden)]
pub fn in_parallel<S, H, N, M>(
    execution: Execution<'_, '_, S, H, N, M>,
    width: usize,
) -> impl StepFuture<Vec<N::Exec>>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    walk_in_parallel(execution, N::items(execution.prep), width, AllOrNone)
}

/// Runs the items of a batch with up to `width` of them in flight, and collects the failures of
/// items.
#[doc(hidden)]
pub fn collect_in_parallel<S, H, N, M>(
    execution: Execution<'_, '_, S, H, N, M>,
    width: usize,
) -> impl StepFuture<Partial<N::Exec>>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    let collected = Collected::default();
    walk_in_parallel(execution, N::items(execution.prep), width, collected)
}

/// Generic over the iterator, as [`walk_in_sequence`].
fn walk_in_parallel<'v, S, H, N, M, O>(
    execution: Execution<'v, '_, S, H, N, M>,
    items: impl Iterator<Item = N::Item<'v>> + Send,
    width: usize,
    mut outcomes: O,
) -> impl StepFuture<O::Done>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
    O: Outcomes<N::Exec>,
{
    async move {
        // Why results are missing, in a run with drivers.
        let mut missing = None;
        let mut items = items.enumerate().fuse();
        let expected = items.size_hint().0;
        let mut results: Vec<Option<N::Exec>> = Vec::with_capacity(expected);
        let mut pool = BoundedUnordered::new(expected.min(width));
        poll_fn(|context| {
            'polls: for turn in 0..POLLS_AT_A_TIME {
                let slot = 'slot: {
                    if pool.len() < width {
                        let ready = if turn % 2 == 1 {
                            pool.pop_ready()
                        } else {
                            None
                        };
                        if let Some(slot) = ready {
                            break 'slot slot;
                        }
                        if let Some((index, item)) = items.next() {
                            results.push(None);
                            if !execution.wanted(Some(index)) {
                                let context = execution.context;
                                missing.get_or_insert_with(|| context.skipped(execution.site));
                                continue 'polls;
                            }
                            break 'slot pool.push(index, exec(&execution, Some(index), item));
                        }
                        pool.complete();
                        if pool.len() == 0 {
                            return Poll::Ready(Ok(()));
                        }
                    }
                    match pool.pop_ready_or_wake(context.waker()) {
                        Some(slot) => slot,
                        None => return Poll::Pending,
                    }
                };
                match pool.poll(slot) {
                    Poll::Ready((index, Ok(exec))) => results[index] = Some(exec),
                    // An item that the driver suspends must not stop the others.
                    Poll::Ready((_, Err(error))) if M::SKIPS && error.suspends() => {
                        missing.get_or_insert(error);
                    }
                    Poll::Ready((_, Err(error))) => match outcomes.failed(error) {
                        Ok(()) => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    },
                    Poll::Pending if !has_budget_remaining() => break,
                    Poll::Pending => {}
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await?;
        if let Some(error) = missing {
            return Err(error);
        }
        // Nothing is in flight anymore, so every result is there, except those of items that failed.
        Ok(outcomes.done(results.into_iter().flatten().collect()))
    }
}
