//! A visitor over the fields of a store: each is shown in place, with its own type.

use super::{Field, Shared};

/// The fields of a store, shown to a visitor in place. `#[derive(Shared)]` writes it, one impl a
/// store.
///
/// What a visitor asks of a field's type is the bound of its [`VisitField`]: one that stores fields
/// asks for serde's traits, one that prints them for `Debug`. Generic code asks for `S: Fields<V>`,
/// which holds if every field of `S` can be shown to `V`.
///
/// A field that serde skips (`#[serde(skip)]`, or either half of it) is not data: it is not shown,
/// and may be of any type.
///
/// ```
/// use pocketflow::{Field, Fields, Shared, VisitField};
/// use std::fmt::Debug;
///
/// #[derive(Shared, Default)]
/// struct Article { topic: String, outline: Option<Vec<String>> }
///
/// /// Writes the fields down.
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

/// A visitor that takes fields of the type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no field of type `{T}`",
    note = "implement `pocketflow::VisitField<{T}>` for it, or a field of another type"
)]
pub trait VisitField<T> {
    /// Sees a field, and may change it. `default` makes what serde takes where the field is
    /// missing, if the store says so (`#[serde(default)]`).
    fn field(&mut self, field: &'static Field, value: &mut T, default: Option<fn() -> T>);
}

/// A visitor that takes fields which serde treats by functions of their own (`#[serde(with =
/// "…")]`): `W` serializes a field, and `R` is what it is deserialized as, which serializes as `W`
/// does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no field with `#[serde(with = …)]`",
    note = "implement `pocketflow::VisitWith` for it"
)]
pub trait VisitWith<W, R> {
    /// Sees a field, and may return what it becomes.
    fn field_with(
        &mut self,
        field: &'static Field,
        value: W,
        default: Option<fn() -> R>,
    ) -> Option<R>;
}
