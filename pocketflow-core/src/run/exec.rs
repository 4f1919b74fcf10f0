//! The retry wrapper around `exec`.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

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

impl<'a, S: 'static, Here, N: Node<S, Here>, D> Visit<'a, '_, S, Here, N, D> {
    /// The node, for what its fields say of the work.
    pub fn node(&self) -> &'a N {
        self.node
    }
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
        Tries::First { first: self.attempt(self.first()), recover: move |failure| self.recover(failure) }
    }
}

impl<'v, 'a, 'p, S, Here, N, D> Attempts<'v, 'a, 'p, S, Here, N, D>
where
    S: Send + Sync + 'static,
    N: Node<S, Here>,
    D: ExecDriver<S, Here, N>,
{
    fn first(&self) -> Attempt<'a> {
        Attempt::first_of(N::POLICY.attempts, self.index, Some(self.visit.at))
    }

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
                match self.attempt(self.first().again(number, failure.kept())).await {
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

pin_project! {
    /// The first attempt, and what follows if it fails: an `or_else` that is inlined, since a batch has one for every item.
    #[project = TriesNow]
    enum Tries<F, R, B> {
        First { #[pin] first: F, recover: R },
        Recovery { #[pin] recovery: B },
    }
}

impl<T, F, R, B> Future for Tries<F, R, B>
where
    F: Future<Output = Result<T, Failure>>,
    R: FnMut(Failure) -> B,
    B: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let recovery = match self.as_mut().project() {
                TriesNow::First { first, recover } => match ready!(first.poll(context)) {
                    Ok(exec) => return Poll::Ready(Ok(exec)),
                    Err(failure) => recover(failure),
                },
                TriesNow::Recovery { recovery } => return recovery.poll(context),
            };
            self.set(Tries::Recovery { recovery });
        }
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
            None => Timed::Never { exec },
            Some(limit) => Timed::Within { exec: Box::pin(within(limit, exec)) },
        }
    }
}

pin_project! {
    /// An attempt with a timeout or without: an `Either` that is inlined.
    #[project = TimedNow]
    enum Timed<F, B> {
        Never { #[pin] exec: F },
        Within { #[pin] exec: B },
    }
}

impl<F: Future, B: Future<Output = F::Output>> Future for Timed<F, B> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            TimedNow::Never { exec } => exec.poll(context),
            TimedNow::Within { exec } => exec.poll(context),
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
