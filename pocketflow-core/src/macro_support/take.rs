//! How a run takes an action.

use crate::action::{Action, ActionInfo};

/// Takes an action: writes the variant's fields to the store and returns the index of the action.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action of the store `{S}`",
    label = "this is neither `()` nor an action of `{S}`",
    note = "to store what a function or `exec` returns, name the field: `#[node({S}, writes = field)]`",
    note = "to choose an edge, return an enum with `#[derive(pocketflow::Action)]`, and with `#[action({S})]` where its variants have fields"
)]
#[doc(hidden)]
pub trait TakeAction<S>: Action {
    /// [`Action::ACTIONS`], so that only this trait reports a type that is not an action.
    const INFOS: &'static [ActionInfo] = <Self as Action>::ACTIONS;

    /// Writes the fields, and returns the index in [`Action::ACTIONS`].
    fn take(self, shared: &mut S) -> usize;
}

/// [`TakeAction`], as the derive implements it. It is a separate trait, so that rustc's message
/// about a type that is not an action does not list every action: the attribute that prevents this
/// cannot be in generated code, where `#![no_implicit_prelude]` hides it.
#[doc(hidden)]
pub trait DerivedAction<S>: Action {
    /// [`TakeAction::take`].
    fn take_derived(self, shared: &mut S) -> usize;
}

#[diagnostic::do_not_recommend]
impl<A: DerivedAction<S>, S> TakeAction<S> for A {
    #[inline]
    fn take(self, shared: &mut S) -> usize {
        self.take_derived(shared)
    }
}

impl<S> DerivedAction<S> for () {
    #[inline]
    fn take_derived(self, _: &mut S) -> usize {
        0
    }
}
