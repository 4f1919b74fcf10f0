//! The sets of fields of a flow's nodes. Descriptions name fields, and the analyses work on bit
//! sets.

use super::{Description, Each, NodeInfo, OnField, UNKNOWN};
use crate::action::ActionInfo;
use crate::const_eval::bit_set::{replace, subtract, union};
use crate::store::Store;

/// The sets of fields of the `N` nodes of a flow. A set is `W` words of 64 fields, and the sets of
/// all actions are `A` words.
#[doc(hidden)]
#[derive(Debug)]
pub struct FieldSets<const N: usize, const A: usize, const W: usize> {
    reads: [[u64; W]; N],
    optional_reads: [[u64; W]; N],
    possible_writes: [[u64; W]; N],
    writes: [u64; A],
    clears: [u64; A],
    assigns: [u64; A],
    /// Whether a node clears a field. For any other node, `clears` is not needed, and `assigns` is
    /// the same as `writes`.
    has_clears: [bool; N],
    /// The names of the actions. There are not more of them than words.
    actions: [&'static str; A],
}

impl<const N: usize, const A: usize, const W: usize> FieldSets<N, A, W> {
    /// Looks the fields up.
    pub const fn of(all: &[&Description; N]) -> Self {
        let mut sets = Self {
            reads: [[0; W]; N],
            optional_reads: [[0; W]; N],
            possible_writes: [[0; W]; N],
            writes: [0; A],
            clears: [0; A],
            assigns: [0; A],
            has_clears: [false; N],
            actions: [""; A],
        };
        let (mut index, mut slot) = (0, 0);
        while index < N {
            let node = all[index];
            match (&node.flow, &node.on) {
                (Some(flow), _) => sets.add_flow(index, slot, flow),
                (None, Some(on)) => sets.add_on(index, slot, node.store, on),
                (None, None) => sets.add_node(index, slot, node),
            }
            slot += node.sets();
            index += 1;
        }
        sets
    }

    const fn add_node(&mut self, index: usize, slot: usize, node: &Description) {
        let store = node.store;
        store.add(&mut self.reads[index], node.reads);
        store.add(&mut self.optional_reads[index], node.optional_reads);
        store.add(&mut self.possible_writes[index], node.possible_writes);
        let mut always = [0; W];
        store.add(&mut always, node.writes);
        union(&mut self.possible_writes[index], &always, 0);
        let mut action = 0;
        while action < node.actions.len() {
            let ActionInfo {
                name,
                writes: written,
                maybe_writes,
                appends,
            } = node.actions[action];
            let mut writes = always;
            store.add(&mut writes, written);
            if !appends.is_empty() {
                store.add(&mut writes, appends);
                store.add(&mut self.optional_reads[index], appends);
            }
            if !maybe_writes.is_empty() || !node.maybe_writes.is_empty() {
                let mut clears: [u64; W] = store.emptied(maybe_writes);
                union(&mut clears, &store.emptied::<W>(node.maybe_writes), 0);
                if node.within.is_some() {
                    // A field is empty after its `await` has expired, whatever it can hold.
                    store.add(&mut clears, maybe_writes);
                }
                store.add(&mut writes, maybe_writes);
                store.add(&mut writes, node.maybe_writes);
                replace(&mut self.clears, slot + action, &clears);
                self.has_clears[index] = true;
            }
            // All that it writes, and then what is filled for certain.
            replace(&mut self.assigns, slot + action, &writes);
            union(&mut self.possible_writes[index], &writes, 0);
            subtract(&mut writes, &self.clears, slot + action);
            replace(&mut self.writes, slot + action, &writes);
            self.actions[slot + action] = name;
            action += 1;
        }
        if node.may_read_all {
            self.optional_reads[index] = store.all();
        }
        if node.may_write_all {
            self.possible_writes[index] = store.all();
        }
    }

    /// The sets of a nested flow are those that its own analysis found.
    const fn add_flow(&mut self, index: usize, slot: usize, flow: &NodeInfo) {
        let words = flow.store.words();
        let mut word = 0;
        while word < words {
            self.reads[index][word] = flow.reads[word];
            self.optional_reads[index][word] = flow.optional_reads[word];
            // The last set is for the case that it fails.
            let sets = flow.actions.len() + 1;
            let mut action = 0;
            while action < sets {
                // The sets of a flow with an error may have more words.
                let stride = flow.writes.len() / sets;
                let (from, to) = (action * stride + word, (slot + action) * W + word);
                self.writes[to] = flow.writes[from];
                if !flow.clears.is_empty() {
                    self.clears[to] = flow.clears[from];
                    self.assigns[to] = flow.assigns[from];
                }
                action += 1;
            }
            word += 1;
        }
        self.has_clears[index] = !flow.clears.is_empty();
        let mut action = 0;
        while action < flow.actions.len() {
            self.actions[slot + action] = flow.actions[action];
            action += 1;
        }
    }

    /// A flow on a field reads the field, and may change it, but the field is filled before and
    /// after. The failures of items are added to what their field holds.
    const fn add_on(&mut self, index: usize, slot: usize, store: &Store, on: &OnField) {
        store.add(&mut self.reads[index], &[on.field]);
        store.add(&mut self.possible_writes[index], &[on.field]);
        let mut writes: [u64; W] = [0; W];
        if let Some(Each {
            failures: Some(failures),
            ..
        }) = on.each
        {
            store.add(&mut writes, &[failures.name]);
            store.add(&mut self.optional_reads[index], &[failures.name]);
            union(&mut self.possible_writes[index], &writes, 0);
        }
        let actions = on.actions();
        let mut action = 0;
        while action < actions.len() {
            replace(&mut self.writes, slot + action, &writes);
            self.actions[slot + action] = actions[action];
            action += 1;
        }
    }

    /// The nodes of the flow, with their sets.
    pub const fn nodes(&'static self, all: &[&Description; N]) -> [NodeInfo; N] {
        let mut nodes = [UNKNOWN; N];
        let (mut index, mut slot) = (0, 0);
        while index < N {
            let Description {
                name,
                store,
                waits,
                within,
                sleeps,
                check,
                fails,
                handled,
                ref flow,
                on,
                ..
            } = *all[index];
            let (count, sets) = (all[index].actions(), all[index].sets());
            let writes = self.actions_of(&self.writes, slot, sets);
            let (clears, assigns): (&[u64], _) = if self.has_clears[index] {
                (
                    self.actions_of(&self.clears, slot, sets),
                    self.actions_of(&self.assigns, slot, sets),
                )
            } else {
                (&[], writes)
            };
            nodes[index] = NodeInfo {
                name,
                store,
                actions: self.actions.split_at(slot + count).0.split_at(slot).1,
                reads: &self.reads[index],
                optional_reads: &self.optional_reads[index],
                writes,
                clears,
                assigns,
                possible_writes: &self.possible_writes[index],
                fails: match flow {
                    Some(flow) => flow.fails,
                    None => fails,
                },
                flow: match flow {
                    Some(flow) => flow.flow,
                    None => None,
                },
                waits,
                within,
                sleeps,
                on,
                handled,
                check,
            };
            slot += sets;
            index += 1;
        }
        nodes
    }

    /// The sets of the actions from a slot on.
    const fn actions_of<'a>(&self, sets: &'a [u64; A], slot: usize, count: usize) -> &'a [u64] {
        sets.split_at((slot + count) * W).0.split_at(slot * W).1
    }
}

#[cfg(test)]
mod tests;
