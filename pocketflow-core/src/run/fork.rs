//! Forks: nodes that work at the same time on one borrowed store.
//!
//! A fork joins its nodes by a tree of pairs. The future of a pair is a struct that holds the
//! futures of its two sides, pinned, and keeps in their place what comes of them: a fork is as
//! large as its nodes together. A call of one node polls all that have not finished, as
//! `tokio::join!` does.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::batch::Batch;
use super::exec::Execution;
use super::flow::StepSource;
use super::mode::{Failed, FlowContext, ItemMode, Mode, StepBody, StepMode};
use super::runner::{BatchRunner, Forked, NodeRunner, Runner};
use super::skipped::Skipped;
use super::step::{done_or_failed, execution};
use crate::driver::Site;
use crate::error::{EmptyField, Error, Stage};
use crate::node::Node;
use crate::store::Shared;

/// What the nodes of a fork share.
#[doc(hidden)]
pub struct Fork<'a, S, M: Mode> {
    context: &'a FlowContext<'a, M>,
    at: M::At<'a>,
    shared: &'a S,
}

impl<S, M: StepMode<S>> Fork<'_, S, M> {
    /// Fails where this run does not do the branch.
    #[inline]
    fn wanted(&self, site: &'static Site, branch: M::At<'_>) -> Result<(), Error> {
        if !M::SKIPS || self.context.mode.wants(branch, None) {
            return Ok(());
        }
        Err(self.context.failed(site, Stage::Driver, Skipped))
    }
}

/// What is left of a node when its `exec` is done. It borrows nothing.
#[doc(hidden)]
pub struct Finished<S: 'static, H, N: Node<S, H>> {
    kept: N::Kept,
    done: N::Done,
    types: PhantomData<fn() -> (S, H)>,
}

impl<S, H, N, M, E> Runner<S, Forked<M>, N> for NodeRunner<H>
where
    S: Shared,
    H: 'static,
    N: for<'i> Node<S, H, Item<'i> = (), Exec = E, Done = E>,
    E: Send,
    M: ItemMode<S, H, N>,
{
    type Finished = Finished<S, H, N>;

    fn exec<'n: 'a, 'a, G>(
        self,
        get: G,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send
    where
        G: StepSource<'n, N>,
        N: 'n,
    {
        async move {
            let way = M::way(fork.context.frame(get.site()));
            let branch = M::branch(M::shorten(fork.at), &way);
            let at = M::at_branch(&branch);
            fork.wanted(get.site(), M::shorten(at))?;
            let failed = 'failed: {
                let (node, site) = get.both();
                let mut prep = match node.prep(fork.shared) {
                    Ok(prep) => prep,
                    Err(failure) => break 'failed Failed::Prep(failure),
                };
                let execution =
                    execution!(node, fork.shared, &prep, fork.context, site, M::shorten(at));
                let done = done_or_failed!('failed, M::item(execution), get, fork.shared, prep, fork.context, at);
                return Ok(Finished {
                    kept: N::keep(&mut prep),
                    done,
                    types: PhantomData,
                });
            };
            Err(M::failed(
                fork.context,
                get.site(),
                N::POLICY.attempts,
                failed,
            ))
        }
    }

    fn post(self, node: &N, shared: &mut S, finished: Self::Finished) -> Result<usize, EmptyField> {
        node.post(shared, finished.kept, finished.done)
    }
}

impl<S, H, N, M> Runner<S, Forked<M>, N> for BatchRunner<H>
where
    S: Shared,
    H: 'static,
    N: Batch<S, H>,
    M: ItemMode<S, H, N>,
{
    type Finished = Finished<S, H, N>;

    fn exec<'n: 'a, 'a, G>(
        self,
        get: G,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Future<Output = Result<Self::Finished, Error>> + Send
    where
        G: StepSource<'n, N>,
        N: 'n,
    {
        async move {
            let way = M::way(fork.context.frame(get.site()));
            let branch = M::branch(M::shorten(fork.at), &way);
            let Fork {
                context, shared, ..
            } = *fork;
            let at = M::shorten(M::at_branch(&branch));
            fork.wanted(get.site(), M::shorten(at))?;
            let mut prep = match get.node().prep(shared) {
                Ok(prep) => prep,
                Err(failure) => {
                    return Err(context.attempted(get.site(), None, Stage::Prep, failure));
                }
            };
            let execution = Execution {
                node: get.node(),
                shared,
                prep: &prep,
                context,
                site: get.site(),
                at,
            };
            let done = N::run(execution).await?;
            Ok(Finished {
                kept: N::keep(&mut prep),
                done,
                types: PhantomData,
            })
        }
    }

    fn post(self, node: &N, shared: &mut S, finished: Self::Finished) -> Result<usize, EmptyField> {
        node.post(shared, finished.kept, finished.done)
    }
}

/// The parts of a fork.
#[doc(hidden)]
pub trait Parts<S, M: Mode>: Send + Sync {
    /// What the posts need.
    type Finished: Send;

    /// Every exec.
    fn execs<'a>(
        &'a self,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Join<M, Finished = Self::Finished> + Send;

