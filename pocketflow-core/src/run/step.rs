//! One visit of a node in a flow.

use std::future::Future;
use std::marker::PhantomData;

use super::Cx;
use super::batch::Work;
use super::exec::Visit;
use crate::driver::{At, ExecDriver, Run};
use crate::error::{Error, Stage};
use crate::graph::Describe;
use crate::node::Node;

/// Runs a node: what the [`Step`](super::Step) of every node does.
#[doc(hidden)]
pub fn node_step<'a, S, Here, N, D>(
    node: &'a N,
    cx: Cx<'a, D>,
    shared: &'a mut S,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Work<S, Here> + Describe,
    D: ExecDriver<S, Here, N>,
{
    cx.driver.step(
        cx.at,
        shared,
        Steps::<'a, Here, N, D> { node, at: cx.at, driver: cx.driver, here: PhantomData },
    )
}

/// Runs `prep`.
pub(super) fn prepare<'a, S, Here, N>(node: &'a N, at: &At<'_>, shared: &'a S) -> Result<N::Prep<'a>, Error>
where
    N: Node<S, Here>,
{
    node.prep(shared).map_err(|failure| at.failed(Stage::Prep, failure.into_cause()))
}

struct Steps<'a, Here, N, D> {
    node: &'a N,
    at: &'a At<'a>,
    driver: &'a D,
    here: PhantomData<fn() -> Here>,
}

impl<S, Here, N, D> Run<S> for Steps<'_, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Work<S, Here> + Describe,
    D: ExecDriver<S, Here, N>,
{
    const ACTIONS: &'static [&'static str] = N::NODE.actions;

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        let Self { node, at, driver, .. } = self;
        async move {
            let (kept, done) = {
                let prep = prepare(node, at, shared)?;
                let done = N::work(Visit { node, prep: &prep, at, driver, types: PhantomData }).await?;
                (N::keep(prep), done)
            };
            node.post(shared, kept, done).map_err(|empty| at.failed(Stage::Post, empty))
        }
    }
}
