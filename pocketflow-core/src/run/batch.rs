//! Batches: one exec for every item.

use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};
use pin_project_lite::pin_project;

use super::exec::Visit;
use super::mode::{NodeMode, Recovery};
use super::or_else::OrElse;
use super::step::Single;
use crate::error::Error;
use crate::node::Node;

/// What the node does between `prep` and `post`: one exec, or one for every item.
#[doc(hidden)]
pub trait Work<S: Send + Sync + 'static, H: 'static>: Node<S, H> {
    /// Does the work.
    fn work<M>(visit: Visit<'_, '_, S, H, Self, M>) -> impl Future<Output = Result<Self::Done, Error>> + Send
    where
        M: NodeMode<S, H, Self>;
}

/// The items of a batch.
#[doc(hidden)]
pub trait Items<S: 'static, H>: Node<S, H> {
    /// The items, in their order.
    fn items<'p>(prep: &'p Self::Prep<'_>) -> impl Iterator<Item = Self::Item<'p>> + Send;
}

/// The work of a node that is no batch.
#[doc(hidden)]
pub fn once<S, H, N, M>(
    visit: Visit<'_, '_, S, H, N, M>,
) -> impl Future<Output = Result<N::Done, Error>> + Send
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Single<S, H>,
    M: NodeMode<S, H, N>,
{
    async move { exec(&visit, None, N::item()).await.map(N::done) }
}

/// One exec, with all that belongs to it.
fn exec<'b, 'v, 'p, S, H, N, M>(
    visit: &'b Visit<'v, 'p, S, H, N, M>,
    index: Option<usize>,
    item: N::Item<'v>,
) -> impl Future<Output = Result<N::Exec, Error>> + Send + use<'b, 'v, 'p, S, H, N, M>
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Node<S, H>,
    M: NodeMode<S, H, N>,
{
    OrElse::First {
        first: M::first(*visit, index, item),
        recover: move |failed| -> Recovery<'b, N::Exec> { M::recover(*visit, index, item, failed) },
    }
}

/// The work of a batch that goes through its items one by one.
#[doc(hidden)]
pub fn in_sequence<S, H, N, M>(
    visit: Visit<'_, '_, S, H, N, M>,
) -> impl Future<Output = Result<Vec<N::Exec>, Error>> + Send
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Items<S, H>,
    M: NodeMode<S, H, N>,
{
    async move {
        let items = N::items(visit.prep);
        let mut results = Vec::with_capacity(items.size_hint().0);
        for (index, item) in items.enumerate() {
            results.push(exec(&visit, Some(index), item).await?);
        }
        Ok(results)
    }
}

/// How many items are polled before the task gives way to others. Tokio allows a task 128 of its own operations at a time, after
/// which all of them are refused, and each item that is polled in vain is queued anew: a batch that stays below never comes there
/// (futures-rs issues 2053 and 2526).
const POLLS_AT_A_TIME: usize = 64;

/// The polls of a batch's items.
struct Polls {
    made: AtomicUsize,
    allowed: AtomicUsize,
}

/// How many items are in flight at a time, as a field of the node says it: never none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`parallel` takes a field of the type `NonZeroUsize`",
    label = "this is a `{Self}`",
    note = "with no item in flight, a batch would never get on"
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
/// Each item is a future in a [`FuturesUnordered`], which is fed by hand and puts its results into slots by index: an ordered queue
/// would stall behind a slow item, and show an error only when its turn comes. The first error drops the others.
#[doc(hidden)]
pub fn in_parallel<S, H, N, M>(
    visit: Visit<'_, '_, S, H, N, M>,
    width: usize,
) -> impl Future<Output = Result<Vec<N::Exec>, Error>> + Send
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Items<S, H>,
    M: NodeMode<S, H, N>,
{
    async move {
        let mut items = N::items(visit.prep).enumerate().fuse();
        let mut slots: Vec<Option<N::Exec>> = Vec::with_capacity(items.size_hint().0);
        let polls = Polls { made: AtomicUsize::new(0), allowed: AtomicUsize::new(0) };
        let mut in_flight = FuturesUnordered::new();
        poll_fn(|context| {
            polls.allowed.store(polls.made.load(Relaxed) + POLLS_AT_A_TIME, Relaxed);
            loop {
                // No more are started than will soon be polled: items that are done at once do not heap up, and the start of many
                // gives way to other tasks as well.
                let may_start = polls.made.load(Relaxed) + POLLS_AT_A_TIME;
                while in_flight.len() < width && slots.len() < may_start {
                    let Some((index, item)) = items.next() else { break };
                    slots.push(None);
                    in_flight.push(Slot { index, polls: &polls, exec: exec(&visit, Some(index), item) });
                }
                match in_flight.poll_next_unpin(context) {
                    Poll::Ready(Some((index, Ok(exec)))) => slots[index] = Some(exec),
                    Poll::Ready(Some((_, Err(error)))) => return Poll::Ready(Err(error)),
                    Poll::Ready(None) => return Poll::Ready(Ok(())),
                    Poll::Pending => {
                        // Those that were polled just now make room for others to start.
                        if slots.len() == may_start {
                            context.waker().wake_by_ref();
                        }
                        return Poll::Pending;
                    }
                }
            }
        })
        .await?;
        // Nothing is in flight any more, so every slot is filled.
        Ok(slots.into_iter().flatten().collect())
    }
}

pin_project! {
    /// One item, with its index, polled as often as the task allows.
    struct Slot<'a, F> {
        index: usize,
        polls: &'a Polls,
        #[pin]
        exec: F,
    }
}

impl<F: Future> Future for Slot<'_, F> {
    type Output = (usize, F::Output);

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let slot = self.project();
        let made = slot.polls.made.load(Relaxed);
        if made == slot.polls.allowed.load(Relaxed) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        slot.polls.made.store(made + 1, Relaxed);
        slot.exec.poll(context).map(|result| (*slot.index, result))
    }
}
