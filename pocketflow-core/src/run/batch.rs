//! Batches: one exec for every item.

use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::task::Poll;

use tokio::task::coop::has_budget_remaining;

use super::crew::Crew;
use super::exec::{Execution, reads};
use super::mode::{ItemMode, Recovery};
use super::or_else::OrElse;
use super::skipped::Skipped;
use crate::error::{Error, Stage};
use crate::node::Node;
use crate::store::Shared;

/// A batch: a node that calls `exec` once for every item.
#[doc(hidden)]
pub trait Batch<S: 'static, H: 'static>: Node<S, H> {
    /// The items, in order.
    fn items<'p>(prep: &'p Self::Prep<'_>) -> impl Iterator<Item = Self::Item<'p>> + Send;

    /// What happens between `prep` and `post`: an exec for every item.
    fn run<M>(
        execution: Execution<'_, '_, S, H, Self, M>,
    ) -> impl Future<Output = Result<Self::Done, Error>> + Send
    where
        M: ItemMode<S, H, Self>;
}

/// One exec, with all that belongs to it.
fn exec<'b, 'v, 'p, S, H, N, M>(
    execution: &'b Execution<'v, 'p, S, H, N, M>,
    index: Option<usize>,
    item: N::Item<'v>,
) -> impl Future<Output = Result<N::Exec, Error>> + Send + use<'b, 'v, 'p, S, H, N, M>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    M: ItemMode<S, H, N>,
{
    OrElse::First {
        first: M::item(*execution, reads::<S, H, N>(execution.shared), index, item),
        recover: move |failed| -> Recovery<'b, N::Exec> {
            M::recover(*execution, index, item, failed)
        },
    }
}

/// The work of a batch that goes through its items one by one.
#[doc(hidden)]
pub fn in_sequence<S, H, N, M>(
    execution: Execution<'_, '_, S, H, N, M>,
) -> impl Future<Output = Result<Vec<N::Exec>, Error>> + Send
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    async move {
        let items = N::items(execution.prep);
        let mut results = Vec::with_capacity(items.size_hint().0);
        let mut skipped = false;
        for (index, item) in items.enumerate() {
            if !execution.wanted(Some(index)) {
                skipped = true;
                continue;
            }
            results.push(exec(&execution, Some(index), item).await?);
        }
        if skipped {
            return Err(execution
                .context
                .failed(execution.site, Stage::Driver, Skipped));
        }
        Ok(results)
    }
}

/// How many items are polled before the task gives way to others, where they use none of tokio's
/// budget.
const POLLS_AT_A_TIME: usize = 64;

/// How many items are in flight at a time, as a field of the node says it: never none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`parallel` takes a field of the type `NonZeroUsize`",
    label = "this is a `{Self}`",
    note = "with no item in flight, a batch would never make progress"
)]
pub trait InFlight {
    /// How many.
    fn in_flight(&self) -> usize;
}

#[diagnostic::do_not_recommend]
impl InFlight for NonZeroUsize {
    fn in_flight(&self) -> usize {
        self.get()
    }
}

/// The work of a batch that has up to `width` items in flight.
///
/// Results go into slots by index: an ordered queue would stall behind a slow item, and show an
/// error only when its turn comes. The first error drops the others.
///
/// New items and those that were woken take turns, so that none waits for all of the others: every
/// second turn, which costs less than to keep whose turn it is. Where the width leaves no room for
/// a new item, each turn is a woken one's.
///
/// Tokio allows a task 128 of its operations at a time, after which it refuses all of them, and
/// each item that is polled in vain is queued anew. In nested batches that is most of them, so a
/// batch stops where the budget is used up (futures-rs issues 2053 and 2526).
#[doc(hidden)]
pub fn in_parallel<S, H, N, M>(
    execution: Execution<'_, '_, S, H, N, M>,
    width: usize,
) -> impl Future<Output = Result<Vec<N::Exec>, Error>> + Send
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    async move {
        let mut skipped = false;
        let mut items = N::items(execution.prep).enumerate().fuse();
        let expected = items.size_hint().0;
        let mut slots: Vec<Option<N::Exec>> = Vec::with_capacity(expected);
        let mut crew = Crew::of(expected.min(width));
        poll_fn(|context| {
            'polls: for turn in 0..POLLS_AT_A_TIME {
                let seat = 'seat: {
                    if crew.len() < width {
                        let called = if turn % 2 == 1 { crew.called() } else { None };
                        if let Some(seat) = called {
                            break 'seat seat;
                        }
                        if let Some((index, item)) = items.next() {
                            slots.push(None);
                            if !execution.wanted(Some(index)) {
                                skipped = true;
                                continue 'polls;
                            }
                            break 'seat crew.seat(index, exec(&execution, Some(index), item));
                        }
                        crew.complete();
                        if crew.len() == 0 {
                            return Poll::Ready(Ok(()));
                        }
                    }
                    match crew.called_or_wake(context.waker()) {
                        Some(seat) => seat,
                        None => return Poll::Pending,
                    }
                };
                match crew.poll(seat) {
                    Poll::Ready((index, Ok(exec))) => slots[index] = Some(exec),
                    Poll::Ready((_, Err(error))) => return Poll::Ready(Err(error)),
                    Poll::Pending if !has_budget_remaining() => break,
                    Poll::Pending => {}
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await?;
        if skipped {
            return Err(execution
                .context
                .failed(execution.site, Stage::Driver, Skipped));
        }
        // Nothing is in flight any more, so every slot is filled.
        Ok(slots.into_iter().flatten().collect())
    }
}
