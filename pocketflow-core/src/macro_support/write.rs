//! How a node's result is written to the store.

use crate::run_error::Failed;

/// A field to fill. A late field has the inherent methods, and a plain field those of
/// [`FillPlain`]. The value is a closure, so that rustc reports a wrong type only at the value,
/// without a note that points into this file.
#[doc(hidden)]
pub struct FieldSlot<'a, F>(pub &'a mut F);

impl<'a, T> FieldSlot<'a, Option<T>> {
    /// Fills the late field.
    pub fn __write(self, value: impl FnOnce() -> T) {
        *self.0 = Some(value());
    }
    /// The value of the late field, or the default if the field is empty.
    pub fn __place(self) -> &'a mut T::Itself
    where
        T: Begin,
    {
        T::begin(self.0)
    }
}

/// What `appends` puts into an empty late field before it extends it.
#[doc(hidden)]
pub trait Begin: Sized {
    /// This type. For a type without a default, rustc does not know it. It then takes the method of
    /// [`FillPlain`] and reports only that the `Option` cannot be extended.
    type Itself;

    /// The value of the field, or the default.
    fn begin(field: &mut Option<Self>) -> &mut Self::Itself;
}

#[diagnostic::do_not_recommend]
impl<T: Default> Begin for T {
    type Itself = T;

    fn begin(field: &mut Option<T>) -> &mut T {
        field.get_or_insert_default()
    }
}

/// A late field that holds an `Option`.
impl<T> FieldSlot<'_, Option<Option<T>>> {
    /// Fills the late field with the `Option`. This inherent method wins over the traits'.
    pub fn __maybe(self, value: impl FnOnce() -> Option<T>) {
        *self.0 = Some(value());
    }
}

/// The case of [`FieldSlot`] that is a late field, for a value that may be missing.
#[doc(hidden)]
pub trait FillMaybe<T> {
    /// Sets the late field, or clears it.
    fn __maybe(self, value: impl FnOnce() -> Option<T>);
}

impl<T> FillMaybe<T> for FieldSlot<'_, Option<T>> {
    fn __maybe(self, value: impl FnOnce() -> Option<T>) {
        *self.0 = value();
    }
}

/// The case of [`FieldSlot`] that is a plain field, for a value that may be missing. rustc finds it
/// last, and reports the type of the value.
#[doc(hidden)]
pub trait FillMaybePlain<F> {
    /// Sets the field.
    fn __maybe(self, value: impl FnOnce() -> F);
}

impl<F> FillMaybePlain<F> for &mut FieldSlot<'_, F> {
    fn __maybe(self, value: impl FnOnce() -> F) {
        *self.0 = value();
    }
}

/// The case of [`FieldSlot`] that is a plain field.
#[doc(hidden)]
pub trait FillPlain<'a, F> {
    /// Sets the field.
    fn __write(self, value: impl FnOnce() -> F);
    /// The field.
    fn __place(self) -> &'a mut F;
}

impl<'a, F> FillPlain<'a, F> for FieldSlot<'a, F> {
    fn __write(self, value: impl FnOnce() -> F) {
        *self.0 = value();
    }
    fn __place(self) -> &'a mut F {
        self.0
    }
}

/// Implements `appends = field`: extends a string by a string, or a collection by items.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be extended by a value of type `{V}`",
    label = "`appends` extends a string by a string, or a collection by what iterates over its items",
    note = "to append one item, return it in an array: `[item]`",
    note = "the items must have the type of the items of the field: if it is a `Vec<String>`, write `[text.to_owned()]` for a `text: &str`",
    note = "a late field `Option<T>` can be extended if `T` implements `Default`"
)]
#[doc(hidden)]
pub trait Append<V, Kind> {
    /// Extends `self` by `value`.
    fn append(&mut self, value: V);
}

/// A string that is extended by a string.
#[doc(hidden)]
pub enum AppendString {}

/// A collection that is extended by items.
#[doc(hidden)]
pub enum AppendItems {}

#[diagnostic::do_not_recommend]
impl<V: AsRef<str>> Append<V, AppendString> for String {
    fn append(&mut self, value: V) {
        self.push_str(value.as_ref());
    }
}

#[diagnostic::do_not_recommend]
impl<C, V> Append<V, AppendItems> for C
where
    V: IntoIterator,
    C: Extend<V::Item>,
{
    fn append(&mut self, value: V) {
        self.extend(value);
    }
}

/// Implements `failures = field`: keeps the failures of a batch's items.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot hold the failures of a batch",
    label = "`failures` names a field of the type `Vec<pocketflow::Failed>` or `Option<Vec<pocketflow::Failed>>`"
)]
#[doc(hidden)]
pub trait KeepFailures {
    /// Adds the failures to the field.
    fn keep(&mut self, failures: Vec<Failed>);
}

#[diagnostic::do_not_recommend]
impl KeepFailures for Vec<Failed> {
    fn keep(&mut self, mut failures: Vec<Failed>) {
        self.append(&mut failures);
    }
}

#[diagnostic::do_not_recommend]
impl KeepFailures for Option<Vec<Failed>> {
    fn keep(&mut self, failures: Vec<Failed>) {
        self.get_or_insert_default().keep(failures);
    }
}
