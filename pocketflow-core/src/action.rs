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
