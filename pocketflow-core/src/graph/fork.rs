//! A fork as one node: what its nodes together read and write.

use super::{NodeInfo, Place, UNKNOWN};
use crate::const_eval::bit_set::union;

/// The combined sets of fields of a fork's nodes, in words of 64 fields.
#[doc(hidden)]
#[derive(Debug)]
pub struct ForkSets<const W: usize> {
    reads: [u64; W],
    optional_reads: [u64; W],
    writes: [u64; W],
    clears: [u64; W],
    assigns: [u64; W],
    possible_writes: [u64; W],
    has_clears: bool,
}

impl<const W: usize> ForkSets<W> {
    /// Unites the sets of the nodes.
    pub const fn of(fork: &[Place]) -> Self {
        let mut sets = Self {
            reads: [0; W],
            optional_reads: [0; W],
            writes: [0; W],
            clears: [0; W],
            assigns: [0; W],
            possible_writes: [0; W],
            has_clears: false,
        };
        let mut branch = 0;
        while branch < fork.len() {
            let node = fork[branch].node;
            if shares_store(fork, branch) {
                union(&mut sets.reads, node.reads, 0);
                union(&mut sets.optional_reads, node.optional_reads, 0);
                union(&mut sets.possible_writes, node.possible_writes, 0);
                // PF012 rejects a node with several actions, so the first one stands for all of
                // them.
                if !node.actions.is_empty() {
                    union(&mut sets.writes, node.writes, 0);
                    union(&mut sets.assigns, node.assigns, 0);
                    if !node.clears.is_empty() {
                        union(&mut sets.clears, node.clears, 0);
                        sets.has_clears = true;
                    }
                }
            }
            branch += 1;
        }
        sets
    }
}

impl NodeInfo {
    /// All nodes of a fork, combined.
    #[doc(hidden)]
    pub const fn of_fork<const W: usize>(
        name: &'static str,
        fork: &'static [Place],
        sets: &'static ForkSets<W>,
    ) -> Self {
        // It is unknown what an unknown node fills, and so is everything after the fork.
        let (mut branch, mut fails) = (0, false);
        while branch < fork.len() {
            if fork[branch].node.is_unknown() {
                return Self { name, ..UNKNOWN };
            }
            fails = fails || fork[branch].node.fails;
            branch += 1;
        }
        Self {
            name,
            store: fork[0].node.store,
            actions: &["default"],
            reads: &sets.reads,
            optional_reads: &sets.optional_reads,
            writes: &sets.writes,
            clears: if sets.has_clears { &sets.clears } else { &[] },
            assigns: &sets.assigns,
            possible_writes: &sets.possible_writes,
            fails,
            flow: None,
            waits: None,
            within: None,
            sleeps: None,
            on: None,
            handled: None,
            check: None,
        }
    }
}

/// Whether a node of a fork works on the same store as the first node.
pub(crate) const fn shares_store(fork: &[Place], branch: usize) -> bool {
    fork[branch].node.store.hash == fork[0].node.store.hash
}
