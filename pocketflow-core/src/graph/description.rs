use super::Graph;
use crate::action::ActionInfo;
use crate::const_eval::bit_set::join;
use crate::shared::Store;

/// What stands in a flow, as the macro of a node or of a flow describes it.
#[doc(hidden)]
pub trait Describe: Send + Sync {
    /// The description.
    const NODE: Description;
    /// What the `exec` of a node reads: the struct behind [`Reads`](crate::Reads).
    type Reads<'a>;
}

/// What stands in a flow: whatever has a description. A trait of its own, so that rustc's message
/// about a type that is no node does not list every node there is: the attribute that says so
/// cannot stand in generated code, where `#![no_implicit_prelude]` hides it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "only a node or a flow can be a step of a flow",
    note = "put `#[node(Store)]` on its function or its `impl`"
)]
pub trait Stands {
    /// The description.
    const INFO: &'static Description;
}

#[diagnostic::do_not_recommend]
impl<N: Describe> Stands for N {
    const INFO: &'static Description = &N::NODE.if_known();
}

/// What a node says of itself: fields by their names, which each flow looks up once for all its
/// nodes. Each constant of each node takes rustc's time, and the sets of fields would be four of
/// them.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// The store it works on.
    pub store: &'static Store,
    /// The actions it returns.
    pub actions: &'static [ActionInfo],
    /// Fields that it reads and that must be filled before.
    pub reads: &'static [&'static str],
    /// Fields whose value it may look at.
    pub peeks: &'static [&'static str],
    /// Fields that are filled after it, whatever its action.
    pub writes: &'static [&'static str],
    /// Fields that its `post` may change, beside those that it fills.
    pub changes: &'static [&'static str],
    /// Whether it may look at every field.
    pub peeks_all: bool,
    /// Whether its `post` may change every field.
    pub changes_all: bool,
    /// The late field that an `await(field)` waits for.
    pub waits: Option<&'static str>,
    /// A flow that is used as a node.
    pub flow: Option<NodeInfo>,
}

impl Description {
    /// What could not be read. Its errors are told; no check adds to them. A node names what it has
    /// beyond this.
    pub const UNKNOWN: Self = Self {
        name: "",
        store: UNKNOWN.store,
        actions: &[],
        reads: &[],
        peeks: &[],
        writes: &[],
        changes: &[],
        peeks_all: false,
        changes_all: false,
        waits: None,
        flow: None,
    };

    /// An `await(field)`.
    pub const fn awaits(
        name: &'static str,
        store: &'static Store,
        field: &'static [&'static str; 1],
    ) -> Self {
        if store.name.is_empty() {
            return Self::UNKNOWN;
        }
        let actions = &[ActionInfo::DEFAULT];
        Self {
            name,
            store,
            actions,
            writes: field,
            waits: Some(field[0]),
            ..Self::UNKNOWN
        }
    }

    /// A flow that is used as a node.
    pub const fn of_flow(flow: NodeInfo) -> Self {
        // Of what its store is, nothing is known where its first node is not.
        if flow.is_unknown() {
            return Self::UNKNOWN;
        }
        Self {
            name: flow.name,
            store: flow.store,
            flow: Some(flow),
            ..Self::UNKNOWN
        }
    }

    /// What is known: nothing, where the actions are those of [`ActionInfo::UNKNOWN`], or one of
    /// them writes a field that the store does not have, which rustc says.
    pub const fn if_known(self) -> Self {
        let mut action = 0;
        while action < self.actions.len() {
            let ActionInfo { name, writes } = self.actions[action];
            let mut field = 0;
            while field < writes.len() {
                if self.store.field(writes[field]).is_none() {
                    return Self::UNKNOWN;
                }
                field += 1;
            }
            if name.is_empty() {
                return Self::UNKNOWN;
            }
            action += 1;
        }
        self
    }

    /// How many words the largest set of fields takes that any of these has.
    pub const fn words(all: &[&Self]) -> usize {
        let (mut words, mut index) = (0, 0);
        while index < all.len() {
            if all[index].store.words() > words {
                words = all[index].store.words();
            }
            index += 1;
        }
        words
    }

    /// How many actions all of these have together.
    pub const fn slots(all: &[&Self]) -> usize {
        let (mut slots, mut index) = (0, 0);
        while index < all.len() {
            slots += all[index].count();
            index += 1;
        }
        slots
    }

    /// How many actions it has.
    const fn count(&self) -> usize {
        match &self.flow {
            Some(flow) => flow.actions.len(),
            None => self.actions.len(),
        }
    }
}

