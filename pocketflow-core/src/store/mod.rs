//! The shared store: a struct whose derive describes its fields.

mod confidential;
mod context;
mod description;
mod field_set;
mod reach;
mod visitor;

use std::any::Any;

pub use confidential::ConfidentialPart;
pub use context::{
    Alone, BorrowContext, ContextAround, ContextOf, InContext, IsContext, NameContext, Never,
    NoContext, SharesContext,
};
pub use description::{Field, InnerStore, Store};
pub use reach::{Parts, Reach, Split, StoreItem, StoreItems, part};
pub use visitor::{Fields, VisitField, VisitWith};

use crate::run_error::Failed;

/// A shared store: a plain struct with `#[derive(Shared)]`.
///
/// A field of type `Option<T>` is a **late field**: it is empty until a node fills it, and no node
/// may read it before that. Every other field always has a value. The derive only adds this
/// description and never changes the struct.
///
/// | attribute of the struct | effect |
/// | --- | --- |
/// | `#[shared(context = Services)]` | names the type of the context: what a run [is given](crate::WithContext) and the store does not contain. Nodes [borrow from it](macro@crate::node#the-context) |
/// | `#[shared(crate = path)]` | gives the path of the library in a crate that does not have it as `::pocketflow` |
///
/// | attribute of a field | effect |
/// | --- | --- |
/// | `#[shared(redact)]` | marks the field as [confidential](Field::redacted): a record of a run, which `pocketflow-record` writes, does not contain its value. A durable run still stores it, but not in the texts of errors |
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
    /// The context of a run, borrowed for `'c`: `()` if the store has none. It does not name the
    /// user's type, which may be private.
    #[doc(hidden)]
    type Context<'c>: Copy + Send + Sync;

    /// What the `run` of a flow takes: the store, or for a store with a context
    /// [what no store is](context::Alone).
    #[doc(hidden)]
    type Itself: ?Sized + Send;

    /// The context of a run that is given none.
    #[doc(hidden)]
    type Absent: Send + Sync + 'static;

    /// The context without its type, for the check of what it configures.
    #[doc(hidden)]
    fn any_context<'c>(_context: Self::Context<'c>) -> Option<&'c dyn Any> {
        None
    }

    /// The store, for a run that is given no context.
    #[doc(hidden)]
    fn itself(itself: &mut Self::Itself) -> (&mut Self, &'static Self::Absent);

    /// [`Store::fields`].
    #[doc(hidden)]
    const FIELDS: &'static [Field] = &[];

    /// What the compiler knows about the store.
    const STORE: &'static Store;

    /// Whether the field with this index in [`Store::fields`] has a value.
    fn is_filled(&self, field: usize) -> bool;

    /// Empties the field with this index, if it is late.
    #[doc(hidden)]
    fn clear_field(&mut self, _field: usize) {}

    /// The field with this index, if it is an `Option<Failed>`.
    #[doc(hidden)]
    fn failure_slot(&mut self, _field: usize) -> Option<&mut Option<Failed>> {
        None
    }

    /// The store in the field with this index, or the store of its items, if the field holds stores.
    #[doc(hidden)]
    fn inner_store(_field: usize) -> Option<InnerStore> {
        None
    }

    /// The store for a caller that passes none: its `Default`, if it has one.
    #[doc(hidden)]
    fn blank() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// The bounds that a store needs so that a run can move between threads. They are a separate trait,
/// which the derive implements, because rustc checks the bounds of a trait wherever code names an
/// item of it. It would report a store that does not meet them at each of those places.
#[doc(hidden)]
pub trait BetweenThreads: Send + Sync + 'static {}
