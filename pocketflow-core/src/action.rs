//! Actions: what a node returns when it is done, and so which edge the flow takes.

/// What a node returns to choose the next edge: an enum with `#[derive(Action)]`, or `()`, which
/// stands for the single action `default`.
///
/// Each variant is an action, named in snake_case. The attribute `#[action("needs-info")]` on a
/// variant gives the action another name. When the flow takes an action, it writes the fields of
/// the variant to the store fields of the same names, and `#[action(Store)]` on the enum names that
/// store. `#[action(crate = path)]`, or `#[action(Store, crate = path)]`, gives the path of the
/// library in a crate that does not have it as `::pocketflow`.
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

/// An action: its name in the graph, and the store fields that it writes when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionInfo {
    /// The name.
    pub name: &'static str,
    /// The names of the fields of the variant.
    pub writes: &'static [&'static str],
}

impl ActionInfo {
    /// The action of a node that has no choice.
    pub const DEFAULT: Self = Self {
        name: "default",
        writes: &[],
    };
}

impl ActionInfo {
    /// The actions of an enum whose derive has an error. No check reports anything about a node
    /// that returns it.
    #[doc(hidden)]
    pub const UNKNOWN: &'static [Self] = &[Self {
        name: "",
        writes: &[],
    }];
}

impl Action for () {
    const ACTIONS: &'static [ActionInfo] = &[ActionInfo::DEFAULT];
}
