//! Actions: what a node says when it is done, and which edge is taken for it.

/// What a node returns to choose the edge to take: an enum with `#[derive(Action)]`, or `()` for
/// the one action `default`.
///
/// A variant is an action, named in snake_case; `#[action("needs-info")]` on it gives it another
/// name. The fields of a variant are written to the store's fields of the same name when the action
/// is taken, and `#[action(Store)]` on the enum says to which store. `#[action(crate = path)]`, or
/// `#[action(Store, crate = path)]`, says where the library is, in a crate that has it by another
/// path than `::pocketflow`.
///
/// ```
/// use pocketflow::{Action, Shared};
///
/// #[derive(Shared, Default)]
/// struct Research { question: String, search_query: Option<String> }
///
/// #[derive(Action)]
/// #[action(Research)]
/// enum Decision {
///     Search { search_query: String },
///     #[action("give-up")]
///     GiveUp,
/// }
///
/// assert_eq!(Decision::ACTIONS[0].name, "search");
/// assert_eq!(Decision::ACTIONS[0].writes, ["search_query"]);
/// assert_eq!(Decision::ACTIONS[1].name, "give-up");
/// ```
pub trait Action: Send {
    /// The actions, in the order of the variants.
    const ACTIONS: &'static [ActionInfo];
}

/// An action: its name in the graph and the store's fields that are written when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionInfo {
    /// The name.
    pub name: &'static str,
    /// The names of the fields of the variant.
    pub writes: &'static [&'static str],
}

impl ActionInfo {
    /// The action of a node that has nothing to choose.
    pub const DEFAULT: Self = Self {
        name: "default",
        writes: &[],
    };
}

impl ActionInfo {
    /// The actions of an enum whose derive has an error: no check speaks of a node that returns it.
    #[doc(hidden)]
    pub const UNKNOWN: &'static [Self] = &[Self {
        name: "",
        writes: &[],
    }];
}

impl Action for () {
    const ACTIONS: &'static [ActionInfo] = &[ActionInfo::DEFAULT];
}

/// Takes an action on a store: writes the variant's fields and says which action it was, by its
/// index.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action of the store `{S}`",
    label = "this is neither `()` nor an action of `{S}`",
    note = "to store what a function or `exec` returns, name the field: `#[node({S}, writes = field)]`",
    note = "to choose an edge, return an enum with `#[derive(pocketflow::Action)]`, and with `#[action({S})]` where its variants have fields"
)]
#[doc(hidden)]
pub trait Take<S>: Action {
    /// [`Action::ACTIONS`], so that a type which is no action is reported by this trait alone.
    const TAKEN: &'static [ActionInfo] = <Self as Action>::ACTIONS;

    /// Writes the fields; returns the index in [`Action::ACTIONS`].
    fn take(self, shared: &mut S) -> usize;
}

/// [`Take`], as the derive implements it. A trait of its own, so that rustc's message about a type
/// that is no action does not list every action there is: the attribute that says so cannot stand
/// in generated code, where `#![no_implicit_prelude]` hides it.
#[doc(hidden)]
pub trait Taking<S>: Action {
    /// [`Take::take`].
    fn taking(self, shared: &mut S) -> usize;
}

#[diagnostic::do_not_recommend]
impl<A: Taking<S>, S> Take<S> for A {
    #[inline]
    fn take(self, shared: &mut S) -> usize {
        self.taking(shared)
    }
}

impl<S> Taking<S> for () {
    #[inline]
    fn taking(self, _: &mut S) -> usize {
        0
    }
}
