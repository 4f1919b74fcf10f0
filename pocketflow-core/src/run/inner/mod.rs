//! Flows on inner stores: `Flow.on(field)` and `Flow.each(field)`.
//!
//! Only the derive of a store knows the types of its fields, which may be private. So it writes an
//! impl of [`FieldOn`] for each field, with the bound that the type of the field is one that the
//! place can [run on](RunOn). What runs there is generic code of this module.

/// Makes the [`Outer`] of a place, with what it borrows from. It is a macro, because the borrows
/// live as long as the step.
macro_rules! outer {
    ($M:ident, $at:ident, $outer:ident, $group:expr) => {
        let frame = $at.context.frame($at.site);
        let branch_frame = $M::branch_frame(frame);
        let branch = $M::branch($M::reborrow($at.info), &branch_frame);
        let group = $group;
        let $outer = Outer::<$M> {
            held: $at.context.held,
            frame: &frame,
            info: $M::branch_info(&branch),
            group: &group,
        };
    };
}
mod each;
mod fork;
mod on;
mod runner;

pub use fork::{EachBranch, OnBranch, fork_of_flows};
pub use runner::{EachRunner, OnRunner};

use std::fmt;
use std::marker::PhantomData;

use super::context::FlowContext;
use super::contract::StepMode;
use super::flow::{Flow, Walk};
use super::mode::Mode;
use crate::driver::{Frame, Site};
use crate::run::step_future::StepFuture;
use crate::run_error::{Error, Failed, ItemName, Stage};
use crate::store::{Parts, Shared, Split};

/// What a place does with a field: a flow runs on it, or on each of its items.
#[doc(hidden)]
pub trait InnerPlace: Copy + Send + Sync {
    /// The flow.
    type Flow: Send + Sync;

    /// What is known when it is done.
    type Done: Send;
}

/// A flow runs on the field: `Flow.on(field)`.
#[doc(hidden)]
#[derive(Debug)]
pub struct OnFlow<F>(PhantomData<fn() -> F>);

/// A flow runs on each item of the field: `Flow.each(field)`.
#[doc(hidden)]
#[derive(Debug)]
pub struct EachFlow<F> {
    /// How many items are in flight at a time.
    width: usize,
    flow: PhantomData<fn() -> F>,
}

impl<F> Clone for OnFlow<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for OnFlow<F> {}

impl<F> Clone for EachFlow<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for EachFlow<F> {}

impl<F> EachFlow<F> {
    fn of(width: usize) -> Self {
        Self {
            width,
            flow: PhantomData,
        }
    }
}

impl<F: Send + Sync> InnerPlace for OnFlow<F> {
    type Flow = F;

    /// The index of the exit.
    type Done = usize;
}

impl<F: Send + Sync> InnerPlace for EachFlow<F> {
    type Flow = F;

    /// The failures of items, in their order, if the place collects them.
    type Done = Vec<Failed>;
}

/// A field of the type `Self` on which a place can run a flow: a store, or a collection of stores.
#[doc(hidden)]
pub trait RunOn<P: InnerPlace, M: Mode> {
    /// Runs the flow.
    fn run_on(&mut self, place: P, flow: &P::Flow, at: At<'_, '_, M>) -> impl StepFuture<P::Done>;

    /// Checks the policies of the nodes that the flow holds.
    fn check(
        flow: &P::Flow,
        site: &'static Site,
        context: &FlowContext<'_, M>,
    ) -> Result<(), Error>;
}

/// A store that has a field, whose name has this hash, on which a place can run a flow.
///
/// The derive writes an impl for each field, and only the type behind the opaque one differs: what
/// rustc has to prove for an impl is paid for by each field of each store.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "no flow of this kind can run on a field of `{Self}`",
    label = "a flow on a field of `{Self}` does not run here"
)]
pub trait FieldOn<const FIELD: u64, P: InnerPlace, M: Mode>: Split {
    /// The field.
    fn field<'p>(parts: Parts<'p, Self>) -> &'p mut (impl RunOn<P, M> + 'p);
}

/// Where a flow runs on a field: the step of the outer flow, or a branch of it.
#[doc(hidden)]
pub struct At<'c, 'i, M: Mode> {
    context: &'c FlowContext<'c, M>,
    site: &'static Site,
    info: M::Info<'i>,
    above: M::Above,
}

impl<M: Mode> At<'_, '_, M> {
    /// The error of a place whose store is missing. The analysis proves that its field is filled, but
    /// a `Box<Option<_>>` may still hold none.
    #[cold]
    fn empty(&self) -> Error {
        let field = self.site.on().map_or("", |on| on.field);
        let empty = self.site.graph().store().empty(field);
        self.context.error(self.site, Stage::Prep, empty)
    }

    /// Whether the failures of items go to a field, so that the others go on.
    fn collects_failures(&self) -> bool {
        let each = self.site.on().and_then(|on| on.each);
        each.is_some_and(|each| each.failures.is_some())
    }
}

/// What the inner runs of a place share.
#[doc(hidden)]
pub struct Outer<'a, M: Mode> {
    pub(super) held: &'a M::Held,
    /// The frame of the place.
    pub(super) frame: &'a Frame<'a>,
    /// The information about the place.
    pub(super) info: M::Info<'a>,
    pub(super) group: &'a M::Group,
}

impl<M: Mode> Clone for Outer<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Mode> Copy for Outer<'_, M> {}

impl<M: Mode> Outer<'_, M> {
    /// The error of an inner run, which names its item.
    #[cold]
    fn failed(&self, item: Item<'_>, error: Error) -> Error {
        error.in_item(self.frame.depth() + 1, item.name())
    }
}

/// Which item of a collection an inner run is for.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Item<'a> {
    index: usize,
    key: Option<&'a (dyn fmt::Display + Sync + 'a)>,
}

impl Item<'_> {
    /// The item, without the collection.
    pub(super) fn name(&self) -> ItemName {
        match self.key {
            Some(key) => ItemName::Key(key.to_string()),
            None => ItemName::Index(self.index),
        }
    }
}

/// Checks the policies of the nodes that a flow on a field holds.
fn check_held<S, F, M>(
    flow: &F,
    site: &'static Site,
    context: &FlowContext<'_, M>,
) -> Result<(), Error>
where
    S: Shared,
    F: Flow + Walk<S, M>,
    M: StepMode<S>,
{
    let frame = context.frame(site);
    flow.check(&FlowContext {
        held: context.held,
        frame: Frame {
            parent: Some(&frame),
            site: const { &Site::of_flow(&F::GRAPH) },
        },
    })
}

/// Checks the policies of the nodes that a flow on a field holds. Only the type of the field is needed
/// for it, and no store: the function is never called.
fn check_on<S, T, P, M>(
    _: fn(Parts<'static, S>) -> &'static mut T,
    flow: &P::Flow,
    site: &'static Site,
    context: &FlowContext<'_, M>,
) -> Result<(), Error>
where
    S: Split,
    T: RunOn<P, M> + 'static,
    P: InnerPlace,
    M: Mode,
{
    T::check(flow, site, context)
}
