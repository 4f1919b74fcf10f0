//! What is known of a node by its type alone.

use std::any::Any;

use super::{Attempt, Failure, Node, Reads};
use crate::graph::Describe;
use crate::store::Shared;

/// A node, without the parameters of [`Node`]. `#[node]` implements it, and drivers such as
/// [`Stub`](crate::Stub) use it as a bound, so that `stub.node::<answer>(…)` needs nothing but the
/// node.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "not the type of a node",
    note = "a node is `#[node(Store)]` on a function or on an `impl`; a flow is not one node, so name the nodes in it"
)]
pub trait TypedNode: Describe + 'static {
    /// What one call of `exec` returns.
    type Exec: Send;

    /// Forgets the type of the node in what replaces its `exec`.
    #[doc(hidden)]
    fn erase(stub: BoxedStub<Self, Self::Exec>) -> Box<dyn Any + Send>;
}

/// A batch, without the parameters of [`Node`]: see [`TypedNode`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a batch",
    label = "not the type of a batch",
    note = "a batch is a node with a parameter `#[each(field)]`"
)]
pub trait TypedBatch: TypedNode {
    /// The item that a call of `exec` works on.
    type Item<'a>: Copy + Send + Sync;

    /// [`TypedNode::erase`], with the item.
    #[doc(hidden)]
    fn erase_each(stub: BoxedEachStub<Self>) -> Box<dyn Any + Send>;
}

/// The parameters with which a type is a [`Node`], as a pair: the store and the marker.
///
/// As an associated type, rustc would reject them if one of them is private, and the marker always
/// is. So the macro writes a parameter of the impl in their place, and a bound that says what the
/// parameter is, because rustc accepts private types in the bounds of a trait's impl:
///
/// ```text
/// impl<P> NodeParameters for pay where (Order, Marker): Itself<Type = P> { type Pair = P; }
/// ```
///
/// This is only for code of the library. Where generated code has an expression of a type with a
/// private parameter, it does not compile in another module, even if it does not name the type.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "not the type of a node",
    note = "a node is `#[node(Store)]` on a function or on an `impl`; a flow is not one node, so name the nodes in it"
)]
pub trait NodeParameters {
    /// The pair.
    type Pair;
}

/// Any type, for a bound that says what a parameter is: see [`NodeParameters`].
#[doc(hidden)]
pub trait Itself {
    /// This type.
    type Type;
}

impl<T> Itself for T {
    type Type = T;
}

#[diagnostic::do_not_recommend]
impl<N> TypedNode for N
where
    N: Describe + NodeParameters + 'static,
    N::Pair: ParametersOf<N>,
{
    type Exec = <N::Pair as ParametersOf<N>>::Exec;

    fn erase(stub: BoxedStub<Self, Self::Exec>) -> Box<dyn Any + Send> {
        N::Pair::erase(stub)
    }
}

/// A pair of types with which `N` is a [`Node`].
#[doc(hidden)]
pub trait ParametersOf<N: Describe> {
    /// [`TypedNode::Exec`].
    type Exec: Send;

    /// [`TypedNode::erase`].
    fn erase(stub: BoxedStub<N, Self::Exec>) -> Box<dyn Any + Send>;
}

impl<N: Node<S, H>, S: Shared, H: 'static> ParametersOf<N> for (S, H) {
    type Exec = N::Exec;

    fn erase(stub: BoxedStub<N, N::Exec>) -> Box<dyn Any + Send> {
        Box::new(Replacement::<S, H, N>::Node(stub))
    }
}

/// A function that replaces an attempt at the `exec` of a node.
pub(crate) type BoxedStub<N, Exec> =
    Box<dyn FnMut(Reads<'_, N>, Attempt<'_>) -> Result<Exec, Failure> + Send>;

/// A function that replaces an attempt at an item of a batch.
pub(crate) type BoxedEachStub<N> = Box<
    dyn FnMut(
            Reads<'_, N>,
            <N as TypedBatch>::Item<'_>,
            Attempt<'_>,
        ) -> Result<<N as TypedNode>::Exec, Failure>
        + Send,
>;

/// A function that replaces an attempt, in the types that a driver knows.
pub(crate) enum Replacement<S: 'static, Marker, N: Node<S, Marker>> {
    Node(BoxedStub<N, N::Exec>),
    Each(BoxedEach<S, Marker, N>),
}

type BoxedEach<S, Marker, N> = Box<
    dyn FnMut(
            Reads<'_, N>,
            <N as Node<S, Marker>>::Item<'_>,
            Attempt<'_>,
        ) -> Result<<N as Node<S, Marker>>::Exec, Failure>
        + Send,
>;
