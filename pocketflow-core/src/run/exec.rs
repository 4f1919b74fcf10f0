//! The retry wrapper around `exec`.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::Poll;

use crate::driver::{At, Call, ExecDriver};
use crate::error::{Error, Stage, TimedOut};
use crate::node::{Attempt, Failure, Node};

/// One visit of a node: all its attempts, and the fallback.
pub(crate) struct Attempts<'a, 'p, S: 'static, Here, N: Node<S, Here>, D> {
    pub(crate) node: &'a N,
    pub(crate) prep: &'a N::Prep<'p>,
    pub(crate) at: &'a At<'a>,
    pub(crate) driver: &'a D,
    pub(crate) types: PhantomData<fn() -> (S, Here)>,
}

impl<S: 'static, Here, N: Node<S, Here>, D> Clone for Attempts<'_, '_, S, Here, N, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static, Here, N: Node<S, Here>, D> Copy for Attempts<'_, '_, S, Here, N, D> {}

impl<S, Here, N, D> Call for Attempts<'_, '_, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        async move {
            match self.attempt(Attempt::first_of(N::POLICY.attempts)).await {
                Ok(exec) => Ok(exec),
                Err(failure) => self.recover(failure).await,
            }
        }
    }
}

impl<S, Here, N, D> Attempts<'_, '_, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    fn attempt(self, attempt: Attempt<'_>) -> impl Future<Output = Result<N::Exec, Failure>> + Send {
        self.driver.attempt(
            self.at,
            attempt,
            OneAttempt::<'_, '_, '_, S, Here, N> { node: self.node, prep: self.prep, attempt },
        )
    }

    /// What follows a failed first attempt. Boxed and cold, so that a visit that succeeds pays neither time nor room for it.
    #[cold]
    fn recover<'s>(
        self,
        mut failure: Failure,
    ) -> Pin<Box<dyn Future<Output = Result<N::Exec, Error>> + Send + 's>>
    where
        Self: 's,
    {
        Box::pin(async move {
            let policy = N::POLICY;
            let mut number = 1;
            while number < policy.attempts && failure.may_retry() {
                let wait = policy.jittered_wait_after(number);
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                number += 1;
                let attempt = Attempt::again(number, policy.attempts, failure.boxed());
                match self.attempt(attempt).await {
                    Ok(exec) => return Ok(exec),
                    Err(again) => failure = again,
                }
            }
            let stage = Stage::Exec { attempt: number, attempts: policy.attempts };
            let error = Error::new(self.at.path(), stage, failure.into_cause());
            if !policy.fallback {
                return Err(error);
            }
            self.node.fallback(self.prep, error).await.map_err(|failure| {
                // A fallback that only hands the error on has not failed.
                match failure.into_cause().downcast::<Error>() {
                    Ok(error) => *error,
                    Err(cause) => self.at.failed(Stage::Fallback, cause),
                }
            })
        })
    }
}

struct OneAttempt<'a, 'p, 't, S: 'static, Here, N: Node<S, Here>> {
    node: &'a N,
    prep: &'a N::Prep<'p>,
    attempt: Attempt<'t>,
}

impl<S, Here, N> Call for OneAttempt<'_, '_, '_, S, Here, N>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
{
    type Output = Result<N::Exec, Failure>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        async move {
            let mut exec = pin!(self.node.exec(self.prep, self.attempt));
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
