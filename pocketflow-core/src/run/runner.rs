//! What a flow can contain, and how that runs.
//!
//! Only the macro of a node can name the node's `Marker`, and nothing public may mention it. So the
//! macro writes one function, [`FlowStep::runner`], whose opaque result knows that type. The code
//! that uses it is here, once for all nodes.

use std::marker::PhantomData;

use super::context::FlowContext;
use super::mode::Mode;
use crate::driver::Site;
use crate::run::step_future::StepFuture;
use crate::run_error::{EmptyField, Error};

/// The node of a step, and its site. A node without fields is made where it is used, by a function,
/// which takes no space in the future.
///
/// No lifetime is a parameter of this trait, and [`Step`] holds the one that a step needs: Rust
/// 1.91 and older know a future to be `Send` only if each lifetime of the function that returns it
/// is late-bound, which means that it appears in the type of an argument, and in no bound
/// (rust-lang/rust#100013).
#[doc(hidden)]
pub trait StepSource<N: ?Sized>: Copy + Send + Sync {
    /// The node.
    fn node<'n>(self) -> &'n N
    where
        Self: 'n;

    /// The site of the step.
    fn site(self) -> &'static Site;
}

/// A node without fields, and the site of its step. It has no lifetime parameter, because the
/// compiler forgets which lifetime the result of a function has.
#[doc(hidden)]
#[derive(Debug)]
pub struct NodeAt<N: ?Sized + 'static>(pub &'static N, pub &'static Site);

impl<N, G> StepSource<N> for G
where
    N: ?Sized + 'static,
    G: Fn() -> NodeAt<N> + Copy + Send + Sync,
{
    #[inline(always)]
    fn node<'n>(self) -> &'n N
    where
        Self: 'n,
    {
        self().0
    }

    #[inline(always)]
    fn site(self) -> &'static Site {
        self().1
    }
}

/// The site of a step, as a function returns it: see [`NodeAt`].
#[doc(hidden)]
#[derive(Debug)]
pub struct SiteRef(pub &'static Site);

/// A node with fields.
#[doc(hidden)]
#[derive(Debug)]
pub struct NodeWithFields<'n, N: ?Sized, G>(pub &'n N, pub G);

impl<N: ?Sized, G: Copy> Clone for NodeWithFields<'_, N, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: ?Sized, G: Copy> Copy for NodeWithFields<'_, N, G> {}

impl<N, G> StepSource<N> for NodeWithFields<'_, N, G>
where
    N: ?Sized + Sync,
    G: Fn() -> SiteRef + Copy + Send + Sync,
{
    #[inline(always)]
    fn node<'n>(self) -> &'n N
    where
        Self: 'n,
    {
        self.0
    }

    #[inline(always)]
    fn site(self) -> &'static Site {
        self.1().0
    }
}

/// The source of a step that borrows for `'a`. Generated code writes the fields, because a
/// constructor would be compiled for each step.
#[doc(hidden)]
#[derive(Debug)]
pub struct Step<'a, N: ?Sized, G>(pub G, pub PhantomData<fn() -> (&'a G, &'a N)>);

/// What the nodes of a fork share.
#[doc(hidden)]
pub struct Fork<'a, S, M: Mode> {
    pub(super) context: &'a FlowContext<'a, M>,
    pub(super) info: M::Info<'a>,
    pub(super) shared: &'a S,
}

/// Whether a node is alone in its step or a branch of a fork, and the mode of the run.
#[doc(hidden)]
pub trait StepKind {
    /// The mode of the run.
    type Mode: Mode;
}

/// A node that is alone in its step.
impl<M: Mode> StepKind for M {
    type Mode = M;
}

/// A branch of a fork.
#[doc(hidden)]
#[derive(Debug)]
pub struct Forked<M>(PhantomData<fn() -> M>);

impl<M: Mode> StepKind for Forked<M> {
    type Mode = M;
}

/// A node or a flow that a flow over the store `S` can contain and run in the mode `M`, or in a
/// fork for `Forked<M>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run on the store `{S}`",
    label = "not a node or a flow of `{S}`, or not to be driven by `{M}`"
)]
pub trait FlowStep<S, M: StepKind> {
    /// The runner of this node or flow.
    fn runner() -> impl Runner<S, M, Self>;
}

/// Runs a node or a flow: with [`step`](Self::step) if it is alone, or with [`exec`](Self::exec)
/// and [`post`](Self::post) in a fork.
#[doc(hidden)]
pub trait Runner<S, K: StepKind, N: ?Sized>: Copy + Send + Sync {
    /// What `post` needs after `exec` in a fork. It borrows nothing.
    type Finished: Send;

    /// Runs it, and returns the index of the action taken.
    fn step<'a, G>(
        self,
        _step: Step<'a, N, G>,
        _context: &'a mut FlowContext<'_, K::Mode>,
        _shared: &'a mut S,
    ) -> impl StepFuture
    where
        G: StepSource<N>,
    {
        async { unreachable!("a fork has no steps of its own") }
    }

    /// Checks the policies that its fields configure.
    fn check(
        self,
        _node: &N,
        _site: &'static Site,
        _context: &FlowContext<'_, K::Mode>,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// `prep` and `exec`.
    fn exec<'a, G>(
        self,
        _step: Step<'a, N, G>,
        _fork: &'a Fork<'a, S, K::Mode>,
    ) -> impl StepFuture<Self::Finished>
    where
        G: StepSource<N>,
    {
        async { unreachable!("only the nodes of a fork are run in parts") }
    }

    /// `post`.
    fn post(
        self,
        _node: &N,
        _context: &FlowContext<'_, K::Mode>,
        _shared: &mut S,
        _finished: Self::Finished,
    ) -> Result<usize, EmptyField> {
        unreachable!("only the nodes of a fork are run in parts")
    }
}

/// The [`Runner`] of a node that is not a batch, and whose first failure is final.
#[doc(hidden)]
#[derive(Debug)]
pub struct NodeRunner<H>(PhantomData<fn() -> H>);

/// The [`Runner`] of a node that is not a batch, and that recovers from a failure by further
/// attempts or a fallback.
#[doc(hidden)]
#[derive(Debug)]
pub struct RecoveringRunner<H>(PhantomData<fn() -> H>);

/// The [`Runner`] of a batch.
#[doc(hidden)]
#[derive(Debug)]
pub struct BatchRunner<H>(PhantomData<fn() -> H>);

macro_rules! runner {
    ($name:ident) => {
        impl<H> $name<H> {
            /// The runner of a node with this `Marker`.
            pub const RUNNER: Self = Self(PhantomData);
        }

        impl<H> Clone for $name<H> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<H> Copy for $name<H> {}
    };
}

runner!(NodeRunner);
runner!(RecoveringRunner);
runner!(BatchRunner);

/// The [`Runner`] of a node that does not compile, so that rustc reports nothing about the flow
/// around it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct NoRunner;

impl<S, K: StepKind, N: ?Sized> Runner<S, K, N> for NoRunner {
    type Finished = ();
}

/// The [`Runner`] of a flow.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct FlowRunner;
