//! A fork as one node: what its nodes read and write together.

use super::{NodeInfo, Place, UNKNOWN};
use crate::const_eval::bit_set::union;

/// The sets of fields of a fork's nodes together, in words of 64 fields.
#[doc(hidden)]
#[derive(Debug)]
pub struct ForkSets<const W: usize> {
    reads: [u64; W],
    optional_reads: [u64; W],
    writes: [u64; W],
}

impl<const W: usize> ForkSets<W> {
    /// Unites the sets of the nodes.
    pub const fn of(fork: &[Place]) -> Self {
        let mut sets = Self {
            reads: [0; W],
            optional_reads: [0; W],
            writes: [0; W],
        };
        let mut branch = 0;
        while branch < fork.len() {
            let node = fork[branch].node;
            if shares_store(fork, branch) {
                union(&mut sets.reads, node.reads, 0);
                union(&mut sets.optional_reads, node.optional_reads, 0);
                // PF012 refuses a node with several actions: the first stands for all.
                if !node.actions.is_empty() {
                    union(&mut sets.writes, node.writes, 0);
                }
            }
            branch += 1;
        }
        sets
    }
}

impl NodeInfo {
    /// A fork's nodes together.
    #[doc(hidden)]
    pub const fn of_fork<const W: usize>(
        name: &'static str,
        fork: &'static [Place],
        sets: &'static ForkSets<W>,
    ) -> Self {
        // What an unknown node fills is unknown, and so is what comes after the fork.
        let mut branch = 0;
        while branch < fork.len() {
            if fork[branch].node.is_unknown() {
                return Self { name, ..UNKNOWN };
            }
            branch += 1;
        }
        Self {
            name,
            store: fork[0].node.store,
            actions: &["default"],
            reads: &sets.reads,
            optional_reads: &sets.optional_reads,
            writes: &sets.writes,
            possible_writes: &sets.writes,
            flow: None,
            waits: None,
        }
    }
}

/// Whether a node of a fork works on the store of the first.
pub(crate) const fn shares_store(fork: &[Place], branch: usize) -> bool {
    fork[branch].node.store.hash == fork[0].node.store.hash
}
