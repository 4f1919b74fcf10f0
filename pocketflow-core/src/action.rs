//! Actions: what a node returns when it is done, and so which edge the flow takes.

/// What a node returns to choose the next edge: an enum with `#[derive(Action)]`, or `()`, which
/// stands for the single action `default`.
///
/// Each variant is an action, named in snake_case. The attribute `#[action("needs-info")]` on a
/// variant gives the action another name. When the flow takes an action, it writes the fields of
/// the variant to the store fields of the same names, and `#[action(Store)]` on the enum names that
/// store. A field of the type `Option<T>` sets a late field `Option<T>` or clears it, so that no value
/// of an earlier step is left. A field with `#[appends]` extends the string or the collection in the
/// store instead of replacing it. `#[action(crate = path)]`, or `#[action(Store, crate = path)]`, gives the path of the
/// library in a crate that does not have it as `::pocketflow`.
///
/// ```
/// use pocketflow::{Action, Shared};
///
/// #[derive(Shared, Default)]
/// struct Research { question: String, notes: String, search_query: Option<String>, site: Option<String> }
///
/// #[derive(Action)]
/// #[action(Research)]
/// enum Decision {
///     Search { search_query: String, site: Option<String> },
///     Note { #[appends] notes: String },
///     #[action("give-up")]
///     GiveUp,
/// }
///
/// assert_eq!(Decision::ACTIONS[0].name, "search");
/// assert_eq!(Decision::ACTIONS[0].writes, ["search_query"]);
/// assert_eq!(Decision::ACTIONS[0].maybe_writes, ["site"]);
/// assert_eq!(Decision::ACTIONS[1].appends, ["notes"]);
/// assert_eq!(Decision::ACTIONS[2].name, "give-up");
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
    /// The names of its fields of the type `Option`, which set a late field or clear it.
    pub maybe_writes: &'static [&'static str],
    /// The names of its fields with `#[appends]`.
    pub appends: &'static [&'static str],
}

impl ActionInfo {
    /// The action of a node that has no choice.
    pub const DEFAULT: Self = Self::named("default");

    /// The action of an `await` whose deadline has passed.
    #[doc(hidden)]
    pub const EXPIRED: &'static str = "expired";

    /// Its index among the actions of an `await`.
    pub(crate) const EXPIRED_INDEX: usize = 1;

    /// The actions of an `await` with a deadline. On the second, the field is empty.
    #[doc(hidden)]
    pub const fn of_await(field: &'static [&'static str; 1]) -> [Self; 2] {
        let (mut filled, mut expired) = (Self::DEFAULT, Self::named(Self::EXPIRED));
        filled.writes = field;
        expired.maybe_writes = field;
        [filled, expired]
    }

    /// An action without fields.
    #[doc(hidden)]
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            writes: &[],
            maybe_writes: &[],
            appends: &[],
        }
    }

    /// The actions of an enum whose derive has an error. No check reports anything about a node
    /// that returns it.
    #[doc(hidden)]
    pub const UNKNOWN: &'static [Self] = &[Self::named("")];
}

impl Action for () {
    const ACTIONS: &'static [ActionInfo] = &[ActionInfo::DEFAULT];
}
