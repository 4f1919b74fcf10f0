//! The shared store: what its derive says of it, and how the generated code borrows and fills its
//! fields.

pub(crate) mod visitor;

use std::sync::Arc;

use crate::checks::message::Message;
use crate::const_eval::hash::{START, hash};
use crate::const_eval::spelling::{equal, nearest};
use crate::error::EmptyField;

/// A shared store: a plain struct with `#[derive(Shared)]`.
///
/// A field of type `Option<T>` is a **late field**: empty until a node fills it, and no node may
/// read it before. Any other field always has a value. The derive adds only this description; it
/// never changes the struct. `#[shared(crate = path)]` says where the library is, in a crate that
/// has it by another path than `::pocketflow`.
///
/// ```
/// use pocketflow::Shared;
///
/// #[derive(Shared, Default)]
/// struct Article { topic: String, outline: Option<Vec<String>> }
///
/// let fields = Article::STORE.fields;
/// assert_eq!((fields[0].name, fields[0].late), ("topic", false));
/// assert_eq!((fields[1].name, fields[1].late), ("outline", true));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shared store",
    label = "this is not a shared store",
    note = "write `#[derive(pocketflow::Shared)]` on `struct {Self}`"
)]
pub trait Shared: BetweenThreads {
    /// [`Store::fields`].
    #[doc(hidden)]
    const FIELDS: &'static [Field] = &[];

    /// What the compiler knows of the store.
    const STORE: &'static Store;

    /// Whether the field with this index in [`Store::fields`] has a value.
    fn is_filled(&self, field: usize) -> bool;

    /// The store of a caller who gives nothing: its `Default`, if it has one.
    #[doc(hidden)]
    fn blank() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// What a store must be, so that a run may go from thread to thread. A trait of its own, which the
/// derive implements: rustc looks at the bounds of a trait wherever an item of it is named, and
/// would report a store that is not this everywhere.
#[doc(hidden)]
pub trait BetweenThreads: Send + Sync + 'static {}

/// The description of a shared store.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// The struct's name.
    pub name: &'static str,
    /// The struct's place in the source, which tells two stores of one name apart.
    pub id: &'static str,
    /// The fields, in the order of the struct.
    pub fields: &'static [Field],
    pub(crate) hash: u64,
}

/// The description of a store's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The field's name.
    pub name: &'static str,
    /// Whether it is a late field, an `Option` that some node fills.
    pub late: bool,
    /// Whether serde skips it: then it is not data, and no [visitor](crate::Fields) sees it.
    pub skipped: bool,
    /// The name by which serde reads it, with `rename` and `rename_all`. For a field with
    /// `flatten`, which has none, it is that of the field behind two dots: `..rest`.
    pub stored: &'static str,
    /// Other names by which serde knows it.
    pub aliases: &'static [&'static str],
    hash: u64,
}

impl Field {
    /// All names by which a state may have it, the most likely first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.stored, self.name]
            .into_iter()
            .chain(self.aliases.iter().copied())
    }

    /// A field, as the derive describes it.
    #[doc(hidden)]
    pub const fn new(name: &'static str, late: bool) -> Self {
        Self {
            name,
            late,
            skipped: false,
            stored: name,
            aliases: &[],
            hash: hash(START, name),
        }
    }

    /// The field, which serde skips.
    #[doc(hidden)]
    #[must_use]
    pub const fn skipped(self) -> Self {
        Self {
            skipped: true,
            ..self
        }
    }

    /// The field, which serde reads by this name.
    #[doc(hidden)]
    #[must_use]
    pub const fn stored_as(self, stored: &'static str) -> Self {
        Self { stored, ..self }
    }

    /// The field, which serde knows by these names as well.
    #[doc(hidden)]
    #[must_use]
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

/// Tells a late field from a plain one by its type, so that an alias of `Option` is late as well.
#[doc(hidden)]
pub struct Probe<F: ?Sized>(core::marker::PhantomData<F>);

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
pub struct Threads<T: ?Sized>(core::marker::PhantomData<T>);

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

/// Checks the type of a store's field, as text and as [`Threads`] knows it.
#[doc(hidden)]
#[track_caller]
pub const fn check_field(ty: &str, sends: bool, syncs: bool, help: &str) -> usize {
    let not = match (sends, syncs) {
        (true, true) => return 0,
        (true, false) => "not `Sync`",
        (false, true) => "not `Send`",
        (false, false) => "neither `Send` nor `Sync`",
    };
    Message::new("a shared store is `Send + Sync`, and ")
        .code(ty)
        .push(" is ")
        .push(not)
        .push("\nnote: a run moves between threads, and the nodes of a fork read the store at the same time\nhelp: ")
        .push(help)
        .report()
}

/// Makes a store's default, if it has one.
#[doc(hidden)]
pub struct Blank<S>(core::marker::PhantomData<S>);

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

/// A field to be filled, the late kind by its inherent methods, the plain by those of
/// [`FillPlain`]. The value comes as a closure: then rustc reports a wrong type at the value alone,
/// with no note that leads into this file.
#[doc(hidden)]
pub struct Slot<'a, F>(pub &'a mut F);

