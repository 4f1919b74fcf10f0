//! Drivers around drivers.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use super::exec::{AttemptCall, ExecCall, ItemCall, ItemId, Lends};
use super::seam::{AroundExec, AroundItem, around};
use super::{Call, Driver, EarlierAttempts, Run, Start, StepInfo, Taken};
use crate::graph::Graph;
use crate::node::{Attempt, Failure, Node, Reads};
use crate::run_error::Error;
use crate::store::Shared;

/// Two drivers as one; the first wraps the second. [`With::with`](crate::With::with) makes it. The
/// seam of two drivers is the `Stack` of their seams.
#[derive(Debug, Clone, Copy)]
pub struct Stack<A, B>(pub A, pub B);

impl<S, A, B, K, L> Driver<S, Stack<K, L>> for Stack<A, B>
where
    S: Shared,
    A: Driver<S, K>,
    B: Driver<S, L>,
    K: 'static,
    L: 'static,
{
    /// Calls the outer driver first. The inner one overrides its answer, unless the inner one
    /// returns [`Start::Fresh`].
    async fn begin(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
    ) -> Result<Start, Error> {
        let outer = self.0.begin(flow, info, shared).await?;
        Ok(match self.1.begin(flow, info, shared).await? {
            Start::Fresh => outer,
            inner => inner,
        })
    }

    fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        let inner = InnerFlow {
            driver: &self.1,
            flow,
            info,
            run,
            seam: PhantomData::<fn() -> L>,
        };
        self.0.flow(flow, info, shared, inner)
    }

    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        self.0.step(
            info,
            shared,
            InnerStep {
                driver: &self.1,
                info,
                run,
                seam: PhantomData::<fn() -> L>,
            },
        )
    }

    fn wants(&self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
        self.0.wants(info, item) && self.1.wants(info, item)
    }

    fn wait_to_retry<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        time: Duration,
        call: C,
    ) -> impl Future<Output = Result<(), Error>> + Send
    where
        C: Call<Output = Result<(), Error>>,
    {
        let inner = InnerWait {
            driver: &self.1,
            info,
            next,
            time,
            call,
            types: PhantomData::<fn() -> (S, L)>,
        };
        self.0.wait_to_retry(info, next, time, inner)
    }

    /// The answer of the outer driver comes first.
    fn earlier_attempts(&self, info: &StepInfo<'_>, first: Attempt<'_>) -> Option<EarlierAttempts> {
        let outer = self.0.earlier_attempts(info, first);
        outer.or_else(|| self.1.earlier_attempts(info, first))
    }

    fn run_id(&self) -> Option<&str> {
        self.0.run_id().or_else(|| self.1.run_id())
    }
}

impl<S, Marker, N, A, B, K, L> AroundExec<Stack<A, B>, S, Marker, N> for Stack<K, L>
where
    S: Shared,
    Marker: 'static,
    N: Node<S, Marker>,
    B: Sync,
    K: AroundExec<A, S, Marker, N>,
    L: AroundExec<B, S, Marker, N>,
{
    around!(exec(driver: Stack<A, B>, info, item, call) {
        let inner = Inner::<_, _, _, (S, Marker, N, L)>::new(&driver.1, info, item, call);
        K::exec(&driver.0, info, item, inner)
    });
    around!(attempt(driver: Stack<A, B>, info, attempt, call) {
        let inner = Inner::<_, _, _, (S, Marker, N, L)>::new(&driver.1, info, attempt, call);
        K::attempt(&driver.0, info, attempt, inner)
    });
}

impl<S, Marker, N, A, B, K, L> AroundItem<Stack<A, B>, S, Marker, N> for Stack<K, L>
where
    S: Shared,
    Marker: 'static,
    N: Node<S, Marker>,
    B: Sync,
    K: AroundItem<A, S, Marker, N>,
    L: AroundItem<B, S, Marker, N>,
{
    around!(item(driver: Stack<A, B>, info, item, call) {
        let inner = Inner::<_, _, _, (S, Marker, N, L)>::new(&driver.1, info, item, call);
        K::item(&driver.0, info, item, inner)
    });
}

// Each reference has a lifetime parameter, so that a driver's future captures only the lifetimes of
// its arguments.
struct InnerFlow<'d, 'a, 't, B, R, L> {
    driver: &'d B,
    flow: &'static Graph,
    info: Option<&'a StepInfo<'t>>,
    run: R,
    seam: PhantomData<fn() -> L>,
}

