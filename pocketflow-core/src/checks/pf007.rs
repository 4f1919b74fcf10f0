//! PF007: two nodes of one fork that write the same field, or one that reads a field that the other
//! writes. Two flows on the same field.

use super::message::Message;
use crate::const_eval::bit_set::{contains, intersects};
use crate::const_eval::spelling::equal;
use crate::graph::fork::shares_store;
use crate::graph::{Each, Graph, NodeInfo, OnField, Place};

const BOTH_WRITE: &str = "`{}` and `{}` are in one fork, and both write `{}`\nhelp: let each write a different field, and let the node after the fork combine them";
const WRITES: &str = "`{}` writes `{}`, which `{}` reads in the same fork";
const READS: &str = "`{}` reads `{}`, which `{}` writes in the same fork";
const BOTH_RUN: &str = "`{}` and `{}` are in one fork, and both run on `{}`\nhelp: let each flow run on a field of its own, and let the node after the fork combine them";
const BOTH_COLLECT: &str = "`{}` and `{}` are in one fork, and both collect failures in `{}`\nhelp: give each a field of its own for its failures";
const HELP: &str = "\nhelp: they run at the same time: let the one that reads follow the one that writes, `… >> {} >> {}`";

impl Graph {
    /// Checks a node of a fork. When two nodes are in conflict, the message of each names the
    /// other.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_fields(&self, place: usize, branch: usize) {
        let fork = self.places[place].fork;
        let Place { name, node, .. } = fork[branch];
        let mut index = 0;
        while index < fork.len() {
            let other = &fork[index];
            // Whole words are compared first, because the number of pairs of nodes is quadratic.
            if index != branch
                && other.node.store.hash == node.store.hash
                && conflict(node, other.node)
                && !equal(other.name, name)
                && !both_run_on_a_field(node, other.node)
            {
                report_conflict(name, node, other.name, other.node);
            }
            // It is one mistake, so it is reported once, at the second flow.
            if index < branch && both_run_on_a_field(node, other.node) {
                Message::of("PF007")
                    .add(BOTH_RUN, &[other.name, name, field_of(node)])
                    .report()
            }
            index += 1;
        }
    }

    /// Checks the field that collects the failures of items, in a fork. If two branches name the
    /// same field, the second is reported.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_failures_field(&self, place: usize, branch: usize) {
        let fork = self.places[place].fork;
        let mut index = 0;
        while index < branch {
            let (other, field) = (&fork[index], failures_of(fork[branch].node));
            if !field.is_empty() && equal(failures_of(other.node), field) {
                Message::of("PF007")
                    .add(BOTH_COLLECT, &[other.name, fork[branch].name, field])
                    .report()
            }
            index += 1;
        }
    }
}

/// Whether two flows run on the same field.
const fn both_run_on_a_field(a: &NodeInfo, b: &NodeInfo) -> bool {
    a.on.is_some() && b.on.is_some() && equal(field_of(a), field_of(b))
}

/// The field that collects the failures of items.
const fn failures_of(node: &NodeInfo) -> &'static str {
    match node.on {
        Some(OnField {
            each:
                Some(Each {
                    failures: Some(failures),
                    ..
                }),
            ..
        }) => failures.name,
        _ => "",
    }
}

const fn field_of(node: &NodeInfo) -> &'static str {
    match node.on {
        Some(on) => on.field,
        None => "",
    }
}

/// Says which field two nodes are in conflict over.
#[track_caller]
const fn report_conflict(name: &str, node: &NodeInfo, other_name: &str, other: &NodeInfo) {
    let mut field = 0;
    while field < node.store.fields.len() {
        let field_name = node.store.fields[field].name;
        // It is reported once, on the option.
        if equal(failures_of(node), field_name) && equal(failures_of(other), field_name) {
            field += 1;
            continue;
        }
        let (writes, other_writes) = (may_write(node, field), may_write(other, field));
        let message = Message::of("PF007");
        if writes && other_writes {
            message
                .add(BOTH_WRITE, &[name, other_name, field_name])
                .report()
        }
        if writes && may_read(other, field) {
            message
                .add(WRITES, &[name, field_name, other_name])
                .add(HELP, &[name, other_name])
                .report()
        }
        if other_writes && may_read(node, field) {
            message
                .add(READS, &[name, field_name, other_name])
                .add(HELP, &[other_name, name])
                .report()
        }
        field += 1;
    }
}

/// Whether one of two nodes may write a field that the other may read or write.
const fn conflict(a: &NodeInfo, b: &NodeInfo) -> bool {
    let (a_writes, b_writes) = (possible_writes(a), possible_writes(b));
    intersects(a_writes, b_writes)
        || intersects(a_writes, b.reads)
        || intersects(a_writes, b.optional_reads)
        || intersects(b_writes, a.reads)
        || intersects(b_writes, a.optional_reads)
}

/// Whether a node of a fork other than this one may write a field.
pub(super) const fn another_may_write(fork: &[Place], branch: usize, field: usize) -> bool {
    let mut index = 0;
    while index < fork.len() {
        if index != branch && shares_store(fork, index) && may_write(fork[index].node, field) {
            return true;
        }
        index += 1;
    }
    false
}

const fn may_read(node: &NodeInfo, field: usize) -> bool {
    contains(node.reads, field) || contains(node.optional_reads, field)
}

const fn may_write(node: &NodeInfo, field: usize) -> bool {
    node.flow.is_none() && contains(node.possible_writes, field)
}

/// The fields that a node may write. A flow in a fork is PF012.
const fn possible_writes(node: &NodeInfo) -> &[u64] {
    if node.flow.is_some() {
        &[]
    } else {
        node.possible_writes
    }
}
