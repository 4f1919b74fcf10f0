//! How a node's result is written to the store.

/// A field to be filled, the late kind by its inherent methods, the plain by those of
/// [`FillPlain`]. The value comes as a closure: then rustc reports a wrong type at the value alone,
/// with no note that leads into this file.
#[doc(hidden)]
pub struct FieldSlot<'a, F>(pub &'a mut F);

impl<'a, T> FieldSlot<'a, Option<T>> {
    /// Fills the late field.
    pub fn __write(self, value: impl FnOnce() -> T) {
        *self.0 = Some(value());
    }
    /// What the late field holds, or what it starts with.
    pub fn __place(self) -> &'a mut T
    where
        T: Default,
    {
        self.0.get_or_insert_default()
    }
}

/// The plain side of [`FieldSlot`].
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

/// What `appends = field` does: a string grows by a string, a collection by the items of another.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be extended by a value of type `{V}`",
    label = "`appends` extends a string by a string, or a collection by what iterates over its items",
    note = "to append one item, return it in an array: `[item]`"
)]
#[doc(hidden)]
pub trait Append<V, Kind> {
    /// Extends `self` by `value`.
    fn append(&mut self, value: V);
}

/// A string that grows by a string.
#[doc(hidden)]
pub enum AppendString {}

/// A collection that grows by items.
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
