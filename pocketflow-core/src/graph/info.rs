use super::Graph;
use crate::shared::Store;

/// The description of a node, as constants: what the checks of `flow!` work on.
#[doc(hidden)]
pub trait Describe: Send + Sync {
    /// The description.
    const NODE: NodeInfo;
}

/// What stands in a flow: whatever has a description. A trait of its own, so that rustc's message about a type that is no node
/// does not list every node there is: the attribute that says so cannot stand in generated code, where `#![no_implicit_prelude]`
/// hides it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "only a node or a flow can stand in a flow",
    note = "put `#[node(Store)]` on its function or its `impl`"
)]
pub trait Stands {
    /// The description.
    const INFO: &'static NodeInfo;
}

#[diagnostic::do_not_recommend]
impl<N: Describe> Stands for N {
    const INFO: &'static NodeInfo = &N::NODE.if_known();
}

/// What a node reads, writes and returns. Sets of fields are bit sets over [`Store::fields`], in words of 64.
#[derive(Debug, Clone, Copy)]
pub struct NodeInfo {
    /// The node's name.
    pub name: &'static str,
    /// The store it works on.
    pub store: &'static Store,
    /// The names of the actions it returns.
    pub actions: &'static [&'static str],
    /// Fields that it reads and that must be filled before.
    pub reads: &'static [u64],
    /// Fields whose value it may look at, in addition to those it reads.
    pub peeks: &'static [u64],
    /// Fields that are filled after it, a set for each action, one set behind the other.
    pub writes: &'static [u64],
    /// Fields that its `post` may change, sure to fill them or not; empty for a flow, which stands in no fork.
    pub changes: &'static [u64],
    /// The graph of a flow that is used as a node.
    pub flow: Option<&'static Graph>,
    /// The late field that an `await(field)` waits for.
    pub waits: Option<&'static str>,
}

/// The description of a flow that could not be read. Its errors are told; no check adds to them.
#[doc(hidden)]
pub const UNKNOWN: NodeInfo = NodeInfo {
    name: "",
    store: &Store::new("", "", &[]),
    actions: &[],
    reads: &[],
    peeks: &[],
    writes: &[],
    changes: &[],
    flow: None,
    waits: None,
};

/// The description of an `await(field)`: the field is `fields`, and `none` an empty set.
#[doc(hidden)]
pub const fn awaits(
    name: &'static str,
    field: &'static str,
    store: &'static Store,
    fields: &'static [u64],
    none: &'static [u64],
) -> NodeInfo {
    let node = NodeInfo {
        name,
        store,
        actions: &["default"],
        reads: none,
        peeks: none,
        writes: fields,
        changes: fields,
        flow: None,
        waits: Some(field),
    };
    node.if_known()
}

impl NodeInfo {
    pub(crate) const fn is_unknown(&self) -> bool {
        self.store.name.is_empty() || !self.actions.is_empty() && self.actions[0].is_empty()
    }

    /// The node or flow, or [`UNKNOWN`] if its actions are unknown, or all nodes of the flow.
    #[doc(hidden)]
    pub const fn if_known(self) -> Self {
        if self.is_unknown() { UNKNOWN } else { self }
    }

    /// The index of an action.
    pub(crate) const fn action(&self, name: &str) -> Option<usize> {
        let mut index = 0;
        while index < self.actions.len() {
            if crate::text::equal(self.actions[index], name) {
                return Some(index);
            }
            index += 1;
        }
        None
    }
}

/// The sets of [`NodeInfo::writes`]: `always` for every action, and the fields of each action's variant.
#[doc(hidden)]
pub const fn writes<const N: usize>(
    store: &Store,
    always: &[&str],
    actions: &[crate::action::ActionInfo],
) -> [u64; N] {
    let mut sets = [0; N];
    let words = store.words();
    let mut action = 0;
    while action < actions.len() {
        let mut name = 0;
        while name < always.len() + actions[action].writes.len() {
            let field =
                if name < always.len() { always[name] } else { actions[action].writes[name - always.len()] };
            if let Some(field) = store.field(field) {
                sets[action * words + field / 64] |= 1 << (field % 64);
            }
            name += 1;
        }
        action += 1;
    }
    sets
}

/// The set of [`NodeInfo::changes`]: these fields, and those of every action's variant.
#[doc(hidden)]
pub const fn changes<const W: usize>(
    store: &Store,
    fields: &[&str],
    actions: &[crate::action::ActionInfo],
) -> [u64; W] {
    let mut set = store.set::<W>(fields);
    let mut action = 0;
    while action < actions.len() {
        super::solve::join(&mut set, &store.set::<W>(actions[action].writes));
        action += 1;
    }
    set
}

/// The names of actions. Where one writes a field that the store does not have, which rustc says, they are as unknown as those of
/// [`ActionInfo::UNKNOWN`](crate::ActionInfo::UNKNOWN).
#[doc(hidden)]
pub const fn names<const N: usize>(
    store: &Store,
    actions: &[crate::action::ActionInfo],
) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        let mut field = 0;
        while field < actions[index].writes.len() {
            if store.field(actions[index].writes[field]).is_none() {
                return [""; N];
            }
            field += 1;
        }
        names[index] = actions[index].name;
        index += 1;
    }
    names
}
