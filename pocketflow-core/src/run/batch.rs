//! Batches: one exec for every item.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::exec::Visit;
use crate::driver::ExecDriver;
use crate::error::Error;
use crate::node::Node;

/// What the node does between `prep` and `post`: one exec, or one for every item.
#[doc(hidden)]
pub trait Work<S: Send + Sync + 'static, Here>: Node<S, Here> {
    /// Does the work.
    fn work<D>(
        visit: Visit<'_, '_, S, Here, Self, D>,
    ) -> impl Future<Output = Result<Self::Done, Error>> + Send
    where
        D: ExecDriver<S, Here, Self>;
}

/// The items of a batch.
#[doc(hidden)]
pub trait Items<S: 'static, Here>: Node<S, Here> {
    /// The items, in their order.
    fn items<'p>(prep: &'p Self::Prep<'_>) -> impl Iterator<Item = Self::Item<'p>> + Send;
}

/// The work of a node that is no batch.
#[doc(hidden)]
pub fn once<'a, 'p, S, Here, N, D>(
    visit: Visit<'a, 'p, S, Here, N, D>,
) -> impl Future<Output = Result<N::Exec, Error>> + Send + use<'a, 'p, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: for<'i> Node<S, Here, Item<'i> = ()>,
    D: ExecDriver<S, Here, N>,
{
    visit.exec(None, ())
}

/// The work of a batch that goes through its items one by one.
#[doc(hidden)]
pub fn in_sequence<S, Here, N, D>(
    visit: Visit<'_, '_, S, Here, N, D>,
) -> impl Future<Output = Result<Vec<N::Exec>, Error>> + Send
where
    S: Send + Sync + 'static,
    N: Items<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    async move {
        let items = N::items(visit.prep);
        let mut results = Vec::with_capacity(items.size_hint().0);
        for (index, item) in items.enumerate() {
            results.push(visit.exec(Some(index), item).await?);
        }
        Ok(results)
    }
}

/// How many items are polled before the task gives way to others. Tokio allows a task 128 of its own operations at a time, after
/// which all of them are refused, and each item that is polled in vain is queued anew: a batch that stays below never comes there
/// (futures-rs issues 2053 and 2526).
const POLLS_AT_A_TIME: u32 = 64;

/// The work of a batch that has up to `width` items in flight.
///
/// Each item is a future in a [`FuturesUnordered`], which is fed by hand and puts its results into slots by index: an ordered queue
/// would stall behind a slow item, and show an error only when its turn comes. The first error drops the others.
#[doc(hidden)]
pub fn in_parallel<S, Here, N, D>(
    visit: Visit<'_, '_, S, Here, N, D>,
    width: usize,
) -> impl Future<Output = Result<Vec<N::Exec>, Error>> + Send
where
    S: Send + Sync + 'static,
    N: Items<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    async move {
        let mut items = N::items(visit.prep).enumerate();
        let mut slots: Vec<Option<N::Exec>> = Vec::with_capacity(items.size_hint().0);
        let polls_left = AtomicU32::new(0);
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < width {
                let Some((index, item)) = items.next() else { break };
                slots.push(None);
                in_flight.push(slot(visit, index, item, &polls_left));
            }
            let finished = poll_fn(|context| {
                polls_left.store(POLLS_AT_A_TIME, Ordering::Relaxed);
                in_flight.poll_next_unpin(context)
            });
            match finished.await {
                Some((index, result)) => slots[index] = Some(result?),
                None => break,
            }
        }
        // Nothing is in flight any more, so every slot is filled.
        Ok(slots.into_iter().flatten().collect())
    }
}

/// One item, with its index, polled as often as the task allows.
fn slot<'a, 'i, S, Here, N, D>(
    visit: Visit<'a, '_, S, Here, N, D>,
    index: usize,
    item: N::Item<'i>,
    polls_left: &AtomicU32,
) -> impl Future<Output = (usize, Result<N::Exec, Error>)> + Send
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    async move {
        let mut exec = pin!(visit.exec(Some(index), item));
        let result = poll_fn(|context| {
            let left = polls_left.load(Ordering::Relaxed);
            if left == 0 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            polls_left.store(left - 1, Ordering::Relaxed);
            exec.as_mut().poll(context)
        });
        (index, result.await)
    }
}
