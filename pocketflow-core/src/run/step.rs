//! One visit of a node in a flow.

use std::future::Future;
use std::marker::PhantomData;

use super::batch::Work;
use super::exec::Visit;
use super::flow::Get;
use super::mode::{Act, Failed, Here, ItemMode, Mode, NodeMode};
use super::runner::{BatchRunner, NodeRunner, Runner};
use crate::driver::Spot;
use crate::error::{Error, Stage};
use crate::node::{Node, OrNothing};
use crate::store::Shared;

impl<S, H, N, M, E> Runner<S, M, N> for NodeRunner<H>
where
    S: Shared,
    H: 'static,
    N: for<'i> Node<S, H, Item<'i> = (), Exec = E, Done = E>,
    E: Send,
    M: Mode + NodeMode<S, H, N>,
{
    type Finished = ();

    #[inline]
    fn step<'a, G>(
        self,
        get: G,
        here: &'a mut Here<'_, M>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        G: Get<'a, N>,
        N: 'a,
    {
        let here: &'a Here<'_, M> = here;
        M::step(
            here,
            get.spot(),
            shared,
            One::<'a, H, N, M, G> {
                get,
                here,
                types: PhantomData,
            },
        )
    }
}

impl<S, H, N, M> Runner<S, M, N> for BatchRunner<H>
where
    S: Shared,
    H: 'static,
    N: Work<S, H>,
    M: Mode + ItemMode<S, H, N>,
{
    type Finished = ();

    #[inline]
    fn step<'a, G>(
        self,
        get: G,
        here: &'a mut Here<'_, M>,
        shared: &'a mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        G: Get<'a, N>,
        N: 'a,
    {
        let here: &'a Here<'_, M> = here;
        let act = Batch::<'a, H, N, M> {
            node: get.node(),
            here,
            spot: get.spot(),
            types: PhantomData,
        };
        M::step(here, get.spot(), shared, act)
    }
}

struct One<'a, H, N, M, G> {
    get: G,
    here: &'a Here<'a, M>,
    types: PhantomData<fn() -> (H, &'a N)>,
}

impl<'a, S, H, N, M, G, E> Act<S, M> for One<'a, H, N, M, G>
where
    G: Get<'a, N>,
    S: Shared,
    H: 'static,
    N: for<'i> Node<S, H, Item<'i> = (), Exec = E, Done = E>,
    E: Send,
    M: NodeMode<S, H, N>,
{
    #[inline]
    fn act(
        self,
        at: M::At<'_>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        let Self { get, here, .. } = self;
        // What is kept over an await is room in the future and time in every step: what only a
        // failure needs is made there anew, and `prep` is never moved, so that nothing has
        // to be known of whether it was. Whatever fails leaves by one way, since all of this is
        // compiled for each node.
        async move {
            let failed = 'failed: {
                let (kept, done) = {
                    let (node, spot) = get.both();
                    let mut prep = match node.prep(&*shared) {
                        Ok(prep) => prep,
                        Err(failure) => break 'failed Failed::Prep(failure),
                    };
                    let visit = visit!(node, &*shared, &prep, here, spot, M::shorten(at));
                    let done =
                        done_or_failed!('failed, M::first(visit), get, &*shared, prep, here, at);
                    (N::keep(&mut prep), done)
                };
                match get.node().post(shared, kept, done) {
                    Ok(action) => return Ok(action),
                    Err(empty) => Failed::Post(empty),
                }
            };
            Err(M::failed(here, get.spot(), N::POLICY.attempts, failed))
        }
    }
}

/// A visit of a node as it is now: whoever keeps one over an await pays for the room. What follows
/// are macros, since each function is compiled for each node.
macro_rules! visit {
    ($node:expr, $shared:expr, $prep:expr, $here:expr, $spot:expr, $at:expr) => {
        $crate::run::exec::Visit {
            node: $node,
            shared: $shared,
            prep: $prep,
            here: $here,
            spot: $spot,
            at: $at,
        }
    };
}
pub(super) use visit;

/// The first part of an exec, and what follows if it fails. As a future of its own, it would take
/// more room.
macro_rules! done_or_failed {
    (
        $failed:lifetime, M::$first:ident($visit:expr),
        $get:expr, $shared:expr, $prep:ident, $here:expr, $at:expr
    ) => {
        'done: {
            // No variable is in scope over the await that is moved before it, since each step would
            // keep a flag of whether it was.
            let exec = {
                let reads = match N::reads($shared) {
                    Ok(reads) => reads,
                    Err(empty) => break $failed Failed::Prep(empty),
                };
                M::$first($visit, reads, None, ())
            };
            // What fails is made into its recovery at once, and that awaited where it is, for the
            // same reason.
            let mut recovery = match exec.await {
                Ok(done) => break 'done done,
                // Known when this is compiled, so that no code is made for what a node lacks.
                Err(failed) if const { !M::RECOVERS } => break $failed Failed::First(failed),
                Err(failed) => {
                    let (node, spot) = $get.both();
                    let visit = $crate::run::step::visit!(
                        node, $shared, &$prep, $here, spot, M::shorten($at)
                    );
                    M::recover(visit, None, (), failed)
                }
            };
            match recovery.as_mut().await {
                Ok(done) => done,
                Err(error) => break $failed Failed::Recovery(error),
            }
        }
    };
}
pub(super) use done_or_failed;

struct Batch<'a, H, N, M> {
    node: &'a N,
    here: &'a Here<'a, M>,
    spot: &'static Spot,
    types: PhantomData<fn() -> H>,
}

impl<S, H, N, M> Act<S, M> for Batch<'_, H, N, M>
where
    S: Shared,
    H: 'static,
    N: Work<S, H>,
    M: ItemMode<S, H, N>,
{
    #[inline]
    fn act(
        self,
        at: M::At<'_>,
        shared: &mut S,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        let Self {
            node, here, spot, ..
        } = self;
        async move {
            let (kept, done) = {
                let mut prep = match node.prep(&*shared) {
                    Ok(prep) => prep,
                    Err(failure) => return Err(here.attempted(spot, None, Stage::Prep, failure)),
                };
                let visit = Visit {
                    node,
                    shared: &*shared,
                    prep: &prep,
                    here,
                    spot,
                    at: M::shorten(at),
                };
                let done = N::work(visit).await?;
                (N::keep(&mut prep), done)
            };
            match node.post(shared, kept, done) {
                Ok(action) => Ok(action),
                Err(empty) => Err(here.failed(spot, Stage::Post, empty)),
            }
        }
    }
}

/// What `prep` returned, where `post` takes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Kept<T>(Option<T>);

impl<T> Kept<T> {
    /// What `exec` looks at, before `post`.
    #[inline]
    pub fn new(prep: T) -> Self {
        Self(Some(prep))
    }

    /// Borrows it.
    #[inline]
    pub fn __get(&self) -> &T {
        self.0.as_ref().expect(TAKEN)
    }

    /// Takes it, once.
    #[inline]
    pub fn take(&mut self) -> Prepared<T> {
        Prepared(self.0.take().expect(TAKEN))
    }
}

const TAKEN: &str = "it is taken once, and after that no exec runs";

/// What `prep` returned, for `post`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Prepared<T>(pub T);

impl<T> OrNothing for Prepared<T> {}
