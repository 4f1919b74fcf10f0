//! The retry wrapper around `exec`.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, TryFutureExt};

use crate::driver::{At, Call, ExecDriver};
use crate::error::{Error, Stage, TimedOut};
use crate::node::{Attempt, Failure, Node};

/// What a node works on during a visit, and who drives it.
#[doc(hidden)]
pub struct Visit<'a, 'p, S: 'static, Here, N: Node<S, Here>, D> {
    pub(super) node: &'a N,
    pub(super) prep: &'a N::Prep<'p>,
    pub(super) at: &'a At<'a>,
    pub(super) driver: &'a D,
    pub(super) types: PhantomData<fn() -> (S, Here)>,
}

impl<S: 'static, Here, N: Node<S, Here>, D> Clone for Visit<'_, '_, S, Here, N, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static, Here, N: Node<S, Here>, D> Copy for Visit<'_, '_, S, Here, N, D> {}

impl<'a, 'p, S, Here, N, D> Visit<'a, 'p, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    /// One exec, as the driver has it.
    pub(super) fn exec<'v>(
        &'v self,
        index: Option<usize>,
        item: N::Item<'a>,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send + use<'v, 'a, 'p, S, Here, N, D> {
        self.driver.exec(self.at, index, Attempts { visit: self, index, item })
    }
}

/// One exec: all its attempts, and the fallback.
struct Attempts<'v, 'a, 'p, S: 'static, Here, N: Node<S, Here>, D> {
    visit: &'v Visit<'a, 'p, S, Here, N, D>,
    index: Option<usize>,
    item: N::Item<'a>,
}

impl<S: 'static, Here, N: Node<S, Here>, D> Clone for Attempts<'_, '_, '_, S, Here, N, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static, Here, N: Node<S, Here>, D> Copy for Attempts<'_, '_, '_, S, Here, N, D> {}

impl<S, Here, N, D> Call for Attempts<'_, '_, '_, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        let first = Attempt::first_of(N::POLICY.attempts, self.index);
        self.attempt(first).or_else(move |failure| self.recover(failure))
    }
}

impl<'v, 'a, 'p, S, Here, N, D> Attempts<'v, 'a, 'p, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    fn attempt<'t>(
        self,
        attempt: Attempt<'t>,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send + use<'v, 'a, 'p, 't, S, Here, N, D> {
        let Visit { node, prep, at, driver, .. } = *self.visit;
        driver.attempt(at, attempt, OneAttempt::<S, Here, N> { node, prep, item: self.item, attempt })
    }

    /// What follows a failed first attempt. Boxed and cold, so that an exec that succeeds pays neither time nor room for it.
    #[cold]
    fn recover(
        self,
        mut failure: Failure,
    ) -> Pin<Box<dyn Future<Output = Result<N::Exec, Error>> + Send + 'v>> {
        Box::pin(async move {
            let Visit { node, prep, at, .. } = *self.visit;
            let policy = N::POLICY;
            let mut number = 1;
            while number < policy.attempts && failure.may_retry() {
                let wait = policy.jittered_wait_after(number);
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                number += 1;
                let attempt = Attempt::again(number, policy.attempts, self.index, failure.kept());
                match self.attempt(attempt).await {
                    Ok(exec) => return Ok(exec),
                    Err(again) => failure = again,
                }
            }
            let stage = Stage::Exec { attempt: number, attempts: policy.attempts };
            let error = Error::at_item(at.path(), self.index, stage, failure.into_cause());
            if !policy.fallback {
                return Err(error);
            }
            node.fallback(prep, self.item, error.clone()).await.map_err(|failure| {
                // A fallback that only hands the error on has not failed.
                match failure.cause().downcast_ref::<Error>() {
                    Some(handed_on) if handed_on.is(&error) => error,
                    _ => Error::at_item(at.path(), self.index, Stage::Fallback, failure.into_cause()),
                }
            })
        })
    }
}

struct OneAttempt<'a, 'p, 'i, 't, S: 'static, Here, N: Node<S, Here>> {
    node: &'a N,
    prep: &'a N::Prep<'p>,
    item: N::Item<'i>,
    attempt: Attempt<'t>,
}

impl<S, Here, N> Call for OneAttempt<'_, '_, '_, '_, S, Here, N>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
{
    type Output = Result<N::Exec, Failure>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        let exec = self.node.exec(self.prep, self.item, self.attempt);
        // Boxed, so that a node without a timeout pays neither time nor room for it.
        match N::POLICY.timeout {
            None => Either::Left(exec),
            Some(limit) => Either::Right(Box::pin(within(limit, exec))),
        }
    }
}

/// An attempt that may take so long and no longer.
async fn within<T>(limit: Duration, exec: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut exec = pin!(exec);
    let mut timer = pin!(tokio::time::sleep(limit));
    poll_fn(|context| {
        if let Poll::Ready(result) = exec.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        timer.as_mut().poll(context).map(|()| Err(Failure::of(TimedOut { limit })))
    })
    .await
}
