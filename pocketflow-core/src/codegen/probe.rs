//! Probes: each tells what a type is by an inherent item, which wins over that of a trait.

use core::marker::PhantomData;

/// Tells a late field from a plain one by its type, so that an alias of `Option` is late as well.
#[doc(hidden)]
pub struct Probe<F: ?Sized>(PhantomData<F>);

impl<T> Probe<Option<T>> {
    /// An `Option` is late; this inherent constant wins over the trait's.
    pub const __LATE: bool = true;
    /// Whether the field has a value.
    pub fn __filled(field: &Option<T>) -> bool {
        field.is_some()
    }
}

/// The plain side of [`Probe`].
#[doc(hidden)]
pub trait Plain<F: ?Sized> {
    /// A plain field is never late.
    const __LATE: bool = false;
    /// A plain field always has a value.
    fn __filled(_: &F) -> bool {
        true
    }
}

impl<F: ?Sized> Plain<F> for Probe<F> {}

/// Tells whether a type may go from thread to thread, and be used by several.
#[doc(hidden)]
pub struct Threads<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + Send> Threads<T> {
    /// It may be sent; this inherent constant wins over the trait's.
    pub const __SEND: bool = true;
}

impl<T: ?Sized + Sync> Threads<T> {
    /// It may be shared; this inherent constant wins over the trait's.
    pub const __SYNC: bool = true;
}

/// The other side of [`Threads`].
#[doc(hidden)]
pub trait NoThreads {
    /// It may not be sent.
    const __SEND: bool = false;
    /// It may not be shared.
    const __SYNC: bool = false;
}

impl<T: ?Sized> NoThreads for Threads<T> {}

/// Makes a store's default, if it has one.
#[doc(hidden)]
pub struct Blank<S>(PhantomData<S>);

impl<S: Default> Blank<S> {
    /// The default; this inherent function wins over the trait's.
    pub fn __blank() -> Option<S> {
        Some(S::default())
    }
}

/// A store without a default.
#[doc(hidden)]
pub trait NoBlank<S> {
    /// There is none.
    fn __blank() -> Option<S> {
        None
    }
}

impl<S> NoBlank<S> for Blank<S> {}
