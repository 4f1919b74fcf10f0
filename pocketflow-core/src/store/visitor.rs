//! A visitor over the fields of a store, which sees each field in place and with its type.

use super::{Field, Shared};

/// The fields of a store, which a visitor can see in place. `#[derive(Shared)]` implements it once
/// for each store.
///
/// The bound of a visitor's [`VisitField`] says what the visitor needs from a field's type. A
/// visitor that stores fields needs serde's traits, and one that prints them needs `Debug`. Generic
/// code has the bound `S: Fields<V>`, which holds if `V` can visit every field of `S`.
///
/// A field that serde skips (`#[serde(skip)]`, or either half of it) is not data. No visitor sees
/// it, and it may have any type.
///
/// ```
/// use pocketflow::{Field, Fields, Shared, VisitField};
/// use std::fmt::Debug;
///
/// #[derive(Shared, Default)]
/// struct Article { topic: String, outline: Option<Vec<String>> }
///
/// /// Collects the fields as text.
/// #[derive(Default)]
/// struct Print(String);
///
/// impl<T: Debug> VisitField<T> for Print {
///     fn field(&mut self, field: &'static Field, value: &mut T, _default: Option<fn() -> T>) {
///         self.0 += &format!("{}: {value:?}\n", field.name);
///     }
/// }
///
/// fn print<S: Fields<Print>>(store: &mut S) -> String {
///     let mut print = Print::default();
///     store.visit_fields(&mut print);
///     print.0
/// }
///
/// let mut article = Article { topic: "rain".into(), ..Default::default() };
/// assert_eq!(print(&mut article), "topic: \"rain\"\noutline: None\n");
/// ```
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` cannot be shown to `{V}`",
    note = "`#[derive(pocketflow::Shared)]` shows them, if the type of each is one that `{V}` takes"
)]
pub trait Fields<V>: Shared {
    /// Shows the field with this index in [`Store::fields`](crate::Store::fields), unless it is
    /// [skipped](Field::skipped).
    fn visit_field(&mut self, index: usize, visitor: &mut V);

    /// Shows all fields, in their order.
    fn visit_fields(&mut self, visitor: &mut V) {
        for index in 0..Self::STORE.fields.len() {
            self.visit_field(index, visitor);
        }
    }
}

/// A visitor that accepts fields of the type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no field of type `{T}`",
    note = "implement `pocketflow::VisitField<{T}>` for it, or a field of another type"
)]
pub trait VisitField<T> {
    /// Sees a field, and may change it. `default` creates the value that serde uses if the field is
    /// missing, for a field with `#[serde(default)]`.
    fn field(&mut self, field: &'static Field, value: &mut T, default: Option<fn() -> T>);
}

/// A visitor that accepts fields with custom serde functions (`#[serde(with = "…")]`). `W`
/// serializes a field. `R` is the type that the field is deserialized to, and it serializes like
/// `W`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no field with `#[serde(with = …)]`",
    note = "implement `pocketflow::VisitWith` for it"
)]
pub trait VisitWith<W, R> {
    /// Sees a field, and may return a value to replace it.
    fn field_with(
        &mut self,
        field: &'static Field,
        value: W,
        default: Option<fn() -> R>,
    ) -> Option<R>;
}
