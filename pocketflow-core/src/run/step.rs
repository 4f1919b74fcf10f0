//! One visit of a node in a flow.

use std::future::Future;
use std::marker::PhantomData;

use super::batch::Work;
use super::exec::Visit;
use super::flow::Get;
use super::mode::{Act, Here, ItemMode, Mode, NodeMode};
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

/// Runs `prep`.
#[inline]
pub(super) fn prepare<'a, S, H, N, M>(
    node: &'a N,
    here: &Here<'_, M>,
    spot: &'static Spot,
    shared: &'a S,
) -> Result<N::Prep<'a>, Error>
where
    N: Node<S, H>,
{
    node.prep(shared)
        .map_err(|failure| here.failed(spot, Stage::Prep, failure.into_cause()))
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
        // to be known of whether it was.
        async move {
            let (kept, exec) = {
                let mut prep = prepare(get.node(), here, get.spot(), shared)?;
                let exec = first_or_recovered!(M::first, get, &*shared, prep, here, M::shorten(at));
                (N::keep(&mut prep), exec)
            };
            finish(get.node(), here, get.spot(), shared, kept, exec)
        }
    }
}

/// The first part of an exec, and what follows if it fails. A macro, since as a future of its own
/// it would take more room.
macro_rules! first_or_recovered {
    ($first:path, $get:expr, $shared:expr, $prep:ident, $here:expr, $at:expr) => {
        'done: {
            let visit = $crate::run::step::visit($get, $shared, &$prep, $here, $at);
            // What fails is made into its recovery at once, and that awaited where it is: otherwise
            // each step would keep a flag of whether it was moved.
            let mut recovery = match $first(visit, None, ()).await.map_err(|failed| {
                let visit = $crate::run::step::visit($get, $shared, &$prep, $here, $at);
                M::recover(visit, None, (), failed)
            }) {
                Ok(exec) => break 'done exec,
                Err(recovery) => recovery,
            };
            recovery.as_mut().await?
        }
    };
}
pub(super) use first_or_recovered;

/// A visit of a node as it is now: whoever keeps one over an await pays for the room.
#[inline]
pub(super) fn visit<'a: 'v, 'v, 'p, S, H, N: Node<S, H>, M: Mode>(
    get: impl Get<'a, N>,
    shared: &'v S,
    prep: &'v N::Prep<'p>,
    here: &'v Here<'v, M>,
    at: M::At<'v>,
) -> Visit<'v, 'p, S, H, N, M> {
    Visit {
        node: get.node(),
        shared,
        prep,
        here,
        spot: get.spot(),
        at,
    }
}

/// Runs `post`.
#[inline]
fn finish<S, H, N, M>(
    node: &N,
    here: &Here<'_, M>,
    spot: &'static Spot,
    shared: &mut S,
    kept: N::Kept,
    done: N::Done,
) -> Result<usize, Error>
where
    N: Node<S, H>,
{
    node.post(shared, kept, done)
        .map_err(|empty| here.failed(spot, Stage::Post, empty))
}

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
                let mut prep = prepare(node, here, spot, shared)?;
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
            finish(node, here, spot, shared, kept, done)
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
