//! The retry wrapper around `exec`.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::Poll;

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
    pub(super) fn exec<'i>(
        self,
        index: Option<usize>,
        item: N::Item<'i>,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send + use<'a, 'p, 'i, S, Here, N, D> {
        self.driver.exec(self.at, index, Attempts { visit: self, index, item })
    }
}

/// One exec: all its attempts, and the fallback.
struct Attempts<'a, 'p, 'i, S: 'static, Here, N: Node<S, Here>, D> {
    visit: Visit<'a, 'p, S, Here, N, D>,
    index: Option<usize>,
    item: N::Item<'i>,
}

impl<S, Here, N, D> Call for Attempts<'_, '_, '_, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        async move {
            match self.attempt(Attempt::first_of(N::POLICY.attempts, self.index)).await {
                Ok(exec) => Ok(exec),
                Err(failure) => self.recover(failure).await,
            }
        }
    }
}

impl<S, Here, N, D> Attempts<'_, '_, '_, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    fn attempt(&self, attempt: Attempt<'_>) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        let Visit { node, prep, at, driver, .. } = self.visit;
        driver.attempt(at, attempt, OneAttempt::<S, Here, N> { node, prep, item: self.item, attempt })
    }

    /// What follows a failed first attempt. Boxed and cold, so that an exec that succeeds pays neither time nor room for it.
    #[cold]
    fn recover(
        &self,
        mut failure: Failure,
    ) -> Pin<Box<dyn Future<Output = Result<N::Exec, Error>> + Send + '_>> {
        Box::pin(async move {
            let Visit { node, prep, at, .. } = self.visit;
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
        async move {
            let mut exec = pin!(self.node.exec(self.prep, self.item, self.attempt));
            // Only a node with a timeout has a timer; the others cost no more than this test.
            let mut timer = N::POLICY.timeout.map(|limit| (limit, Box::pin(tokio::time::sleep(limit))));
            poll_fn(|context| {
                if let Poll::Ready(result) = exec.as_mut().poll(context) {
                    return Poll::Ready(result);
                }
                match &mut timer {
                    Some((limit, timer)) => {
                        timer.as_mut().poll(context).map(|()| Err(Failure::of(TimedOut { limit: *limit })))
                    }
                    None => Poll::Pending,
                }
            })
            .await
        }
    }
}
