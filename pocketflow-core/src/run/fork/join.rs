//! The futures of a fork, joined as a tree of pairs.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::run::mode::Mode;
use crate::run_error::Error;

/// Futures that run at the same time.
#[doc(hidden)]
pub trait Join<M: Mode> {
    /// Their results.
    type Finished;

    /// Polls those that have not finished. The first error ends them all. A bit of `turn` says
    /// which side of a pair is polled first, so that each is first from time to time: tokio
    /// limits what a task does at a time, and the first side might use it up.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>, turn: u32) -> Poll<Result<(), Error>>;

    /// The error of a branch that this run skipped, if there is one, when all have finished. Then
    /// no result is taken.
    fn skipped(self: Pin<&mut Self>) -> Option<Error>;

    /// Takes their results, once.
    fn take(self: Pin<&mut Self>) -> Self::Finished;
}

pin_project! {
    /// One future, and then its result.
    #[project = JoinOneProjected]
    pub(in crate::run) enum JoinOne<F, T> {
        Runs { #[pin] exec: F },
        Finished { finished: Option<T> },
        Skipped { skipped: Error },
    }
}

impl<F, T> JoinOne<F, T> {
    /// Separate from `poll`, because an unoptimized build keeps space on the stack for everything
    /// that a function moves, for as long as it runs.
    #[inline]
    fn end(mut self: Pin<&mut Self>, finished: Result<T, Error>) {
        self.set(match finished {
            Ok(finished) => Self::Finished {
                finished: Some(finished),
            },
            Err(skipped) => Self::Skipped { skipped },
        });
    }
}

impl<F: Future<Output = Result<T, Error>>, T, M: Mode> Join<M> for JoinOne<F, T> {
    type Finished = T;

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: u32,
    ) -> Poll<Result<(), Error>> {
        if let JoinOneProjected::Runs { exec } = self.as_mut().project() {
            match exec.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(finished)) => self.end(Ok(finished)),
                // A branch that this run skips, or suspends, must not stop the others.
                Poll::Ready(Err(error)) if M::SKIPS && error.suspends() => self.end(Err(error)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn skipped(self: Pin<&mut Self>) -> Option<Error> {
        match self.project() {
            JoinOneProjected::Skipped { skipped } => Some(skipped.clone()),
            _ => None,
        }
    }

    fn take(self: Pin<&mut Self>) -> T {
        let finished = match self.project() {
            JoinOneProjected::Finished { finished } => finished.take(),
            _ => None,
        };
        finished.expect("it is taken once, when all have finished")
    }
}

pin_project! {
    /// Two futures in one.
    pub(in crate::run) struct JoinPair<A, B> {
        #[pin]
        pub(in crate::run) a: A,
        #[pin]
        pub(in crate::run) b: B,
    }
}

impl<A: Join<M>, B: Join<M>, M: Mode> Join<M> for JoinPair<A, B> {
    type Finished = (A::Finished, B::Finished);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>, turn: u32) -> Poll<Result<(), Error>> {
        let this = self.project();
        let (a, b);
        if turn & 1 == 0 {
            a = this.a.poll(context, turn / 2)?;
            b = this.b.poll(context, turn / 2)?;
        } else {
            b = this.b.poll(context, turn / 2)?;
            a = this.a.poll(context, turn / 2)?;
        }
        if a.is_ready() && b.is_ready() {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn skipped(self: Pin<&mut Self>) -> Option<Error> {
        let this = self.project();
        this.a.skipped().or_else(|| this.b.skipped())
    }

    fn take(self: Pin<&mut Self>) -> Self::Finished {
        let this = self.project();
        (this.a.take(), this.b.take())
    }
}

pin_project! {
    /// All the branches of a fork, as one future.
    pub(in crate::run) struct JoinAll<J, M> {
        #[pin]
        pub(in crate::run) execs: J,
        pub(in crate::run) turn: u32,
        pub(in crate::run) mode: PhantomData<fn() -> M>,
    }
}

impl<J: Join<M>, M: Mode> Future for JoinAll<J, M> {
    type Output = Result<J::Finished, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let turn = *this.turn;
        *this.turn = turn.wrapping_add(1);
        match this.execs.as_mut().poll(context, turn) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => {
                let skipped = if M::SKIPS {
                    this.execs.as_mut().skipped()
                } else {
                    None
                };
                Poll::Ready(skipped.map_or_else(|| Ok(this.execs.take()), Err))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}
