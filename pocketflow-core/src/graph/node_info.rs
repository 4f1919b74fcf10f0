use std::time::Duration;

use super::{CheckPolicy, Graph, Handled, OnField};
use crate::const_eval::spelling::equal;
use crate::store::Store;

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
    /// The fields that it reads and that must be filled before it runs.
    pub reads: &'static [u64],
    /// The fields that it may read, and that may still be empty when it runs.
    pub optional_reads: &'static [u64],
    /// The fields that are filled after it: one set for each action, one after the other. A flow
    /// has one more set in this field and in the next two, for the case that it fails.
    pub writes: &'static [u64],
    /// The fields that may be empty after it, although they were filled before: one set for each
    /// action. It has no set at all if the node empties no field.
    pub clears: &'static [u64],
    /// The fields whose value from before the node is gone after it: one set for each action.
    pub assigns: &'static [u64],
    /// The fields that its `post` may write, whether it fills them or not. The set is empty for a
    /// flow of the same store, because such a flow cannot be in a fork.
    pub possible_writes: &'static [u64],
    /// Whether its `prep` or its `exec` may fail, so that an error edge may follow.
    pub fails: bool,
    /// The graph of a flow that is used as a node.
    pub flow: Option<&'static Graph>,
    /// The late field that an `await(field)` waits for.
    pub waits: Option<&'static str>,
    /// How long an `await(field, within = "3d")` waits. Its second action, `expired`, is taken after
    /// that time.
    pub within: Option<Duration>,
    /// How long a declared `sleep("1h")` sleeps.
    pub sleeps: Option<Duration>,
    /// The field that a flow of another store runs on, for a place such as `Investigate.on(facts)`.
    pub on: Option<OnField>,
    /// What handles all failures of its `exec`.
    pub(crate) handled: Option<Handled>,
    /// Checks the policy of a node that the context configures.
    pub(crate) check: Option<CheckPolicy>,
}

/// A node or a flow that the macro could not parse. The macro reports the errors, and no check adds
/// to them.
#[doc(hidden)]
pub(crate) const UNKNOWN: NodeInfo = NodeInfo {
    name: "",
    store: &Store::new("", "", &[]),
    actions: &[],
    reads: &[],
    optional_reads: &[],
    writes: &[],
    clears: &[],
    assigns: &[],
    possible_writes: &[],
    fails: false,
    flow: None,
    waits: None,
    within: None,
    sleeps: None,
    on: None,
    handled: None,
    check: None,
};

impl NodeInfo {
    /// Whether it, or a node in it, has a policy that the context configures.
    pub(crate) const fn is_configured(&self) -> bool {
        match (self.flow, self.on) {
            (Some(flow), _) => flow.is_configured(),
            (None, Some(on)) => on.graph.is_configured(),
            (None, None) => self.check.is_some(),
        }
    }

    /// Whether a run of this flow on a field may fail: its nodes may, or an input may be empty.
    pub(crate) const fn fails_on_field(&self) -> bool {
        match self.flow {
            Some(graph) => self.fails || !graph.inputs.is_empty(),
            None => self.fails,
        }
    }

    /// Whether it lets time pass: an `await` or a `sleep`, which the flow itself contains.
    pub(crate) const fn is_pause(&self) -> bool {
        self.waits.is_some() || self.sleeps.is_some()
    }

    /// Whether its actions are the exits of a flow.
    pub(crate) const fn has_exits(&self) -> bool {
        match self.on {
            Some(on) => on.each.is_none(),
            None => self.flow.is_some(),
        }
    }

    /// Whether it never ends. A flow that runs on every item and never ends has the action `default`
    /// all the same, because there may be no item.
    pub(crate) const fn never_ends(&self) -> bool {
        match self.on {
            Some(on) => on.graph.exits.is_empty(),
            None => self.actions.is_empty(),
        }
    }

    pub(crate) const fn is_unknown(&self) -> bool {
        self.store.name.is_empty() || !self.actions.is_empty() && self.actions[0].is_empty()
    }

    /// The index of an action.
    pub(crate) const fn action(&self, name: &str) -> Option<usize> {
        let mut index = 0;
        while index < self.actions.len() {
            if equal(self.actions[index], name) {
                return Some(index);
            }
            index += 1;
        }
        None
    }
}
