//! Forks: nodes that work at the same time on one borrowed store.

use std::future::Future;
use std::marker::PhantomData;

use futures_util::future::try_join;

use super::Cx;
use super::batch::Work;
use super::exec::Visit;
use super::step::prepare;
use crate::driver::{At, Driver, ExecDriver, Run};
use crate::error::{EmptyField, Error, Stage};
use crate::node::Node;

/// A node as a part of a fork: its `exec` and its `post` come apart.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run on the store `{S}`",
    label = "not a node of `{S}`, or not to be driven by `{D}`"
)]
pub trait Part<S, D>: Send + Sync {
    /// What `post` needs.
    type Finished: Send;

    /// `prep` and `exec`.
    fn exec<'a>(
        &'a self,
        at: &'a At<'a>,
        driver: &'a D,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send;

    /// `post`.
    fn post(&self, shared: &mut S, finished: Self::Finished) -> Result<usize, EmptyField>;
}

/// What is left of a node when its `exec` is done. It borrows nothing.
#[doc(hidden)]
pub struct Finished<S: 'static, Here, N: Node<S, Here>> {
    kept: N::Kept,
    done: N::Done,
    types: PhantomData<fn() -> (S, Here)>,
}

impl<S, Here, N> Finished<S, Here, N>
where
    S: Send + Sync + 'static,
    N: Work<S, Here>,
{
    /// Runs `prep` and `exec`. `wrap` keeps what comes of it private to the node.
    pub fn exec<'a, D, F>(
        node: &'a N,
        at: &'a At<'a>,
        driver: &'a D,
        shared: &'a S,
        wrap: fn(Self) -> F,
    ) -> impl Future<Output = Result<F, Error>> + Send + use<'a, S, Here, N, D, F>
    where
        D: ExecDriver<S, Here, N>,
    {
        async move {
            let prep = prepare(node, at, shared)?;
            let done = N::work(Visit { node, prep: &prep, at, driver, types: PhantomData }).await?;
            Ok(wrap(Self { kept: N::keep(prep), done, types: PhantomData }))
        }
    }

    /// Runs `post`.
    ///
    /// # Errors
    ///
    /// Where `post` leaves a field empty that it promised to fill.
    pub fn post(self, node: &N, shared: &mut S) -> Result<usize, EmptyField> {
        node.post(shared, self.kept, self.done)
    }
}

/// The parts of a fork.
#[doc(hidden)]
pub trait Parts<S, D>: Send {
    /// What the posts need.
    type Finished: Send;

    /// Runs every exec, at the same time. The first error drops the others.
    fn exec<'a>(
        &'a self,
        at: &'a At<'a>,
        driver: &'a D,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send;

    /// Runs every post, in the order written.
    fn post(&self, at: &At<'_>, shared: &mut S, finished: Self::Finished) -> Result<(), Error>;
}

/// A node of a fork, with its number in it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Branch<'a, N>(pub usize, pub &'a N);

impl<S: Sync, D: Sync, N: Part<S, D>> Parts<S, D> for Branch<'_, N> {
    type Finished = N::Finished;

    fn exec<'a>(
        &'a self,
        at: &'a At<'a>,
        driver: &'a D,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send {
        async move {
            let at = at.branch(self.0);
            self.1.exec(&at, driver, shared).await
        }
    }

    fn post(&self, at: &At<'_>, shared: &mut S, finished: Self::Finished) -> Result<(), Error> {
        let posted = self.1.post(shared, finished);
        posted.map(drop).map_err(|empty| at.branch(self.0).failed(Stage::Post, empty))
    }
}

/// A part of a fork and the rest of it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Both<A, B>(pub A, pub B);

impl<S, D, A, B> Parts<S, D> for Both<A, B>
where
    S: Sync,
    D: Sync,
    A: Parts<S, D> + Sync,
    B: Parts<S, D> + Sync,
{
    type Finished = (A::Finished, B::Finished);

    fn exec<'a>(
        &'a self,
        at: &'a At<'a>,
        driver: &'a D,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send {
        try_join(self.0.exec(at, driver, shared), self.1.exec(at, driver, shared))
    }

    fn post(&self, at: &At<'_>, shared: &mut S, finished: Self::Finished) -> Result<(), Error> {
        self.0.post(at, shared, finished.0)?;
        self.1.post(at, shared, finished.1)
    }
}

/// Runs a fork, as one step.
#[doc(hidden)]
pub fn fork_step<'a, S, D, P>(
    parts: P,
    cx: Cx<'a, D>,
    shared: &'a mut S,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, S, D, P>
where
    S: Send + Sync + 'static,
    D: Driver<S>,
    P: Parts<S, D> + Sync,
{
    cx.driver.step(cx.at, shared, Forking { parts, at: cx.at, driver: cx.driver })
}

struct Forking<'a, P, D> {
    parts: P,
    at: &'a At<'a>,
    driver: &'a D,
}

impl<S, D, P> Run<S> for Forking<'_, P, D>
where
    S: Send + Sync + 'static,
    D: Driver<S>,
    P: Parts<S, D> + Sync,
{
    const ACTIONS: &'static [&'static str] = &["default"];

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        async move {
            let finished = self.parts.exec(self.at, self.driver, shared).await?;
            self.parts.post(self.at, shared, finished)?;
            Ok(0)
        }
    }
}
