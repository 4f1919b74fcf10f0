//! How a node borrows what it reads.

use std::sync::Arc;

/// Reads a late field: what it holds, or `None` where it is empty against the flow's proof.
///
/// A call of `__read` on a reference to a field finds this trait first where the field is an
/// `Option`, and [`ReadPlain`], which needs one more reference, where it is not: so one generated
/// call borrows both kinds. Being a method of the field itself, it adds nothing to rustc's message
/// about a field that does not exist.
#[doc(hidden)]
pub trait ReadLate<T> {
    /// What the field holds.
    fn __read(&self) -> Option<&T>;
}

impl<T> ReadLate<T> for Option<T> {
    fn __read(&self) -> Option<&T> {
        self.as_ref()
    }
}

/// Reads a plain field, which is always there.
#[doc(hidden)]
pub trait ReadPlain<'a, F> {
    /// The field.
    fn __read(&self) -> Option<&'a F>;
}

impl<'a, F> ReadPlain<'a, F> for &'a F {
    fn __read(&self) -> Option<&'a F> {
        Some(self)
    }
}

/// Reads a field as `&Option<T>`, which only a late field can be that holds one. Of any other, what
/// it holds was meant: `B` is how that is best borrowed.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not borrowed as `&Option<{T}>`",
    label = "write `&{B}`, or `Option<&{B}>` where the field may be empty"
)]
pub trait Held<T, B: ?Sized> {
    /// What the field holds.
    fn held(&self) -> Option<&Option<T>>;
}

#[diagnostic::do_not_recommend]
impl<T, B: ?Sized, F: Twice<T>> Held<T, B> for F {
    fn held(&self) -> Option<&Option<T>> {
        self.get()
    }
}

/// An `Option` of an `Option`. A trait beside [`Held`], or rustc's message would show the one type
/// that implements it.
#[doc(hidden)]
pub trait Twice<T> {
    /// What it holds.
    fn get(&self) -> Option<&Option<T>>;
}

impl<T> Twice<T> for Option<Option<T>> {
    fn get(&self) -> Option<&Option<T>> {
        self.as_ref()
    }
}

/// A borrowed value, to be borrowed on as a trait object: `__lend` is an inherent method where it
/// is a smart pointer, and that of [`LendPlain`] where it is not. rustc alone would look for the
/// trait at the pointer.
#[doc(hidden)]
pub struct Lent<'a, F: ?Sized>(pub &'a F);

impl<'a, T: ?Sized> Lent<'a, Box<T>> {
    /// What the box holds.
    pub fn __lend(self) -> &'a T {
        self.0
    }
}

impl<'a, T: ?Sized> Lent<'a, &T> {
    /// What is borrowed.
    pub fn __lend(self) -> &'a T {
        self.0
    }
}

impl<'a, T: ?Sized> Lent<'a, Arc<T>> {
    /// What is shared.
    pub fn __lend(self) -> &'a T {
        self.0
    }
}

/// The plain side of [`Lent`].
#[doc(hidden)]
pub trait LendPlain<'a, F: ?Sized> {
    /// The value.
    fn __lend(self) -> &'a F;
}

impl<'a, F: ?Sized> LendPlain<'a, F> for Lent<'a, F> {
    fn __lend(self) -> &'a F {
        self.0
    }
}
