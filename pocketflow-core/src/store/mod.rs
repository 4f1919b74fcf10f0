//! The shared store: a struct whose fields its derive describes.

mod description;
mod field_set;
mod visitor;

pub use description::{Field, Store};
pub use visitor::{Fields, VisitField, VisitWith};

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
