//! Drivers around drivers.

use std::future::Future;
use std::marker::PhantomData;

use super::{At, Call, Driver, ExecDriver, Run, Start};
use crate::error::Error;
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node};

/// Two drivers as one: the first is outside. What [`With::with`](crate::With::with) makes.
#[derive(Debug, Clone, Copy)]
pub struct Stack<A, B>(pub A, pub B);

impl<S, A, B> Driver<S> for Stack<A, B>
where
    S: Send + Sync + 'static,
    A: Driver<S>,
    B: Driver<S>,
{
    /// The outer driver is asked first; what the inner one says goes, if it says anything.
    async fn begin(&self, flow: &'static Graph, shared: &mut S) -> Result<Start, Error> {
        let outer = self.0.begin(flow, shared).await?;
        Ok(match self.1.begin(flow, shared).await? {
            Start::Fresh => outer,
            inner => inner,
        })
    }

    async fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        at: Option<&At<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<usize, Error> {
        self.0.flow(flow, at, shared, InnerFlow { driver: &self.1, flow, at, run }).await
    }

    fn run_id(&self) -> Option<&str> {
        self.0.run_id().or_else(|| self.1.run_id())
    }

    async fn step<R: Run<S>>(&self, at: &At<'_>, shared: &mut S, run: R) -> Result<usize, Error> {
        self.0.step(at, shared, InnerStep { driver: &self.1, at, run }).await
    }
}

impl<S, Here, N, A, B> ExecDriver<S, Here, N> for Stack<A, B>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    A: ExecDriver<S, Here, N>,
    B: ExecDriver<S, Here, N>,
{
    async fn exec<C>(&self, at: &At<'_>, item: Option<usize>, call: C) -> Result<N::Exec, Error>
    where
        C: Call<Output = Result<N::Exec, Error>>,
    {
        let inner = InnerExec { driver: &self.1, at, item, call, types: PhantomData::<fn() -> (S, Here, N)> };
        self.0.exec(at, item, inner).await
    }

    async fn attempt<C>(&self, at: &At<'_>, attempt: Attempt<'_>, call: C) -> Result<N::Exec, Failure>
    where
        C: Call<Output = Result<N::Exec, Failure>>,
    {
        let inner =
            InnerAttempt { driver: &self.1, at, attempt, call, types: PhantomData::<fn() -> (S, Here, N)> };
        self.0.attempt(at, attempt, inner).await
    }
}

struct InnerFlow<'a, B, R> {
    driver: &'a B,
    flow: &'static Graph,
    at: Option<&'a At<'a>>,
    run: R,
}

impl<S: Send + Sync + 'static, B: Driver<S>, R: Run<S>> Run<S> for InnerFlow<'_, B, R> {
    const ACTIONS: &'static [&'static str] = R::ACTIONS;

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        self.driver.flow(self.flow, self.at, shared, self.run)
    }
}

struct InnerStep<'a, B, R> {
    driver: &'a B,
    at: &'a At<'a>,
    run: R,
}

impl<S: Send + Sync + 'static, B: Driver<S>, R: Run<S>> Run<S> for InnerStep<'_, B, R> {
    const ACTIONS: &'static [&'static str] = R::ACTIONS;

    fn run(self, shared: &mut S) -> impl Future<Output = Result<usize, Error>> + Send {
        self.driver.step(self.at, shared, self.run)
    }
}

struct InnerExec<'a, T, B, C> {
    driver: &'a B,
    at: &'a At<'a>,
    item: Option<usize>,
    call: C,
    types: PhantomData<fn() -> T>,
}

impl<S, Here, N, B, C> Call for InnerExec<'_, (S, Here, N), B, C>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    B: ExecDriver<S, Here, N>,
    C: Call<Output = Result<N::Exec, Error>>,
{
    type Output = C::Output;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.driver.exec(self.at, self.item, self.call)
    }
}

struct InnerAttempt<'a, T, B, C> {
    driver: &'a B,
    at: &'a At<'a>,
    attempt: Attempt<'a>,
    call: C,
    types: PhantomData<fn() -> T>,
}

impl<S, Here, N, B, C> Call for InnerAttempt<'_, (S, Here, N), B, C>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    B: ExecDriver<S, Here, N>,
    C: Call<Output = Result<N::Exec, Failure>>,
{
    type Output = C::Output;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.driver.attempt(self.at, self.attempt, self.call)
    }
}

/// A driver that is borrowed, so that its owner can look into it after the run.
impl<S: Send + Sync + 'static, D: Driver<S>> Driver<S> for &D {
    fn begin(
        &self,
        flow: &'static Graph,
        shared: &mut S,
    ) -> impl Future<Output = Result<Start, Error>> + Send {
        (**self).begin(flow, shared)
    }

    fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        at: Option<&At<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        (**self).flow(flow, at, shared, run)
    }

    fn run_id(&self) -> Option<&str> {
        (**self).run_id()
    }

    fn step<R: Run<S>>(
        &self,
        at: &At<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        (**self).step(at, shared, run)
    }
}

impl<S, Here, N, D> ExecDriver<S, Here, N> for &D
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    fn exec<C>(
        &self,
        at: &At<'_>,
        item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: Call<Output = Result<N::Exec, Error>>,
    {
        (**self).exec(at, item, call)
    }

    fn attempt<C>(
        &self,
        at: &At<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: Call<Output = Result<N::Exec, Failure>>,
    {
        (**self).attempt(at, attempt, call)
    }
}
