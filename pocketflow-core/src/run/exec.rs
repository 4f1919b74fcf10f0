//! The attempts of an exec, and its fallback.

use std::future::{Future, ready};

use super::contract::{NodeMode, Recovery};
use super::execution::Execution;
use super::pause::AttemptPause;
use crate::driver::EarlierAttempts;
use crate::node::{self, Attempt, Failure, Node};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Stage};
use crate::store::Shared;

/// Whether a node has further attempts or a fallback.
pub(super) const fn recovers<S: Shared, H, N: Node<S, H>>() -> bool {
    N::CONFIGURED || N::POLICY.attempts > 1 || N::POLICY.fallback
}

/// The recovery that is only an error.
#[cold]
pub(super) fn recovered_error<'b, T: Send + 'b>(error: Error) -> Recovery<'b, T> {
    Box::pin(ready(Err(error)))
}

impl<'v, 'p, S, H, N, M> Execution<'v, 'p, S, H, N, M>
where
    S: Shared,
    H: 'static,
    N: Node<S, H>,
    M: NodeMode<S, H, N>,
{
    /// The first attempt of an exec. `work` makes its key.
    #[inline]
    pub(super) fn first_attempt<'w>(
        &self,
        index: Option<usize>,
        work: Option<&'w dyn node::KeySource>,
    ) -> Attempt<'w> {
        Attempt::first_of(self.policy().attempts, index, work)
    }

    /// Whether this run does the item, or the branch.
    #[inline]
    pub(super) fn wanted(&self, item: Option<usize>) -> bool {
        !M::SKIPS || M::wants(self.context.held, M::reborrow(self.info), item)
    }

    /// Makes one attempt, with nothing around it.
    #[inline]
    pub(super) fn attempt<'t>(
        self,
        item: N::Item<'v>,
        attempt: Attempt<'t>,
    ) -> impl StepFuture<N::Exec, Failure> + use<'v, 'p, 't, S, H, N, M> {
        self.node.exec(self.reads(), self.prep, item, attempt)
    }

    /// Recovers from a failed first attempt: the other attempts, and the fallback.
    #[cold]
    pub(super) fn recover<'b>(
        self,
        index: Option<usize>,
        item: N::Item<'v>,
        failure: Failure,
        work: Option<&'b dyn node::KeySource>,
    ) -> Recovery<'b, N::Exec>
    where
        Self: 'b,
    {
        // A constant, so a node that cannot recover has no code for it.
        if const { !recovers::<S, H, N>() } {
            return recovered_error(self.error(index, 1, failure));
        }
        let failed = EarlierAttempts { made: 1, failure };
        self.go_on(index, item, (failed, false), work)
    }

    /// Goes on after attempts that have failed. `resumes` says whether they were made before the run
    /// resumed.
    #[cold]
    pub(super) fn go_on<'b>(
        self,
        index: Option<usize>,
        item: N::Item<'v>,
        (failed, resumes): (EarlierAttempts, bool),
        work: Option<&'b dyn node::KeySource>,
    ) -> Recovery<'b, N::Exec>
    where
        Self: 'b,
    {
        let fallback = move |error| self.node.fallback(self.reads(), self.prep, item, error);
        Box::pin(self.retry(index, item, (failed, resumes), work, fallback))
    }

    /// The error of the last attempt.
    fn error(&self, index: Option<usize>, attempt: u32, failure: Failure) -> Error {
        if let Some(error) = failure.ends_with() {
            return error.clone();
        }
        let stage = self.stage(attempt);
        self.context.attempt_error(self.site, index, stage, failure)
    }

    /// An attempt that failed.
    fn stage(&self, attempt: u32) -> Stage {
        Stage::Exec {
            attempt,
            attempts: self.policy().attempts,
        }
    }

    /// Generic over the fallback, for Rust 1.91 and older: see
    /// [`StepSource`](super::runner::StepSource).
    async fn retry<F: Future<Output = Result<N::Exec, Failure>> + Send>(
        self,
        index: Option<usize>,
        item: N::Item<'v>,
        (failed, mut resumes): (EarlierAttempts, bool),
        work: Option<&dyn node::KeySource>,
        fallback: impl FnOnce(Error) -> F + Send,
    ) -> Result<N::Exec, Error> {
        let policy = self.policy();
        let EarlierAttempts {
            made: mut number,
            mut failure,
        } = failed;
        while number < policy.attempts && failure.may_retry() {
            let time = match failure.wait() {
                Some(wait) => wait.min(policy.max_wait),
                None => policy.jittered_wait_after(number),
            };
            let next = self
                .first_attempt(index, work)
                .again(number + 1, failure.kept());
            if resumes || !time.is_zero() {
                let pause = AttemptPause {
                    context: self.context,
                    site: self.site,
                    item: index,
                    failed: self.stage(number),
                    time,
                };
                M::pause(pause, M::reborrow(self.info), next).await?;
            }
            resumes = false;
            number += 1;
            match M::attempt(self, item, next).await {
                Ok(exec) => return Ok(exec),
                Err(again) => failure = again,
            }
        }
        let is_final = failure.ends_with().is_some();
        let error = self.error(index, number, failure);
        if is_final || error.ends_the_run() || !policy.fallback {
            return Err(error);
        }
        fallback(error.clone()).await.map_err(|failure| {
            // A fallback that returns the same error has not failed.
            match failure.cause().downcast_ref::<Error>() {
                Some(handed_on) if handed_on.is(&error) => error,
                _ => {
                    let path = self.context.frame(self.site).path();
                    let cause = failure.into_cause();
                    let error = Error::at_item(path, index, Stage::Fallback, cause);
                    M::in_items(self.context.held, error)
                }
            }
        })
    }
}
