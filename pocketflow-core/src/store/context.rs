//! The context of a store: what a run is given, and what is never stored.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Shared;

/// A pointer to a context, as [`WithContext`](crate::WithContext) takes it: `&Services`, or an
/// `Arc<Services>` for a run that is spawned.
#[diagnostic::on_unimplemented(
    message = "a flow borrows its context, and `{Self}` is not borrowed",
    label = "write `&` before it, or give it as an `Arc`"
)]
pub trait BorrowContext: Clone + Send + Sync {
    /// The context.
    type Context: ?Sized + Send + Sync;

    /// This pointer. For what is not one, rustc does not know this type, and so it reports only
    /// that.
    #[doc(hidden)]
    type Pointer: BorrowContext<Context = Self::Context>;

    #[doc(hidden)]
    fn pointer(self) -> Self::Pointer;

    /// Borrows it.
    #[doc(hidden)]
    fn borrow_context(&self) -> &Self::Context;
}

impl<C: ?Sized + Send + Sync> BorrowContext for &C {
    type Context = C;
    type Pointer = Self;

    #[inline]
    fn pointer(self) -> Self {
        self
    }

    #[inline]
    fn borrow_context(&self) -> &C {
        self
    }
}

impl<C: ?Sized + Send + Sync> BorrowContext for Arc<C> {
    type Context = C;
    type Pointer = Self;

    #[inline]
    fn pointer(self) -> Self {
        self
    }

    #[inline]
    fn borrow_context(&self) -> &C {
        self
    }
}

/// The context of a run that is given none, as in the type [`With`](crate::With).
#[derive(Debug, Clone, Copy)]
pub struct NoContext;

impl BorrowContext for NoContext {
    type Context = Self;
    type Pointer = Self;

    #[inline]
    fn pointer(self) -> Self {
        self
    }

    #[inline]
    fn borrow_context(&self) -> &Self {
        self
    }
}

/// A store whose nodes can run in the context `C`. A store without a context runs in any.
/// `#[derive(Shared)]` implements it; for a store with a context, under the condition that `C` is
/// [that context](IsContext).
#[doc(hidden)]
pub trait InContext<C: ?Sized>: Shared {
    /// Borrows the context of this store.
    fn lend(context: &C) -> Self::Context<'_>;
}

/// The context `T` of the store `S`, or an `Arc` of it. It is a trait of its own for its message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the store `{S}` has the context `{T}`, and this run is given `{Self}`",
    label = "give the run a `{T}`: `.context(&context)`"
)]
pub trait IsContext<S, T> {
    /// The context itself.
    fn get(&self) -> &T;
}

#[diagnostic::do_not_recommend]
impl<S, T, C: IsContext<S, T> + ?Sized> IsContext<S, T> for Arc<C> {
    #[inline]
    fn get(&self) -> &T {
        (**self).get()
    }
}

/// A store with the context `T`. The type is a parameter, since an associated type of a public
/// store could not be private.
#[doc(hidden)]
pub trait ContextOf<T>: Shared {
    /// The context itself.
    fn open<'c>(context: Self::Context<'c>) -> &'c T;
}

/// The context of a run that cannot be, because the store `S` has a context and the run is given
/// none.
#[doc(hidden)]
#[derive(Debug)]
pub struct Never<S>(Infallible, PhantomData<fn() -> S>);

#[diagnostic::do_not_recommend]
impl<S, Of, T> IsContext<Of, T> for Never<S> {
    fn get(&self) -> &T {
        match self.0 {}
    }
}

/// The context of the store `S`, which has a field with another store, for a check of that store.
#[doc(hidden)]
#[derive(Debug)]
pub struct ContextAround<S>(Infallible, PhantomData<fn() -> S>);

impl<S, T, O: SharesContext<S, T>> IsContext<S, T> for ContextAround<O> {
    fn get(&self) -> &T {
        match self.0 {}
    }
}

/// A store with the context `T`, which it shares with the stores in its fields. It is a separate trait
/// so that it can have its own error message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the store `{S}` has the context `{T}`, and `{Self}` does not have the same one",
    label = "a flow runs on this field in the context of `{Self}`",
    note = "write `#[shared(context = {T})]` on `struct {Self}`, or take what the nodes of `{S}` need from the context of `{Self}`"
)]
pub trait SharesContext<S, T> {}

/// What the `run` of a flow takes in place of a store `S` with the context `T`. Nothing implements
/// it.
///
/// A call of `run` on such a store is an error, and this makes it one error. rustc coerces the
/// argument to the trait object and reports that the store does not implement the trait. A bound of
/// `run` would be reported three times: for the call, for the future that it returns, and for the
/// `.await`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the store `{S}` has the context `{T}`, and this run is given none",
    label = "write `.context(&context)` before `.run(…)`"
)]
pub trait Alone<S, T>: Send + Sync {
    /// Such a value does not exist.
    fn never(&self) -> Infallible;
}

/// A public type with the name of the context, for the message of [`Alone`].
#[doc(hidden)]
pub trait NameContext {
    /// The type.
    type Name;
}
