//! The analyses of a graph, which run while the user's crate is compiled.
//!
//! [`Solution`] holds the [routes](routes) and two data-flow analyses over sets of fields (Kildall,
//! "A unified approach to global program optimization", 1973): [definite
//! assignment](definite_assignment), which goes forwards, and [liveness], which goes backwards. A
//! node may fill a field and it may empty one, so a nested flow states three sets for each exit:
//! what every path fills, what some path empties, and what every path assigns. The
//! [longest walk](longest_walk) is computed where `MAX_STEPS` is named. [`resume`] repeats definite
//! assignment at run time, from any position.

mod definite_assignment;
mod empty_path;
mod liveness;
mod longest_walk;
mod queue;
mod resume;
mod routes;
#[cfg(test)]
mod tests;

pub(crate) use definite_assignment::UnprovedRead;
pub(crate) use empty_path::Path;
pub(crate) use longest_walk::{NoLongestWalk, UnboundedLoop};
pub use resume::Unfilled;

use crate::const_eval::bit_set::union;
use crate::graph::{Graph, NodeInfo};

/// No edge. A graph that passes the checks has an edge for every action.
const NO_EDGE: u32 = u32::MAX;

/// The results for a graph with `P` places and `T` actions in total, where an error edge counts as an
/// action. A set of fields is `W` words. The sets of all exits, and of the failure of the flow, are
/// `E` words.
#[doc(hidden)]
#[derive(Debug)]
pub struct Solution<const P: usize, const T: usize, const E: usize, const W: usize> {
    /// Where the actions of a place begin in `routes` and `edges`.
    offsets: [u32; P],
    /// What comes next after each action: see [`routes_of`](Self::routes_of).
    routes: [u32; T],
    /// The edge of each action.
    edges: [u32; T],
    /// The error edge of each place.
    error_edges: [u32; P],
    /// The places that a path reaches, in the order in which they are found.
    order: [u32; P],
    reached: usize,
    /// The fields that every path to a place fills, if none is filled at the start.
    filled: [[u64; W]; P],
    /// The fields that some path to a place empties, and does not fill again.
    emptied: [[u64; W]; P],
    /// The fields that every path to an exit fills. After the exits comes the failure of the flow.
    exits: [u64; E],
    /// The fields that some path to an exit empties, and does not fill again.
    exit_clears: [u64; E],
    /// The fields that every path to an exit assigns.
    exit_assigns: [u64; E],
    /// Whether a node empties a field. If none does, `emptied` and `exit_clears` have no fields, and
    /// what a path fills is what it assigns.
    clears: bool,
    /// Whether the flow may fail: some place may fail and has no error edge.
    fails: bool,
    /// The late fields that are filled at the start.
    inputs: [u64; W],
    /// The fields that any node may read.
    optional_reads: [u64; W],
    /// The first late field that a place reads although some path leaves it empty.
    pub(crate) unproved: [Option<UnprovedRead>; P],
    /// The fields that a place writes although nothing can read the value.
    pub(crate) dead_writes: [[u64; W]; P],
}

impl Graph {
    /// Solves the graph.
    #[doc(hidden)]
    pub const fn solve<const P: usize, const T: usize, const E: usize, const W: usize>(
        &self,
    ) -> Solution<P, T, E, W> {
        let mut solution = Solution {
            offsets: [0; P],
            routes: [NO_EDGE; T],
            edges: [NO_EDGE; T],
            error_edges: [NO_EDGE; P],
            order: [0; P],
            reached: 0,
            filled: [[0; W]; P],
            emptied: [[0; W]; P],
            exits: [0; E],
            exit_clears: [0; E],
            exit_assigns: [0; E],
            clears: self.clears_fields(),
            fails: false,
            inputs: self.input_fields(),
            optional_reads: [0; W],
            unproved: [None; P],
            dead_writes: [[0; W]; P],
        };
        solution.find_routes(self);
        solution.find_filled(self);
        solution.find_unproved(self);
        solution.find_dead_writes(self);
        solution.find_optional_reads(self);
        solution
    }

    /// Whether a node empties a field.
    const fn clears_fields(&self) -> bool {
        let mut place = 0;
        while place < self.places.len() {
            if !self.places[place].node.clears.is_empty() {
                return true;
            }
            place += 1;
        }
        false
    }

    /// The inputs as a set. A misspelt input counts as the field that it probably means, so that
    /// one mistake produces one message.
    const fn input_fields<const W: usize>(&self) -> [u64; W] {
        let store = self.store();
        let mut set = store.set(self.inputs);
        let mut input = 0;
        while input < self.inputs.len() {
            let meant = match store.field(self.inputs[input]) {
                Some(_) => None,
                None => store.nearest_field(self.inputs[input]),
            };
            if let Some(meant) = meant {
                store.add(&mut set, &[meant]);
            }
            input += 1;
        }
        set
    }
}

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// The flow as a node. It reads its inputs, it may read everything that any of its nodes may
    /// read, and it fills the fields that are filled at each exit.
    pub const fn info(&'static self, name: &'static str, graph: &'static Graph) -> NodeInfo {
        NodeInfo {
            name,
            store: graph.places[0].node.store,
            actions: graph.exits,
            reads: &self.inputs,
            optional_reads: &self.optional_reads,
            writes: &self.exits,
            clears: if self.clears { &self.exit_clears } else { &[] },
            assigns: if self.clears {
                &self.exit_assigns
            } else {
                &self.exits
            },
            possible_writes: &[],
            fails: self.fails,
            flow: Some(graph),
            waits: None,
            within: None,
            sleeps: None,
            on: None,
            handled: None,
            check: None,
        }
    }

    const fn find_optional_reads(&mut self, graph: &Graph) {
        let mut place = 0;
        while place < P {
            if graph.shares_store(place) {
                let node = graph.places[place].node;
                union(&mut self.optional_reads, node.reads, 0);
                union(&mut self.optional_reads, node.optional_reads, 0);
            }
            place += 1;
        }
    }
}
