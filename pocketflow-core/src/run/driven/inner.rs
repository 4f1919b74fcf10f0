//! Runs on inner stores, with the driver of the run around them.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Driven;
use crate::driver::{Driver, OuterRun, RunState, Start};
use crate::graph::Position;
use crate::run::contract::StepMode;
use crate::run::flow::{Flow, Walk};
use crate::run::inner::{Item, Outer};
use crate::run::once::BoxFuture;
use crate::store::{BorrowContext, InContext};

/// Runs a flow on an inner store. The run has a state of its own, and it may resume.
pub(super) fn run<'a, S, F, D, K, C>(
    outer: Outer<'a, Driven<D, K, C>>,
    item: Option<Item<'a>>,
    flow: &'a F,
    shared: &'a mut S,
) -> BoxFuture<'a, usize>
where
    S: InContext<C::Context>,
    F: Flow + Walk<S, Driven<D, K, C>>,
    D: Driver<S, K>,
    K: 'static,
    C: BorrowContext,
{
    Box::pin(async move {
        let frame = outer.frame;
        let inner = Ending {
            run: inner_of(&outer, item),
        };
        let begun = {
            let info = inner.run.info(frame, inner.run.driver().run_id());
            inner
                .run
                .driver()
                .begin(F::GRAPH, Some(&info), shared)
                .await?
        };
        let finished = matches!(begun, Start::After(_));
        match begun {
            Start::Fresh => {}
            Start::At(position) | Start::After(position) => {
                let steps = position.steps + position.inner_steps;
                inner.run.shared.steps.fetch_add(steps, Relaxed);
                inner.run.state.resume_at(position);
                if finished {
                    inner.run.state.resume_after();
                }
            }
            Start::Over(exit) => return Ok(exit),
        }
        Driven::flow(&inner.run, flow, Some(frame), shared).await
    })
}

/// The inner run.
fn inner_of<D, K, C>(outer: &Outer<'_, Driven<D, K, C>>, item: Option<Item<'_>>) -> Driven<D, K, C>
where
    D: Send + Sync,
    C: BorrowContext,
{
    let Outer {
        held,
        frame,
        info,
        group,
    } = outer;
    let around = OuterRun {
        state: Arc::clone(&held.state),
        step: info.step,
        total: info.total,
        field: frame.inside(),
        item: item.map(|item| item.name()),
        depth: frame.depth() + 1,
        group: Arc::clone(group),
    };
    Driven {
        shared: Arc::clone(&held.shared),
        state: Arc::new(RunState::new(Position::START, Some(around))),
        seam: PhantomData,
    }
}

/// Ends an inner run, even if it is dropped.
struct Ending<D, K, C> {
    run: Driven<D, K, C>,
}

impl<D, K, C> Drop for Ending<D, K, C> {
    fn drop(&mut self) {
        self.run.state.end();
    }
}
