//! A future, and what follows if it fails.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

pin_project! {
    /// An `or_else` that is inlined, because a batch has one for every item.
    #[project = OrElseNow]
    pub(super) enum OrElse<F, R, B> {
        First { #[pin] first: F, recover: R },
        Recovery { #[pin] recovery: B },
    }
}

impl<T, E, G, F, R, B> Future for OrElse<F, R, B>
where
    F: Future<Output = Result<T, E>>,
    R: FnMut(E) -> B,
    B: Future<Output = Result<T, G>>,
{
    type Output = Result<T, G>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let recovery = match self.as_mut().project() {
                OrElseNow::First { first, recover } => match ready!(first.poll(context)) {
                    Ok(done) => return Poll::Ready(Ok(done)),
                    Err(failed) => recover(failed),
                },
                OrElseNow::Recovery { recovery } => return recovery.poll(context),
            };
            self.set(OrElse::Recovery { recovery });
        }
    }
}
