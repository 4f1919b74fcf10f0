//! Execs, items and attempts, as a driver receives them.

use std::future::Future;

use super::Driven;
use crate::driver::seam::{AroundExec, AroundItem};
use crate::driver::{
    AttemptCall, Call, Driver, EarlierAttempts, ExecCall, ItemCall, ItemId, Lends, StepInfo,
};
use crate::node::{self, Attempt, Failure, Key, Node, Reads};
use crate::run::contract::{ItemMode, NodeMode, Recovery};
use crate::run::exec;
use crate::run::execution::Execution;
use crate::run::step_future::StepFuture;
use crate::run_error::Error;
use crate::store::{BorrowContext, InContext};

impl<S, H, N, D, K, X> NodeMode<S, H, N> for Driven<D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
    /// A driver's call has already recovered, if it could.
    const RECOVERS: bool = false;

    /// Each attempt borrows again what `exec` reads.
    fn exec<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        _: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec> {
        K::exec(
            execution.context.held.driver(),
            execution.info,
            index,
            DrivenExec {
                execution,
                index,
                item,
                identity: None,
            },
        )
    }

    #[cold]
    fn recover<'b, 'v, 'p>(
        _: Execution<'v, 'p, S, H, N, Self>,
        _: Option<usize>,
        _: N::Item<'v>,
        failed: Error,
    ) -> Recovery<'b, N::Exec>
    where
        Execution<'v, 'p, S, H, N, Self>: 'b,
    {
        exec::recovered_error(failed)
    }

    fn attempt<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        item: N::Item<'v>,
        attempt: Attempt<'_>,
    ) -> impl StepFuture<N::Exec, Failure> {
        K::attempt(
            execution.context.held.driver(),
            execution.info,
            attempt,
            DrivenAttempt {
                execution,
                item,
                attempt,
            },
        )
    }
}

impl<S, H, N, D, K, X> ItemMode<S, H, N> for Driven<D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundItem<D, S, H, N>,
    X: BorrowContext,
{
    fn item<'v>(
        execution: Execution<'v, '_, S, H, N, Self>,
        _: Reads<'v, N>,
        index: Option<usize>,
        item: N::Item<'v>,
    ) -> impl StepFuture<N::Exec> {
        let id = index.map_or(ItemId::Branch, ItemId::Index);
        let call = DrivenItem(DrivenExec {
            execution,
            index,
            item,
            identity: None,
        });
        K::item(execution.context.held.driver(), execution.info, id, call)
    }
}

/// The source of an attempt's key.
struct StepKey<'a> {
    info: &'a StepInfo<'a>,
    identity: Option<u64>,
}

impl node::KeySource for StepKey<'_> {
    fn key(&self) -> Option<Key<'_>> {
        let Self { info, identity } = *self;
        Some(Key {
            run: info.run_id()?,
            step: info.step,
            branch: info.branch_number(),
            item: None,
            identity,
        })
    }
}

/// The attempts that were made before the run resumed.
fn earlier_attempts<S, H, N, D, K, X>(
    execution: &Execution<'_, '_, S, H, N, Driven<D, K, X>>,
    first: Attempt<'_>,
) -> Option<EarlierAttempts>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
    // A constant, so a node that has one attempt has no code for it.
    if const { !exec::recovers::<S, H, N>() } {
        return None;
    }
    let driver = execution.context.held.driver();
    let mut earlier = driver.earlier_attempts(execution.info, first)?;
    // One attempt is left, even if the policy has changed.
    earlier.made = earlier.made.min(first.of().saturating_sub(1));
    (earlier.made > 0).then_some(earlier)
}

/// One exec with its attempts and its fallback, as a driver receives it.
struct DrivenExec<'v, 'p, S: 'static, H, N: Node<S, H>, D: Send + Sync, K, X: BorrowContext> {
    execution: Execution<'v, 'p, S, H, N, Driven<D, K, X>>,
    index: Option<usize>,
    item: N::Item<'v>,
    identity: Option<u64>,
}

impl<S, H, N, D, K, X> Call for DrivenExec<'_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        async move {
            let Self {
                execution,
                index,
                item,
                identity,
            } = self;
            let work = StepKey {
                info: execution.info,
                identity,
            };
            let first = execution.first_attempt(index, Some(&work));
            if let Some(earlier) = earlier_attempts(&execution, first) {
                let go_on = execution.go_on(index, item, (earlier, true), Some(&work));
                return go_on.await;
            }
            match Driven::attempt(execution, item, first).await {
                Ok(exec) => Ok(exec),
                Err(failure) => execution.recover(index, item, failure, Some(&work)).await,
            }
        }
    }
}

impl<S, H, N, D, K, X> ExecCall<S, H, N> for DrivenExec<'_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
}

/// An item or a branch, as a driver receives it.
struct DrivenItem<'v, 'p, S: 'static, H, N: Node<S, H>, D: Send + Sync, K, X: BorrowContext>(
    DrivenExec<'v, 'p, S, H, N, D, K, X>,
);

impl<S, H, N, D, K, X> Call for DrivenItem<'_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
    type Output = Result<N::Exec, Error>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        let DrivenExec {
            execution, index, ..
        } = self.0;
        K::exec(
            execution.context.held.driver(),
            execution.info,
            index,
            self.0,
        )
    }
}

impl<S, H, N, D, K, X> ItemCall<S, H, N> for DrivenItem<'_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
    fn identify(&mut self, identity: u64) {
        self.0.identity = Some(identity);
    }
}

/// One attempt, as a driver receives it.
struct DrivenAttempt<'v, 'p, 't, S: 'static, H, N: Node<S, H>, D: Send + Sync, K, X: BorrowContext>
{
    execution: Execution<'v, 'p, S, H, N, Driven<D, K, X>>,
    item: N::Item<'v>,
    attempt: Attempt<'t>,
}

impl<S, H, N, D, K, X> Call for DrivenAttempt<'_, '_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
    type Output = Result<N::Exec, Failure>;

    fn call(self) -> impl Future<Output = Self::Output> + Send {
        self.execution.attempt(self.item, self.attempt)
    }
}

impl<S, H, N, D, K, X> AttemptCall<S, H, N> for DrivenAttempt<'_, '_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    H: 'static,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: AroundExec<D, S, H, N>,
    X: BorrowContext,
{
}

impl<S, H, N, D, K, X> Lends<S, H, N> for DrivenExec<'_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: 'static,
    X: BorrowContext,
{
    fn reads(&self) -> Reads<'_, N> {
        self.execution.reads()
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        lend(self.item)
    }
}

impl<S, H, N, D, K, X> Lends<S, H, N> for DrivenItem<'_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: 'static,
    X: BorrowContext,
{
    fn reads(&self) -> Reads<'_, N> {
        self.0.reads()
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        lend(self.0.item)
    }
}

impl<S, H, N, D, K, X> Lends<S, H, N> for DrivenAttempt<'_, '_, '_, S, H, N, D, K, X>
where
    S: InContext<X::Context>,
    N: Node<S, H>,
    D: Driver<S, K>,
    K: 'static,
    X: BorrowContext,
{
    fn reads(&self) -> Reads<'_, N> {
        self.execution.reads()
    }

    fn with_item<T>(&self, lend: impl FnOnce(N::Item<'_>) -> T) -> T {
        lend(self.item)
    }
}