/// The sets of fields of all that stands in a flow: `N` nodes with `T` actions in all, in words of
/// 64 fields, `W` for each set.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sets<const N: usize, const T: usize, const W: usize> {
    reads: [[u64; W]; N],
    peeks: [[u64; W]; N],
    changes: [[u64; W]; N],
    writes: [[u64; W]; T],
    actions: [&'static str; T],
}

impl<const N: usize, const T: usize, const W: usize> Sets<N, T, W> {
    /// Looks the fields up.
    pub const fn of(all: &[&Description; N]) -> Self {
        let mut sets = Self {
            reads: [[0; W]; N],
            peeks: [[0; W]; N],
            changes: [[0; W]; N],
            writes: [[0; W]; T],
            actions: [""; T],
        };
        let (mut index, mut slot) = (0, 0);
        while index < N {
            let node = all[index];
            match &node.flow {
                Some(flow) => sets.add_flow(index, slot, flow),
                None => sets.add_node(index, slot, node),
            }
            slot += node.count();
            index += 1;
        }
        sets
    }

    const fn add_node(&mut self, index: usize, slot: usize, node: &Description) {
        let store = node.store;
        store.add(&mut self.reads[index], node.reads);
        store.add(&mut self.peeks[index], node.peeks);
        store.add(&mut self.changes[index], node.changes);
        let mut always = [0; W];
        store.add(&mut always, node.writes);
        join(&mut self.changes[index], &always);
        let mut action = 0;
        while action < node.actions.len() {
            let mut writes = always;
            store.add(&mut writes, node.actions[action].writes);
            self.writes[slot + action] = writes;
            join(&mut self.changes[index], &writes);
            self.actions[slot + action] = node.actions[action].name;
            action += 1;
        }
        if node.peeks_all {
            self.peeks[index] = store.all();
        }
        if node.changes_all {
            self.changes[index] = store.all();
        }
    }

    /// The sets of a flow are those that its own analysis found.
    const fn add_flow(&mut self, index: usize, slot: usize, flow: &NodeInfo) {
        let words = flow.store.words();
        let mut word = 0;
        while word < words {
            self.reads[index][word] = flow.reads[word];
            self.peeks[index][word] = flow.peeks[word];
            let mut action = 0;
            while action < flow.actions.len() {
                // Of a flow with an error, the sets may have more words.
                let stride = flow.writes.len() / flow.actions.len();
                self.writes[slot + action][word] = flow.writes[action * stride + word];
                action += 1;
            }
            word += 1;
        }
        let mut action = 0;
        while action < flow.actions.len() {
            self.actions[slot + action] = flow.actions[action];
            action += 1;
        }
    }

    /// All that stands in the flow, with its sets.
    pub const fn nodes(&'static self, all: &[&Description; N]) -> [NodeInfo; N] {
        let mut nodes = [UNKNOWN; N];
        let (mut index, mut slot) = (0, 0);
        while index < N {
            let Description {
                name,
                store,
                waits,
                ref flow,
                ..
            } = *all[index];
            let count = all[index].count();
            nodes[index] = NodeInfo {
                name,
                store,
                actions: self.actions.split_at(slot + count).0.split_at(slot).1,
                reads: &self.reads[index],
                peeks: &self.peeks[index],
                writes: self
                    .writes
                    .split_at(slot + count)
                    .0
                    .split_at(slot)
                    .1
                    .as_flattened(),
                changes: &self.changes[index],
                flow: match flow {
                    Some(flow) => flow.flow,
                    None => None,
                },
                waits,
            };
            slot += count;
            index += 1;
        }
        nodes
    }
}

/// What a node reads, writes and returns. Sets of fields are bit sets over [`Store::fields`], in
/// words of 64.
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
    /// Fields that its `post` may change, sure to fill them or not; empty for a flow, which stands
    /// in no fork.
    pub changes: &'static [u64],
    /// The graph of a flow that is used as a node.
    pub flow: Option<&'static Graph>,
    /// The late field that an `await(field)` waits for.
    pub waits: Option<&'static str>,
}

/// The description of a flow that could not be read. Its errors are told; no check adds to them.
#[doc(hidden)]
pub(crate) const UNKNOWN: NodeInfo = NodeInfo {
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

impl NodeInfo {
    pub(crate) const fn is_unknown(&self) -> bool {
        self.store.name.is_empty() || !self.actions.is_empty() && self.actions[0].is_empty()
    }

    /// The index of an action.
    pub(crate) const fn action(&self, name: &str) -> Option<usize> {
        let mut index = 0;
        while index < self.actions.len() {
            if crate::checks::message::equal(self.actions[index], name) {
                return Some(index);
            }
            index += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests;