impl<S, B, R, L> Run<S> for InnerFlow<'_, '_, '_, B, R, L>
where
    S: Shared,
    B: Driver<S, L>,
    R: Run<S>,
    L: 'static,
{
    fn run(self, shared: &mut S) -> impl Future<Output = Result<Taken, Error>> + Send {
        self.driver.flow(self.flow, self.info, shared, self.run)
    }

    fn run_id(&self) -> Option<&str> {
        self.run.run_id()
    }
}

struct InnerStep<'d, 'a, 't, B, R, L> {
    driver: &'d B,
    info: &'a StepInfo<'t>,
    run: R,
    seam: PhantomData<fn() -> L>,
}

impl<S, B, R, L> Run<S> for InnerStep<'_, '_, '_, B, R, L>
where
    S: Shared,
    B: Driver<S, L>,
    R: Run<S>,
    L: 'static,
{
    fn run(self, shared: &mut S) -> impl Future<Output = Result<Taken, Error>> + Send {
        self.driver.step(self.info, shared, self.run)
    }

    fn run_id(&self) -> Option<&str> {
        self.run.run_id()
    }
}

struct InnerWait<'d, 'a, 't, 'n, B, C, T> {
    driver: &'d B,
    info: &'a StepInfo<'t>,
    next: Attempt<'n>,
    time: Duration,
    call: C,
    types: PhantomData<fn() -> T>,
}

impl<S, B, C, L> Call for InnerWait<'_, '_, '_, '_, B, C, (S, L)>
where
    S: Shared,
    B: Driver<S, L>,
    C: Call<Output = Result<(), Error>>,
    L: 'static,
{
    type Output = Result<(), Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.driver
            .wait_to_retry(self.info, self.next, self.time, self.call)
    }
}

/// A call that the inner driver wraps. `W` identifies the call: it is the index of an item, an
/// attempt, or the id of an item. `T` holds the types of the node and the driver's seam.
struct Inner<'d, 'a, 't, B, W, C, T> {
    driver: &'d B,
    info: &'a StepInfo<'t>,
    which: W,
    call: C,
    types: PhantomData<fn() -> T>,
}

impl<'d, 'a, 't, B, W, C, T> Inner<'d, 'a, 't, B, W, C, T> {
    fn new(driver: &'d B, info: &'a StepInfo<'t>, which: W, call: C) -> Self {
        Self {
            driver,
            info,
            which,
            call,
            types: PhantomData,
        }
    }
}

impl<S, Marker, N, L, B, W, C> Lends<S, Marker, N> for Inner<'_, '_, '_, B, W, C, (S, Marker, N, L)>
where
    S: 'static,
    N: Node<S, Marker>,
    C: Lends<S, Marker, N>,
{
    fn reads(&self) -> Reads<'_, N> {
        self.call.reads()
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        self.call.with_item(lend)
    }
}

macro_rules! inner {
    ($around:ident::$method:ident, $which:ty, $call:ident -> $error:ty { $($rest:tt)* }) => {
        impl<S, Marker, N, L, B, C> Call for Inner<'_, '_, '_, B, $which, C, (S, Marker, N, L)>
        where
            S: Shared,
            N: Node<S, Marker>,
            B: Sync,
            L: $around<B, S, Marker, N>,
            C: $call<S, Marker, N>,
        {
            type Output = Result<N::Exec, $error>;

            fn call(self) -> impl Future<Output = Self::Output> + Send {
                L::$method(self.driver, self.info, self.which, self.call)
            }
        }

        impl<S, Marker, N, L, B, C> $call<S, Marker, N>
            for Inner<'_, '_, '_, B, $which, C, (S, Marker, N, L)>
        where
            S: Shared,
            N: Node<S, Marker>,
            B: Sync,
            L: $around<B, S, Marker, N>,
            C: $call<S, Marker, N>,
        {
            $($rest)*
        }
    };
}

inner!(AroundExec::exec, Option<usize>, ExecCall -> Error {});
inner!(AroundExec::attempt, Attempt<'_>, AttemptCall -> Failure {});
inner!(AroundItem::item, ItemId<'_>, ItemCall -> Error {
    fn identify(&mut self, identity: u64) {
        self.call.identify(identity);
    }
});
