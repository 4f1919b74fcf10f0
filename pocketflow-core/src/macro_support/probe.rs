//! Probes: each detects a property of a type. Rust prefers an inherent item over a trait's item,
//! and the inherent item exists only for types with the property.

use core::marker::PhantomData;

use crate::run_error::Failed;
use crate::store::{InnerStore, Reach, StoreItems};

/// Tells whether a field is late, by its type, so that an alias of `Option` is late as well.
#[doc(hidden)]
pub struct FieldKind<F: ?Sized>(PhantomData<F>);

impl<T> FieldKind<Option<T>> {
    /// An `Option` is late; this inherent constant wins over the trait's.
    pub const __LATE: bool = true;
    /// Whether the field has a value.
    pub fn __filled(field: &Option<T>) -> bool {
        field.is_some()
    }
    /// Empties the field.
    pub fn __clear(field: &mut Option<T>) {
        *field = None;
    }
}

/// The case of [`FieldKind`] that is a plain field.
#[doc(hidden)]
pub trait PlainField<F: ?Sized> {
    /// A plain field is never late.
    const __LATE: bool = false;
    /// A plain field always has a value.
    fn __filled(_: &F) -> bool {
        true
    }
    /// A plain field stays as it is.
    fn __clear(_: &mut F) {}
}

impl<F: ?Sized> PlainField<F> for FieldKind<F> {}

impl FieldKind<Option<Failed>> {
    /// The field holds a failure. This inherent constant wins over the trait's.
    pub const __FAILURE: bool = true;
    /// The field.
    pub fn __failure(field: &mut Option<Failed>) -> Option<&mut Option<Failed>> {
        Some(field)
    }
}

impl FieldKind<Option<Vec<Failed>>> {
    /// The field holds the failures of a batch. This inherent constant wins over the trait's.
    pub const __FAILURES: bool = true;
}

/// The case of [`FieldKind`] that is not an `Option<Failed>`, or not an `Option<Vec<Failed>>`.
#[doc(hidden)]
pub trait NoFailure<F> {
    /// The field holds no failure.
    const __FAILURE: bool = false;
    /// The field holds no failures.
    const __FAILURES: bool = false;
    /// Nothing.
    fn __failure(_: &mut F) -> Option<&mut Option<Failed>> {
        None
    }
}

impl<F> NoFailure<F> for FieldKind<F> {}

/// Tells which stores are in a field, by its type.
#[doc(hidden)]
pub struct StoreIn<T>(PhantomData<T>);

impl<T: Reach> StoreIn<T> {
    /// The field is a store, or an `Option` or a `Box` of one. This inherent constant wins over the
    /// trait's.
    pub const __ONE: Option<InnerStore> = Some(InnerStore::of::<T::Store>());
}

impl<T: StoreItems> StoreIn<T> {
    /// The field is a collection of stores. This inherent constant wins over the trait's.
    pub const __EACH: Option<InnerStore> = Some(InnerStore::of::<<T::Item as Reach>::Store>());
}

/// The case of [`StoreIn`] that is not a store, or not a collection of stores.
#[doc(hidden)]
pub trait NoStoreIn {
    /// The field is not a store.
    const __ONE: Option<InnerStore> = None;
    /// The field is not a collection of stores.
    const __EACH: Option<InnerStore> = None;
}

impl<T> NoStoreIn for StoreIn<T> {}

/// Tells whether a type is `Send`, and whether it is `Sync`.
#[doc(hidden)]
pub struct ThreadSafety<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + Send> ThreadSafety<T> {
    /// The type is `Send`. This inherent constant wins over the trait's.
    pub const __SEND: bool = true;
}

impl<T: ?Sized + Sync> ThreadSafety<T> {
    /// The type is `Sync`. This inherent constant wins over the trait's.
    pub const __SYNC: bool = true;
}

/// The case of [`ThreadSafety`] that is not `Send`, or not `Sync`.
#[doc(hidden)]
pub trait NotThreadSafe {
    /// The type is not `Send`.
    const __SEND: bool = false;
    /// The type is not `Sync`.
    const __SYNC: bool = false;
}

impl<T: ?Sized> NotThreadSafe for ThreadSafety<T> {}

/// Makes a store's default, if it has one.
#[doc(hidden)]
pub struct StoreDefault<S>(PhantomData<S>);

impl<S: Default> StoreDefault<S> {
    /// The default; this inherent function wins over the trait's.
    pub fn __default() -> Option<S> {
        Some(S::default())
    }
}

/// A store without a default.
#[doc(hidden)]
pub trait NoStoreDefault<S> {
    /// The store has no default.
    fn __default() -> Option<S> {
        None
    }
}

impl<S> NoStoreDefault<S> for StoreDefault<S> {}
