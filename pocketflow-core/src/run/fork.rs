//! Forks: nodes that work at the same time on one borrowed store.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::task::Poll;

use super::batch::Work;
use super::exec::Visit;
use super::mode::{Act, Here, ItemMode, Mode, StepMode};
use super::step::prepare;
use crate::driver::Spot;
use crate::error::{EmptyField, Error, Stage};
use crate::node::Node;

/// A node as a part of a fork: its `exec` and its `post` come apart.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run on the store `{S}`",
    label = "not a node of `{S}`, or not to be driven by `{M}`"
)]
pub trait Part<S, M: Mode>: Send + Sync {
    /// What `post` needs.
    type Finished: Send;

    /// `prep` and `exec`.
    fn exec<'a>(
        &'a self,
        here: &'a Here<'a, M>,
        spot: &'static Spot,
        at: M::At<'a>,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send;

    /// `post`.
    fn post(&self, shared: &mut S, finished: Self::Finished) -> Result<usize, EmptyField>;
}

/// What is left of a node when its `exec` is done. It borrows nothing.
#[doc(hidden)]
pub struct Finished<S: 'static, H, N: Node<S, H>> {
    kept: N::Kept,
    done: N::Done,
    types: PhantomData<fn() -> (S, H)>,
}

impl<S, H, N> Finished<S, H, N>
where
    S: Send + Sync + 'static,
    H: 'static,
    N: Work<S, H>,
{
    /// Runs `prep` and `exec`. `wrap` keeps what comes of it private to the node.
    pub fn exec<'a, M, F>(
        node: &'a N,
        here: &'a Here<'a, M>,
        spot: &'static Spot,
        at: M::At<'a>,
        shared: &'a S,
        wrap: fn(Self) -> F,
    ) -> impl Future<Output = Result<F, Error>> + Send + use<'a, S, H, N, M, F>
    where
        M: ItemMode<S, H, N>,
    {
        async move {
            let mut prep = prepare(node, here, spot, shared)?;
            let done = N::work(Visit { node, shared, prep: &prep, here, spot, at: M::shorten(at) }).await?;
            Ok(wrap(Self { kept: N::keep(&mut prep), done, types: PhantomData }))
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
pub trait Parts<S, M: Mode>: Send {
    /// What the posts need.
    type Finished: Send;

    /// Runs every exec, at the same time. The first error drops the others.
    fn exec<'a>(
        &'a self,
        here: &'a Here<'a, M>,
        at: M::At<'a>,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send;

    /// Runs every post, in the order written.
    fn post(&self, here: &Here<'_, M>, shared: &mut S, finished: Self::Finished) -> Result<(), Error>;
}

/// A node of a fork, with its spot.
#[doc(hidden)]
#[derive(Debug)]
pub struct Branch<'a, N>(pub &'static Spot, pub &'a N);

impl<S: Sync, M: Mode, N: Part<S, M>> Parts<S, M> for Branch<'_, N> {
    type Finished = N::Finished;

    async fn exec<'a>(
        &'a self,
        here: &'a Here<'a, M>,
        at: M::At<'a>,
        shared: &'a S,
    ) -> Result<Self::Finished, Error> {
        let trail = here.trail(self.0);
        let branch = M::branch(M::shorten(at), &trail);
        self.1.exec(here, self.0, M::at_branch(&branch), shared).await
    }

    fn post(&self, here: &Here<'_, M>, shared: &mut S, finished: Self::Finished) -> Result<(), Error> {
        let posted = self.1.post(shared, finished);
        posted.map(drop).map_err(|empty| here.failed(self.0, Stage::Post, empty))
    }
}

/// A part of a fork and the rest of it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Both<A, B>(pub A, pub B);

impl<S, M, A, B> Parts<S, M> for Both<A, B>
where
    S: Sync,
    M: Mode,
    A: Parts<S, M> + Sync,
    B: Parts<S, M> + Sync,
{
    type Finished = (A::Finished, B::Finished);

    fn exec<'a>(
        &'a self,
        here: &'a Here<'a, M>,
        at: M::At<'a>,
        shared: &'a S,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send {
        both(self.0.exec(here, at, shared), self.1.exec(here, at, shared))
    }

    fn post(&self, here: &Here<'_, M>, shared: &mut S, finished: Self::Finished) -> Result<(), Error> {
        self.0.post(here, shared, finished.0)?;
        self.1.post(here, shared, finished.1)
    }
}

/// Runs a fork, as one step.
#[doc(hidden)]
pub fn fork_step<'a, S, M, P>(
    parts: P,
    spot: &'static Spot,
    here: &'a Here<'a, M>,
    shared: &'a mut S,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, S, M, P>
where
    S: Send + Sync + 'static,
    M: StepMode<S>,
    P: Parts<S, M> + Sync + 'a,
{
    M::step(here, spot, shared, Forking { parts, here })
}

struct Forking<'a, P, M> {
    parts: P,
    here: &'a Here<'a, M>,
}

impl<S, M, P> Act<S, M> for Forking<'_, P, M>
where
    S: Send + Sync + 'static,
    M: Mode,
    P: Parts<S, M> + Sync,
{
    async fn act(self, at: M::At<'_>, shared: &mut S) -> Result<usize, Error> {
        let finished = self.parts.exec(self.here, M::shorten(at), shared).await?;
        self.parts.post(self.here, shared, finished)?;
        Ok(0)
    }
}

/// Both at the same time. The first error drops the other.
async fn both<A, B>(
    a: impl Future<Output = Result<A, Error>>,
    b: impl Future<Output = Result<B, Error>>,
) -> Result<(A, B), Error> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_done, mut b_done) = (None, None);
    poll_fn(|context| {
        if a_done.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(context)?
        {
            a_done = Some(done);
        }
        if b_done.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(context)?
        {
            b_done = Some(done);
        }
        match (a_done.take(), b_done.take()) {
            (Some(a), Some(b)) => Poll::Ready(Ok((a, b))),
            done => {
                (a_done, b_done) = done;
                Poll::Pending
            }
        }
    })
    .await
}
