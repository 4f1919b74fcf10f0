//! Stores inside a store: the fields on which the flow of another store can run.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::marker::PhantomData;

use super::Shared;

/// A store, or an `Option` or a `Box` of one: what `Flow.on(field)` runs a flow on.
/// `#[derive(Shared)]` implements it for the store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shared store, nor an `Option` or a `Box` of one",
    label = "no flow can run on this",
    note = "if `{Self}` is a struct of this crate, write `#[derive(pocketflow::Shared)]` on `{Self}`",
    note = "to run a flow on each item of a collection of stores, write `Flow.each(field)`",
    note = "a flow borrows its store mutably, and an `Arc` or an `Rc` of one cannot be borrowed mutably: hold the store itself"
)]
pub trait Reach: Send {
    /// The store.
    type Store: Shared;

    /// Borrows the store, or returns `None` if it is missing.
    fn reach(&mut self) -> Option<&mut Self::Store>;
}

impl<R: Reach> Reach for Option<R> {
    type Store = R::Store;

    #[inline]
    fn reach(&mut self) -> Option<&mut R::Store> {
        self.as_mut()?.reach()
    }
}

impl<R: Reach> Reach for Box<R> {
    type Store = R::Store;

    #[inline]
    fn reach(&mut self) -> Option<&mut R::Store> {
        (**self).reach()
    }
}

/// A collection of stores: what `Flow.each(field)` runs a flow on.
///
/// It is implemented for `Vec`, `VecDeque`, arrays, boxed slices, the values of a `HashMap` and a
/// `BTreeMap`, and for an `Option` and a `Box` of any of them. The keys of a map need `Display`,
/// because they name the items: use `String`, or a newtype that implements `Display`. Implement it for a collection of your
/// own:
///
/// ```
/// use pocketflow::{Shared, StoreItem, StoreItems};
///
/// #[derive(Shared, Default)]
/// struct Chapter { title: String, text: Option<String> }
///
/// struct Book { preface: Chapter, chapters: Vec<Chapter> }
///
/// impl StoreItems for Book {
///     type Item = Chapter;
///
///     fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, Chapter>> + Send {
///         std::iter::once(&mut self.preface).chain(&mut self.chapters).map(StoreItem::new)
///     }
/// }
/// # let mut book = Book { preface: Chapter::default(), chapters: vec![] };
/// # assert_eq!(book.items().count(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a collection of shared stores",
    label = "no flow can run on each item of this",
    note = "a `Vec`, `VecDeque`, array, `Box<[_]>`, and the values of a `HashMap` or a `BTreeMap` are; for another type, implement `pocketflow::StoreItems`"
)]
pub trait StoreItems: Send {
    /// An item: a store, or an `Option` or a `Box` of one.
    type Item: Reach;

    /// The items. A run that is resumed finds an item again by its key or, if it has none, by its
    /// place in this order.
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, Self::Item>> + Send;
}

/// An item of a collection of stores: see [`StoreItems::items`].
pub struct StoreItem<'a, T> {
    pub(crate) key: Option<&'a (dyn fmt::Display + Sync + 'a)>,
    pub(crate) item: &'a mut T,
}

impl<'a, T> StoreItem<'a, T> {
    /// An item that its index identifies.
    #[inline]
    pub fn new(item: &'a mut T) -> Self {
        Self { key: None, item }
    }

    /// An item that a key identifies. No two items of a collection have keys of the same text.
    #[inline]
    pub fn with_key(key: &'a (dyn fmt::Display + Sync), item: &'a mut T) -> Self {
        Self {
            key: Some(key),
            item,
        }
    }
}

impl<T> fmt::Debug for StoreItem<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.map(ToString::to_string);
        f.debug_struct("StoreItem")
            .field("key", &key)
            .finish_non_exhaustive()
    }
}

impl<T: Reach> StoreItems for [T] {
    type Item = T;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, T>> + Send {
        self.iter_mut().map(StoreItem::new)
    }
}

impl<T: Reach> StoreItems for Vec<T> {
    type Item = T;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, T>> + Send {
        self.iter_mut().map(StoreItem::new)
    }
}

impl<T: Reach> StoreItems for VecDeque<T> {
    type Item = T;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, T>> + Send {
        self.iter_mut().map(StoreItem::new)
    }
}

impl<T: Reach, const N: usize> StoreItems for [T; N] {
    type Item = T;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, T>> + Send {
        self.iter_mut().map(StoreItem::new)
    }
}

impl<K, V, H> StoreItems for HashMap<K, V, H>
where
    K: fmt::Display + Send + Sync,
    V: Reach,
    H: Send,
{
    type Item = V;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, V>> + Send {
        self.iter_mut()
            .map(|(key, value)| StoreItem::with_key(key, value))
    }
}

impl<K: fmt::Display + Send + Sync, V: Reach> StoreItems for BTreeMap<K, V> {
    type Item = V;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, V>> + Send {
        self.iter_mut()
            .map(|(key, value)| StoreItem::with_key(key, value))
    }
}

impl<C: StoreItems> StoreItems for Option<C> {
    type Item = C::Item;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, C::Item>> + Send {
        self.iter_mut().flat_map(C::items)
    }
}

impl<C: StoreItems + ?Sized> StoreItems for Box<C> {
    type Item = C::Item;

    #[inline]
    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, C::Item>> + Send {
        (**self).items()
    }
}

/// The fields of a store that may hold stores, borrowed at the same time. The derive writes it.
#[doc(hidden)]
pub trait Split: Shared {
    /// A reference to each of these fields, until it is taken.
    type Parts<'p>;

    /// Borrows all of them.
    fn parts(&mut self) -> Self::Parts<'_>;

    /// None of them.
    fn no_parts<'p>() -> Self::Parts<'p>;

    /// Moves one of them, by the hash of its name.
    fn move_part<'p>(from: &mut Self::Parts<'p>, to: &mut Self::Parts<'p>, field: u64);
}

/// Fields of a store that may hold stores, borrowed at the same time. A function that takes it has the
/// lifetime in the type of an argument, and not only in an associated type: see
/// [`StepSource`](crate::run::StepSource).
#[doc(hidden)]
pub struct Parts<'p, S: Split + ?Sized>(pub S::Parts<'p>, PhantomData<&'p mut S>);

impl<'p, S: Split> Parts<'p, S> {
    /// All of them.
    #[inline]
    pub(crate) fn of(shared: &'p mut S) -> Self {
        Self(shared.parts(), PhantomData)
    }

    /// None of them.
    #[inline]
    pub(crate) fn none() -> Self {
        Self(S::no_parts(), PhantomData)
    }

    /// Moves one of them, by the hash of its name.
    #[inline]
    pub(crate) fn move_part(&mut self, to: &mut Self, field: u64) {
        S::move_part(&mut self.0, &mut to.0, field);
    }
}

/// A part that is there: each is taken once.
#[doc(hidden)]
#[inline]
pub fn part<T>(part: Option<&mut T>) -> &mut T {
    part.expect("a fork runs at most one flow on a field")
}
