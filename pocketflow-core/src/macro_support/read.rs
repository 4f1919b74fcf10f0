//! How a node borrows what it reads.

use std::sync::Arc;

/// Reads a late field. `None` means that it is empty, although the checks of the flow passed.
///
/// One generated call of `__read` on a reference to a field borrows both kinds of field. If the
/// field is an `Option`, rustc finds this trait first. If it is not, rustc finds [`ReadPlain`],
/// which needs one more reference. Because `__read` is a method of the field itself, it adds
/// nothing to rustc's message about a field that does not exist.
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

/// Reads a plain field, which always has a value.
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

/// Reads a field as `&Option<T>`. Only a late field that holds an `Option` can be read this way. In
/// any other field, the user meant the value inside: rustc's message suggests borrowing it as `&B`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not borrowed as `&Option<{T}>`",
    label = "write `&{B}`, or `Option<&{B}>` where the field may be empty"
)]
pub trait ReadOption<T, B: ?Sized> {
    /// What the field holds.
    fn read_option(&self) -> Option<&Option<T>>;
}

#[diagnostic::do_not_recommend]
impl<T, B: ?Sized, F: NestedOption<T>> ReadOption<T, B> for F {
    fn read_option(&self) -> Option<&Option<T>> {
        self.get()
    }
}

/// An `Option` of an `Option`. This trait is separate from [`ReadOption`], because rustc's message
/// would otherwise show the only type that implements it.
#[doc(hidden)]
pub trait NestedOption<T> {
    /// The inner `Option`, if there is one.
    fn get(&self) -> Option<&Option<T>>;
}

impl<T> NestedOption<T> for Option<Option<T>> {
    fn get(&self) -> Option<&Option<T>> {
        self.as_ref()
    }
}

/// Borrows what a smart pointer holds, to borrow it as a trait object. Without this, rustc would
/// require the trait of the pointer and not of the value behind it.
///
/// As with [`ReadLate`], the call is a method of the value itself. If the value is not a smart
/// pointer, rustc finds [`BorrowPlain`].
#[doc(hidden)]
pub trait BorrowPointer<T: ?Sized> {
    /// What the pointer holds.
    fn __borrow(&self) -> &T;
}

impl<T: ?Sized> BorrowPointer<T> for Box<T> {
    fn __borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowPointer<T> for Arc<T> {
    fn __borrow(&self) -> &T {
        self
    }
}

/// Borrows any other value, or what a reference refers to.
#[doc(hidden)]
pub trait BorrowPlain<'a, T: ?Sized> {
    /// The value.
    fn __borrow(&self) -> &'a T;
}

impl<'a, T: ?Sized> BorrowPlain<'a, T> for &'a T {
    fn __borrow(&self) -> &'a T {
        self
    }
}
