//! The field that a flow of another store runs on.

use std::any::Any;

use super::write::KeepFailures;
use crate::run_error::Failed;
use crate::store::{ContextAround, InContext, Reach, Shared, Store, StoreItems};

/// A field that a flow runs on with `on`. It is a trait of its own so that rustc's message about
/// another field does not list every store of the crate.
#[diagnostic::on_unimplemented(
    message = "no flow runs on a `{Self}`: it is not a shared store, nor an `Option` or a `Box` of one",
    label = "this field is not a shared store",
    note = "write `#[derive(pocketflow::Shared)]` on the struct of the field; for a collection of stores, write `each` in place of `on`",
    note = "a flow borrows its store mutably, and an `Arc` or an `Rc` of one cannot be borrowed mutably: hold the store itself"
)]
pub trait HoldsStore {
    /// The store.
    type Store: Shared;
}

#[diagnostic::do_not_recommend]
impl<T: Reach> HoldsStore for T {
    type Store = T::Store;
}

/// A field that a flow runs on with `each`.
#[diagnostic::on_unimplemented(
    message = "no flow runs on each item of a `{Self}`: it is not a collection of shared stores",
    label = "this field is not a collection of shared stores",
    note = "for a field that holds one store, write `on` in place of `each`",
    note = "a `Vec`, a `VecDeque`, an array, a boxed slice, and the values of a `HashMap` or a `BTreeMap` can hold them; for another type, implement `pocketflow::StoreItems`"
)]
pub trait HoldsItems {
    /// The store of an item.
    type Store: Shared;
}

#[diagnostic::do_not_recommend]
impl<C: StoreItems> HoldsItems for C {
    type Store = <C::Item as Reach>::Store;
}

/// The store in a field, which has the context of the store around it, or none. rustc reports any
/// other field on its name.
pub const fn field_store<S, T: HoldsStore>(_: fn(&mut S) -> &mut T) -> &'static Store
where
    T::Store: InContext<ContextAround<S>>,
{
    T::Store::STORE
}

/// The store of the items of a field.
pub const fn items_store<S, T: HoldsItems>(_: fn(&mut S) -> &mut T) -> &'static Store
where
    T::Store: InContext<ContextAround<S>>,
{
    T::Store::STORE
}

/// Implements `Summarize.each(documents, failures = problems)`: adds the failures of items to a field
/// of the store. The store is any type where a graph is concerned.
pub fn keep_failures<S: 'static, T: KeepFailures>(
    shared: &mut dyn Any,
    failures: Vec<Failed>,
    field: fn(&mut S) -> &mut T,
) {
    if let Some(shared) = shared.downcast_mut() {
        field(shared).keep(failures);
    }
}