    /// Runs every post, in the order written.
    fn posts(
        &self,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<(), Error>;
}

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

/// A node of a fork.
#[doc(hidden)]
pub struct ForkBranch<'n, N, R, G> {
    runner: R,
    get: G,
    node: PhantomData<&'n N>,
}

impl<'n, N, R, G: Fn() -> (&'n N, &'static Site)> ForkBranch<'n, N, R, G> {
    /// A node, and its site.
    pub fn new(runner: R, get: G) -> Self {
        Self {
            runner,
            get,
            node: PhantomData,
        }
    }
}

impl<'n, S, M, N, R, G> Parts<S, M> for ForkBranch<'n, N, R, G>
where
    S: Sync,
    M: Mode,
    N: Sync,
    R: Runner<S, Forked<M>, N>,
    G: StepSource<'n, N>,
{
    type Finished = R::Finished;

    fn execs<'a>(
        &'a self,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Join<M, Finished = Self::Finished> + Send {
        One::Runs {
            exec: self.runner.exec(self.get, fork),
        }
    }

    fn posts(
        &self,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<(), Error> {
        match self.runner.post(self.get.node(), shared, finished) {
            Ok(_) => Ok(()),
            Err(empty) => Err(context.failed(self.get.site(), Stage::Post, empty)),
        }
    }
}

pin_project! {
    /// One future, and then what came of it.
    #[project = OneNow]
    enum One<F, T> {
        Runs { #[pin] exec: F },
        Finished { finished: Option<T> },
        Skipped { skipped: Error },
    }
}

impl<F, T> One<F, T> {
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

impl<F: Future<Output = Result<T, Error>>, T, M: Mode> Join<M> for One<F, T> {
    type Finished = T;

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: u32,
    ) -> Poll<Result<(), Error>> {
        if let OneNow::Runs { exec } = self.as_mut().project() {
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
            OneNow::Skipped { skipped } => Some(skipped.clone()),
            _ => None,
        }
    }

    fn take(self: Pin<&mut Self>) -> T {
        let finished = match self.project() {
            OneNow::Finished { finished } => finished.take(),
            _ => None,
        };
        finished.expect("it is taken once, when all have finished")
    }
}

/// Two halves of a fork.
#[doc(hidden)]
#[derive(Debug)]
pub struct ForkPair<A, B>(pub A, pub B);

impl<S, M, A, B> Parts<S, M> for ForkPair<A, B>
where
    S: Sync,
    M: Mode,
    A: Parts<S, M>,
    B: Parts<S, M>,
{
    type Finished = (A::Finished, B::Finished);

    fn execs<'a>(
        &'a self,
        fork: &'a Fork<'a, S, M>,
    ) -> impl Join<M, Finished = Self::Finished> + Send {
        Pair {
            a: self.0.execs(fork),
            b: self.1.execs(fork),
        }
    }

    fn posts(
        &self,
        context: &FlowContext<'_, M>,
        shared: &mut S,
        finished: Self::Finished,
    ) -> Result<(), Error> {
        self.0.posts(context, shared, finished.0)?;
        self.1.posts(context, shared, finished.1)
    }
}

pin_project! {
    /// Two futures in one.
    struct Pair<A, B> {
        #[pin]
        a: A,
        #[pin]
        b: B,
    }
}

impl<A: Join<M>, B: Join<M>, M: Mode> Join<M> for Pair<A, B> {
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
    struct Joined<J, M> {
        #[pin]
        execs: J,
        turn: u32,
        mode: PhantomData<fn() -> M>,
    }
}

impl<J: Join<M>, M: Mode> Future for Joined<J, M> {
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

/// A future where it will stay. An unoptimized build moves one that is awaited from one place on
/// the stack to the next, and keeps them all as long as the function runs. A pinned one costs a
/// pointer, so an optimized build does without.
#[cfg(debug_assertions)]
macro_rules! in_place {
    ($future:expr) => {
        std::pin::pin!($future)
    };
}
#[cfg(not(debug_assertions))]
macro_rules! in_place {
    ($future:expr) => {
        $future
    };
}

/// Runs a fork, as one step.
#[doc(hidden)]
pub fn fork_step<'a, S, M, P>(
    parts: P,
    site: &'static Site,
    context: &'a FlowContext<'a, M>,
    shared: &'a mut S,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, S, M, P>
where
    S: Shared,
    M: StepMode<S>,
    P: Parts<S, M> + 'a,
{
    M::step(context, site, shared, Forking { parts, context })
}

struct Forking<'a, P, M> {
    parts: P,
    context: &'a FlowContext<'a, M>,
}

impl<S, M, P> StepBody<S, M> for Forking<'_, P, M>
where
    S: Shared,
    M: Mode,
    P: Parts<S, M>,
{
    fn act(
        self,
        at: M::At<'_>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        let Self { parts, context } = self;
        async move {
            let finished = {
                let fork = Fork {
                    context,
                    at: M::shorten(at),
                    shared: &*shared,
                };
                let joined = in_place!(Joined {
                    execs: parts.execs(&fork),
                    turn: 0,
                    mode: PhantomData::<fn() -> M>
                });
                joined.await?
            };
            parts.posts(context, shared, finished)?;
            Ok(0)
        }
    }
}
