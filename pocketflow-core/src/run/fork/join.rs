//! The futures of a fork, joined as a tree of pairs.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::Error;
use crate::run::mode::Mode;
use crate::run::skipped::Skipped;

/// Futures that run at the same time.
#[doc(hidden)]
pub trait Join<M: Mode> {
    /// What comes of them.
    type Finished;

    /// Polls those that have not finished. The first error is that of all. Which side of a pair
    /// comes first, a bit of `turn` says, so that each of them is the first now and then: tokio
    /// lets a task do only so much at a time, and the first might use it up.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>, turn: u32) -> Poll<Result<(), Error>>;

    /// Why one of them was not done by this run, if so, when all have finished. Nothing is taken
    /// then.
    fn skipped(self: Pin<&mut Self>) -> Option<Error>;

    /// What has come of them, once.
    fn take(self: Pin<&mut Self>) -> Self::Finished;
}

pin_project! {
    /// One future, and then what came of it.
    #[project = JoinOneProjected]
    pub(super) enum JoinOne<F, T> {
        Runs { #[pin] exec: F },
        Finished { finished: Option<T> },
        Skipped { skipped: Error },
    }
}

impl<F, T> JoinOne<F, T> {
    /// Apart from `poll`, since an unoptimized build keeps room on the stack for all that a
    /// function moves as long as it runs.
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
                // What this run does not do is not to stop what it does.
                Poll::Ready(Err(skipped)) if M::SKIPS && skipped.cause().is::<Skipped>() => {
                    self.end(Err(skipped));
                }
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
    pub(super) struct JoinPair<A, B> {
        #[pin]
        pub(super) a: A,
        #[pin]
        pub(super) b: B,
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
    /// All the execs of a fork, as a future.
    pub(super) struct JoinAll<J, M> {
        #[pin]
        pub(super) execs: J,
        pub(super) turn: u32,
        pub(super) mode: PhantomData<fn() -> M>,
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
