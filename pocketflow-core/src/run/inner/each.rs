//! A flow on each item of a collection of inner stores.

use std::future::poll_fn;
use std::task::Poll;

use tokio::task::coop::has_budget_remaining;

use super::{At, EachFlow, Item, Outer, RunOn, check_held};
use crate::driver::Site;
use crate::run::batch::{BoundedUnordered, POLLS_AT_A_TIME};
use crate::run::context::FlowContext;
use crate::run::contract::StepMode;
use crate::run::flow::{Flow, Walk};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Failed};
use crate::store::{Reach, Shared, StoreItem, StoreItems};

impl<C, F, M> RunOn<EachFlow<F>, M> for C
where
    C: StoreItems,
    F: Flow + Walk<<C::Item as Reach>::Store, M>,
    M: StepMode<<C::Item as Reach>::Store>,
{
    fn run_on(
        &mut self,
        place: EachFlow<F>,
        flow: &F,
        at: At<'_, '_, M>,
    ) -> impl StepFuture<Vec<Failed>> {
        each(self.items(), place.width, flow, at)
    }

    fn check(flow: &F, site: &'static Site, context: &FlowContext<'_, M>) -> Result<(), Error> {
        check_held::<<C::Item as Reach>::Store, F, M>(flow, site, context)
    }
}

/// Runs the flow on the items, one after the other or with up to `width` of them in flight. It polls
/// them as a batch does its items: see [`in_parallel`](crate::run::in_parallel).
///
/// Generic over the iterator, for Rust 1.91 and older: see
/// [`StepSource`](crate::run::runner::StepSource).
fn each<'i, I, T, F, M>(
    items: I,
    width: usize,
    flow: &F,
    at: At<'_, '_, M>,
) -> impl StepFuture<Vec<Failed>>
where
    I: Iterator<Item = StoreItem<'i, T>> + Send,
    T: Reach + 'i,
    F: Flow + Walk<T::Store, M>,
    M: StepMode<T::Store>,
{
    async move {
        outer!(M, at, outer, M::group_of_each(&at.above, width));
        let mut ends = Ends::new(at.collects_failures(), outer.frame.depth());
        if width == 1 {
            for (index, StoreItem { key, item }) in items.enumerate() {
                let Some(store) = item.reach() else { continue };
                let item = Item { index, key };
                M::begin(outer.group);
                if let Err(error) = run_item(outer, item, flow, store).await {
                    if M::SKIPS && error.suspends() {
                        return Err(error);
                    }
                    ends.failed(index, error)?;
                }
            }
            return ends.failures();
        }
        let mut items = items.enumerate().fuse();
        let mut pool = BoundedUnordered::new(items.size_hint().0.min(width));
        poll_fn(|context| {
            for turn in 0..POLLS_AT_A_TIME {
                let slot = 'slot: {
                    if M::may_begin(outer.group, pool.len(), width) {
                        let ready = if turn % 2 == 1 {
                            pool.pop_ready()
                        } else {
                            None
                        };
                        if let Some(slot) = ready {
                            break 'slot slot;
                        }
                        let next = items.find_map(|(index, StoreItem { key, item })| {
                            Some((Item { index, key }, item.reach()?))
                        });
                        if let Some((item, store)) = next {
                            M::begin(outer.group);
                            let run = run_item(outer, item, flow, store);
                            break 'slot pool.push(item.index, run);
                        }
                        pool.complete();
                        M::close(outer.group);
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
                    Poll::Ready((_, Ok(()))) => {}
                    Poll::Ready((index, Err(error))) => {
                        if let Err(error) = ends.failed(index, error) {
                            return Poll::Ready(Err(error));
                        }
                    }
                    Poll::Pending if !has_budget_remaining() => break,
                    Poll::Pending => {}
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await?;
        ends.failures()
    }
}

/// Runs the flow on one item, and names the item in an error.
fn run_item<'o, S, F, M>(
    outer: Outer<'o, M>,
    item: Item<'o>,
    flow: &'o F,
    store: &'o mut S,
) -> impl StepFuture<()> + use<'o, S, F, M>
where
    S: Shared,
    F: Flow + Walk<S, M>,
    M: StepMode<S>,
{
    async move {
        match M::inner(outer, Some(item), flow, store).await {
            Ok(_) => Ok(()),
            Err(error) => Err(outer.failed(item, error)),
        }
    }
}

/// What becomes of the items that fail.
struct Ends {
    /// The failures, if the place collects them.
    failures: Option<Vec<(usize, Failed)>>,
    /// The first error that suspends the run. The other items go on.
    suspended: Option<Error>,
    /// How many flows are around the place.
    depth: usize,
}

impl Ends {
    fn new(collects: bool, depth: usize) -> Self {
        Self {
            failures: collects.then(Vec::new),
            suspended: None,
            depth,
        }
    }

    /// Takes the error of an item, or returns it, which ends the step.
    #[cold]
    fn failed(&mut self, index: usize, error: Error) -> Result<(), Error> {
        if error.suspends() {
            self.suspended.get_or_insert(error);
            return Ok(());
        }
        match &mut self.failures {
            Some(failures) if error.is_failure() => {
                failures.push((index, Failed::of_place(&error, self.depth)));
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// The failures, in the order of the items. Items that run at the same time fail in any order.
    fn failures(self) -> Result<Vec<Failed>, Error> {
        if let Some(suspended) = self.suspended {
            return Err(suspended);
        }
        let mut failures = self.failures.unwrap_or_default();
        failures.sort_by_key(|(index, _)| *index);
        Ok(failures.into_iter().map(|(_, failed)| failed).collect())
    }
}
