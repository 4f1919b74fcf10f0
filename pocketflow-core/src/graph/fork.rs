//! Forks: what their nodes are together, and whether they get along.

use super::{Graph, NodeInfo, Place, UNKNOWN};
use crate::checks::message::{Text, equal};
use crate::const_eval::bit_set::{contains, join};

/// The description of a fork's nodes together.
#[doc(hidden)]
pub const fn together(
    name: &'static str,
    fork: &'static [Place],
    reads: &'static [u64],
    peeks: &'static [u64],
    writes: &'static [u64],
) -> NodeInfo {
    // What an unknown node fills is unknown, and so is what comes after the fork.
    if !is_known(fork) {
        return NodeInfo { name, ..UNKNOWN };
    }
    NodeInfo {
        name,
        store: fork[0].node.store,
        actions: &["default"],
        reads,
        peeks,
        writes,
        changes: writes,
        flow: None,
        waits: None,
    }
}

/// What of its nodes a fork brings together.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// [`NodeInfo::reads`].
    Reads,
    /// [`NodeInfo::peeks`].
    Peeks,
    /// [`NodeInfo::writes`]. A node with several actions is refused; what it fills after the first
    /// is as good as any.
    Writes,
}

/// What any of a fork's nodes reads, may look at, or fills.
#[doc(hidden)]
pub const fn union<const W: usize>(fork: &[Place], of: Of) -> [u64; W] {
    let mut set = [0; W];
    let mut index = 0;
    while index < fork.len() {
        let node = fork[index].node;
        if is_native(fork, index) {
            match of {
                Of::Reads => join(&mut set, node.reads),
                Of::Peeks => join(&mut set, node.peeks),
                Of::Writes if node.actions.is_empty() => {}
                Of::Writes => join(&mut set, node.writes),
            }
        }
        index += 1;
    }
    set
}

const fn is_known(fork: &[Place]) -> bool {
    let mut index = 0;
    while index < fork.len() {
        if fork[index].node.is_unknown() {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether a node of a fork works on the store of the first.
pub(crate) const fn is_native(fork: &[Place], index: usize) -> bool {
    fork[index].node.store.hash == fork[0].node.store.hash
}

/// Whether a node may change a field.
const fn changes(node: &NodeInfo, field: usize) -> bool {
    node.flow.is_none() && contains(node.changes, field)
}

const fn changed(node: &NodeInfo) -> &[u64] {
    if node.flow.is_some() {
        &[]
    } else {
        node.changes
    }
}

/// Whether another node of a fork than this one may fill a field.
pub(crate) const fn may_fill(fork: &[Place], branch: usize, field: usize) -> bool {
    let mut index = 0;
    while index < fork.len() {
        if index != branch && is_native(fork, index) && changes(fork[index].node, field) {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether any node of a fork has another action than `default`.
pub(crate) const fn chooses(fork: &[Place]) -> bool {
    let mut index = 0;
    while index < fork.len() {
        if !has_default_alone(fork[index].node) {
            return true;
        }
        index += 1;
    }
    false
}

const fn has_default_alone(node: &NodeInfo) -> bool {
    node.actions.len() == 1 && equal(node.actions[0], "default")
}

const fn looks_at(node: &NodeInfo, field: usize) -> bool {
    contains(node.reads, field) || contains(node.peeks, field)
}

/// Whether there is a field that one of two nodes changes, and the other changes or looks at.
const fn clash(a: &NodeInfo, b: &NodeInfo) -> bool {
    let (a_changes, b_changes) = (changed(a), changed(b));
    meet(a_changes, b_changes)
        || meet(a_changes, b.reads)
        || meet(a_changes, b.peeks)
        || meet(b_changes, a.reads)
        || meet(b_changes, a.peeks)
}

/// Whether two sets have a member in common.
const fn meet(a: &[u64], b: &[u64]) -> bool {
    let mut word = 0;
    while word < a.len() && word < b.len() {
        if a[word] & b[word] != 0 {
            return true;
        }
        word += 1;
    }
    false
}

impl Graph {
    /// PF012 for a node of a fork, and PF008.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_branch(&self, place: usize, branch: usize) {
        let Place { name, node, .. } = self.places[place].fork[branch];
        if node.is_unknown() {
            return;
        }
        if node.flow.is_some() {
            Text::new("PF012: the flow ")
                .code(name)
                .push(" is in a fork, where only nodes can be\nhelp: write a node that runs it on another store, and name that node here: `")
                .push(name)
                .push(".run(&mut store).await`")
                .panic("PF012")
        }
        if !has_default_alone(node) {
            Text::new("PF012: ")
                .code(name)
                .push(" returns ")
                .actions(node.actions, "or")
                .push(", and no edge can follow an action out of a fork\nhelp: let it write what it found to a field, and let the node after the fork choose")
                .panic("PF012")
        }
        if branch > 0 && !self.is_unknown() && node.store.hash != self.store().hash {
            self.foreign(name, node)
        }
    }

    /// PF007 for a node of a fork: on its own token, each of two that do not get along names the
    /// other.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_fields(&self, place: usize, branch: usize) {
        let fork = self.places[place].fork;
        let Place { name, node, .. } = fork[branch];
        let mut index = 0;
        while index < fork.len() {
            let other = &fork[index];
            // By whole words first: a fork has as many pairs of nodes as the square of its nodes.
            let clash = other.node.store.hash == node.store.hash && clash(node, other.node);
            let mut field = 0;
            while clash
                && index != branch
                && !equal(other.name, name)
                && field < node.store.fields.len()
            {
                let field_name = node.store.fields[field].name;
                let (ours, theirs) = (changes(node, field), changes(other.node, field));
                let text = Text::new("PF007: ").code(name);
                if ours && theirs {
                    text.push(" and ")
                        .code(other.name)
                        .push(" are in one fork, and both write ")
                        .code(field_name)
                        .push("\nhelp: let each write a different field, and let the node after the fork combine them")
                        .panic("PF007")
                }
                if ours && looks_at(other.node, field) {
                    text.push(" writes ")
                        .code(field_name)
                        .push(", which ")
                        .code(other.name)
                        .push(" reads in the same fork\nhelp: they run at the same time: let the one that reads follow the one that writes, `… >> ")
                        .push(name)
                        .push(" >> ")
                        .push(other.name)
                        .push("`")
                        .panic("PF007")
                }
                if theirs && looks_at(node, field) {
                    text.push(" reads ")
                        .code(field_name)
                        .push(", which ")
                        .code(other.name)
                        .push(" writes in the same fork\nhelp: they run at the same time: let the one that reads follow the one that writes, `… >> ")
                        .push(other.name)
                        .push(" >> ")
                        .push(name)
                        .push("`")
                        .panic("PF007")
                }
                field += 1;
            }
            index += 1;
        }
    }
}
