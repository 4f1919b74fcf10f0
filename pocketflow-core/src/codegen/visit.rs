//! Shows a field of a store to a visitor.

use crate::store::{Field, VisitField};

/// A place in a store, which tells apart what is asked of a visitor for each field: fields whose
/// types are spelt otherwise may have one type, and of two bounds on one type such as `fn(&str)`
/// rustc would not know which to use.
#[doc(hidden)]
pub struct FieldIndex<const INDEX: usize>;

/// Shows a field of the type `T` to a visitor.
#[doc(hidden)]
pub trait ShowField<V, T> {
    fn show(visitor: &mut V, field: &'static Field, value: &mut T, default: Option<fn() -> T>);
}

impl<V: VisitField<T>, T, const INDEX: usize> ShowField<V, T> for FieldIndex<INDEX> {
    fn show(visitor: &mut V, field: &'static Field, value: &mut T, default: Option<fn() -> T>) {
        visitor.field(field, value, default);
    }
}
