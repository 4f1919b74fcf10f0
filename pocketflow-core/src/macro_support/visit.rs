//! Shows a field of a store to a visitor.

use crate::store::{Field, VisitField};

/// The index of a field in a store. It makes the bound on a visitor different for each field. Two
/// fields can have the same type under different spellings, and if two bounds name one type, such
/// as `fn(&str)`, rustc cannot choose between them.
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
