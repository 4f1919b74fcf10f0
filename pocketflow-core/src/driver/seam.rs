//! The seams: what a driver wraps.
//!
//! The second parameter of [`Driver`](crate::Driver) says what a driver wraps. Where a driver is
//! used, the compiler infers it.
//!
//! | the driver | implements |
//! | --- | --- |
//! | `Driver<S>`, which is `Driver<S, Steps>` | [`Driver`](crate::Driver) alone |
//! | `Driver<S, Execs>` | [`ExecDriver`](crate::ExecDriver) as well |
//! | `Driver<S, Items>` | [`KeepDriver`](crate::KeepDriver) as well |
//! | `Driver<S, (Execs, Items)>` | both, with `(Execs, Items)` as their last parameter |
//!
//! [`Through`] and [`Stack`](crate::Stack) are the seams of drivers that hold other drivers.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use super::StepInfo;
use super::exec::{AttemptCall, ExecCall, ExecDriver, ItemCall, ItemId, KeepDriver};
use crate::node::{Attempt, Failure, Node};
use crate::run_error::Error;
use crate::store::Shared;

/// The seam of a driver that wraps runs, flows and steps: it implements only
/// [`Driver`](crate::Driver).
#[derive(Debug)]
pub enum Steps {}

/// The seam of a driver that also wraps the `exec` of each node and each attempt: it also
/// implements [`ExecDriver`].
#[derive(Debug)]
pub enum Execs {}

/// The seam of a driver that also wraps each item of a batch and each branch of a fork: it also
/// implements [`KeepDriver`].
#[derive(Debug)]
pub enum Items {}

/// The seam of a driver behind a pointer: `&D`, `Arc<D>`, `Box<D>`.
#[derive(Debug)]
pub struct Through<K>(PhantomData<fn() -> K>);

/// What a driver with this seam does around the exec of a node.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{D}` cannot drive the node `{N}`",
    label = "not a driver for every node of the flow"
)]
pub trait AroundExec<D: ?Sized, S: 'static, Marker, N: Node<S, Marker>>: 'static {
    /// Wraps an exec.
    fn exec<C>(
        driver: &D,
        info: &StepInfo<'_>,
        item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ExecCall<S, Marker, N>;

    /// Wraps an attempt.
    fn attempt<C>(
        driver: &D,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>;
}

/// What a driver with this seam does around an item.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{D}` cannot drive the node `{N}`",
    label = "not a driver for every node of the flow"
)]
pub trait AroundItem<D: ?Sized, S: 'static, Marker, N: Node<S, Marker>>:
    AroundExec<D, S, Marker, N>
{
    /// Wraps an item or a branch.
    fn item<C>(
        driver: &D,
        info: &StepInfo<'_>,
        item: ItemId<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ItemCall<S, Marker, N>;
}

/// A method of a seam. Only the body differs from driver to driver.
macro_rules! around {
    (exec($driver:tt: $D:ty, $info:tt, $item:tt, $call:ident) $body:block) => {
        fn exec<C>(
            $driver: &$D,
            $info: &StepInfo<'_>,
            $item: Option<usize>,
            $call: C,
        ) -> impl Future<Output = Result<N::Exec, Error>> + Send
        where
            C: ExecCall<S, Marker, N>,
        $body
    };
    (attempt($driver:tt: $D:ty, $info:tt, $attempt:tt, $call:ident) $body:block) => {
        fn attempt<C>(
            $driver: &$D,
            $info: &StepInfo<'_>,
            $attempt: Attempt<'_>,
            $call: C,
        ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
        where
            C: AttemptCall<S, Marker, N>,
        $body
    };
    (item($driver:tt: $D:ty, $info:tt, $item:tt, $call:ident) $body:block) => {
        fn item<C>(
            $driver: &$D,
            $info: &StepInfo<'_>,
            $item: ItemId<'_>,
            $call: C,
        ) -> impl Future<Output = Result<N::Exec, Error>> + Send
        where
            C: ItemCall<S, Marker, N>,
        $body
    };
}
pub(super) use around;

impl<D: Sync, S: 'static, Marker, N: Node<S, Marker>> AroundExec<D, S, Marker, N> for Steps {
    // The call itself: a driver without this seam adds neither a future nor a type.
    around!(exec(_: D, _, _, call) { call.call() });
    around!(attempt(_: D, _, _, call) { call.call() });
}

impl<D: Sync, S: 'static, Marker, N: Node<S, Marker>> AroundItem<D, S, Marker, N> for Steps {
    around!(item(_: D, _, _, call) { call.call() });
}

impl<D, S, Marker, N> AroundExec<D, S, Marker, N> for Execs
where
    S: Shared,
    N: Node<S, Marker>,
    D: ExecDriver<S, Marker, N>,
{
    around!(exec(driver: D, info, item, call) { driver.exec(info, item, call) });
    around!(attempt(driver: D, info, attempt, call) { driver.attempt(info, attempt, call) });
}

impl<D, S, Marker, N> AroundItem<D, S, Marker, N> for Execs
where
    S: Shared,
    N: Node<S, Marker>,
    D: ExecDriver<S, Marker, N>,
{
    around!(item(_: D, _, _, call) { call.call() });
}

impl<D: Sync, S: 'static, Marker, N: Node<S, Marker>> AroundExec<D, S, Marker, N> for Items {
    around!(exec(_: D, _, _, call) { call.call() });
    around!(attempt(_: D, _, _, call) { call.call() });
}

impl<D, S, Marker, N> AroundItem<D, S, Marker, N> for Items
where
    S: Shared,
    N: Node<S, Marker>,
    D: KeepDriver<S, Marker, N>,
{
    around!(item(driver: D, info, item, call) { driver.item(info, item, call) });
}

impl<D, S, Marker, N> AroundExec<D, S, Marker, N> for (Execs, Items)
where
    S: Shared,
    N: Node<S, Marker>,
    D: ExecDriver<S, Marker, N, Self>,
{
    around!(exec(driver: D, info, item, call) { driver.exec(info, item, call) });
    around!(attempt(driver: D, info, attempt, call) { driver.attempt(info, attempt, call) });
}

impl<D, S, Marker, N> AroundItem<D, S, Marker, N> for (Execs, Items)
where
    S: Shared,
    N: Node<S, Marker>,
    D: ExecDriver<S, Marker, N, Self> + KeepDriver<S, Marker, N, Self>,
{
    around!(item(driver: D, info, item, call) { driver.item(info, item, call) });
}

impl<P, K, S, Marker, N> AroundExec<P, S, Marker, N> for Through<K>
where
    S: 'static,
    N: Node<S, Marker>,
    P: Deref,
    K: AroundExec<P::Target, S, Marker, N>,
{
    around!(exec(driver: P, info, item, call) { K::exec(driver, info, item, call) });
    around!(attempt(driver: P, info, attempt, call) { K::attempt(driver, info, attempt, call) });
}

impl<P, K, S, Marker, N> AroundItem<P, S, Marker, N> for Through<K>
where
    S: 'static,
    N: Node<S, Marker>,
    P: Deref,
    K: AroundItem<P::Target, S, Marker, N>,
{
    around!(item(driver: P, info, item, call) { K::item(driver, info, item, call) });
}