impl<'a, T> Slot<'a, Option<T>> {
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

/// The plain side of [`Slot`].
#[doc(hidden)]
pub trait FillPlain<'a, F> {
    /// Sets the field.
    fn __write(self, value: impl FnOnce() -> F);
    /// The field.
    fn __place(self) -> &'a mut F;
}

impl<'a, F> FillPlain<'a, F> for Slot<'a, F> {
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
pub enum Strings {}

/// A collection that grows by items.
#[doc(hidden)]
pub enum Items {}

#[diagnostic::do_not_recommend]
impl<V: AsRef<str>> Append<V, Strings> for String {
    fn append(&mut self, value: V) {
        self.push_str(value.as_ref());
    }
}

#[diagnostic::do_not_recommend]
impl<C, V> Append<V, Items> for C
where
    V: IntoIterator,
    C: Extend<V::Item>,
{
    fn append(&mut self, value: V) {
        self.extend(value);
    }
}

impl Store {
    /// A store, as the derive describes it.
    #[doc(hidden)]
    pub const fn new(name: &'static str, id: &'static str, fields: &'static [Field]) -> Self {
        Self {
            name,
            id,
            fields,
            hash: hash(START, id),
        }
    }

    /// How many words a set of this store's fields takes.
    pub(crate) const fn words(&self) -> usize {
        self.fields.len().div_ceil(64)
    }

    /// The index of a field, or `None` where there is no such field: rustc says that better, at the
    /// user's parameter.
    pub const fn field(&self, name: &str) -> Option<usize> {
        // Every node of a crate looks its fields up while the crate is compiled: a hash is compared
        // faster than a name.
        let hash = hash(START, name);
        let mut index = 0;
        while index < self.fields.len() {
            if self.fields[index].hash == hash && equal(self.fields[index].name, name) {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    /// The field that a misspelt name means.
    pub(crate) const fn nearest_field(&self, name: &str) -> Option<&'static str> {
        let (mut names, mut count) = ([""; 256], 0);
        while count < self.fields.len() && count < names.len() {
            names[count] = self.fields[count].name;
            count += 1;
        }
        nearest(name, names.split_at(count).0)
    }

    /// The fields with these names, as a set.
    pub(crate) const fn set<const W: usize>(&self, names: &[&str]) -> [u64; W] {
        let mut set = [0; W];
        self.add(&mut set, names);
        set
    }

    /// Adds the fields with these names to a set.
    pub(crate) const fn add<const W: usize>(&self, set: &mut [u64; W], names: &[&str]) {
        let mut name = 0;
        while name < names.len() {
            if let Some(field) = self.field(names[name]) {
                set[field / 64] |= 1 << (field % 64);
            }
            name += 1;
        }
    }

    /// The late fields, as a set.
    pub(crate) const fn late_fields<const W: usize>(&self) -> [u64; W] {
        let mut set = [0; W];
        let mut field = 0;
        while field < self.fields.len() {
            if self.fields[field].late {
                set[field / 64] |= 1 << (field % 64);
            }
            field += 1;
        }
        set
    }

    /// All fields, as a set.
    pub(crate) const fn all<const W: usize>(&self) -> [u64; W] {
        let mut set = [0; W];
        let mut field = 0;
        while field < self.fields.len() {
            set[field / 64] |= 1 << (field % 64);
            field += 1;
        }
        set
    }

    /// An [`EmptyField`] of this store.
    #[doc(hidden)]
    pub const fn empty(&self, field: &'static str) -> EmptyField {
        EmptyField {
            store: self.name,
            field,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_reads_both_kinds_of_field() {
        let (late, plain) = (Some(String::from("late")), String::from("plain"));
        let text: &str = late.__read().unwrap();
        assert_eq!(text, "late");
        let text: &str = (&plain).__read().unwrap();
        assert_eq!(text, "plain");
        assert!(None::<u8>.__read().is_none());
    }

    #[test]
    fn one_call_fills_both_kinds_of_field() {
        let (mut late, mut plain) = (None, String::new());
        Slot(&mut late).__write(|| String::from("late"));
        Slot(&mut plain).__write(|| String::from("plain"));
        assert_eq!((late.as_deref(), plain.as_str()), (Some("late"), "plain"));
    }

    #[test]
    fn strings_and_collections_are_extended_late_or_not() {
        let (mut text, mut late_text) = (String::from("a"), None::<String>);
        Slot(&mut text).__place().append("b");
        Slot(&mut late_text).__place().append(String::from("b"));
        assert_eq!((text.as_str(), late_text.as_deref()), ("ab", Some("b")));
        let (mut list, mut late_list) = (vec![1], None::<Vec<i32>>);
        Append::append(Slot(&mut list).__place(), vec![2]);
        Append::append(Slot(&mut late_list).__place(), [2, 3]);
        assert_eq!((list, late_list), (vec![1, 2], Some(vec![2, 3])));
    }

    #[test]
    fn lateness_is_a_matter_of_the_type() {
        type Maybe = Option<u8>;
        const { assert!(Probe::<Maybe>::__LATE) };
        const { assert!(!Probe::<Vec<Option<u8>>>::__LATE) };
    }
}
