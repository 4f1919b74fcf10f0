//! Liveness: which fields may be read after a place, and so which of its writes are dead.

use super::Solution;
use super::definite_assignment::has_sets;
use crate::const_eval::bit_set::{intersect, remove, subtract, union};
use crate::graph::{Graph, Target};

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// Marks each field that a place writes although nothing may read the value.
    pub(super) const fn find_dead_writes(&mut self, graph: &Graph) {
        let live = self.live_fields(graph);
        let mut index = 0;
        while index < self.reached {
            let place = self.order[index] as usize;
            if graph.shares_store(place) {
                let node = graph.places[place].node;
                let (mut written, mut read) = ([0; W], [0; W]);
                let mut action = 0;
                while action < self.ways(graph, place) {
                    let mut after = self.live_after(graph, &live, place, action);
                    if action < node.actions.len() {
                        union(&mut written, node.assigns, action);
                    }
                    // On some paths to an exit, a flow may fill more fields than the exit states.
                    // So all live fields count, and not only those of the action.
                    if !has_sets(node, action) {
                        after = [0; W];
                    } else if node.flow.is_none() {
                        intersect(&mut after, node.assigns, action);
                    }
                    union(&mut read, &after, 0);
                    action += 1;
                }
                subtract(&mut written, &read, 0);
                if node.flow.is_some() {
                    // The nodes of a flow may read what other nodes of it write, and an input is
                    // filled after the flow without being written.
                    subtract(&mut written, node.reads, 0);
                    subtract(&mut written, node.optional_reads, 0);
                }
                self.dead_writes[place] = written;
            }
            index += 1;
        }
    }

    /// The fields that may be read from each place on, before they are written. The sets only grow,
    /// so the loop ends. Visiting the places in the reverse of the order in which they are found
    /// takes about as many rounds as the loops of the graph are deep.
    const fn live_fields(&self, graph: &Graph) -> [[u64; W]; P] {
        let mut live = [[0; W]; P];
        let mut changed = true;
        while changed {
            changed = false;
            let mut index = self.reached;
            while index > 0 {
                index -= 1;
                let place = self.order[index] as usize;
                let node = graph.places[place].node;
                let shares_store = graph.shares_store(place);
                let mut now = live[place];
                if shares_store {
                    union(&mut now, node.reads, 0);
                    union(&mut now, node.optional_reads, 0);
                } else {
                    // PF008 reports it. It is unknown which fields it would read.
                    now = [u64::MAX; W];
                }
                let mut action = 0;
                while action < self.ways(graph, place) {
                    let mut after = self.live_after(graph, &live, place, action);
                    if shares_store && has_sets(node, action) {
                        subtract(&mut after, node.assigns, action);
                    }
                    if let Some(field) = self.error_field(graph, place, action) {
                        remove(&mut after, field);
                    }
                    union(&mut now, &after, 0);
                    action += 1;
                }
                if union(&mut live[place], &now, 0) {
                    changed = true;
                }
            }
        }
        live
    }

    /// The fields that may be read after an action. At an exit, the caller may read all of them.
    /// For an action without an edge, it is unknown what comes next.
    const fn live_after(
        &self,
        graph: &Graph,
        live: &[[u64; W]; P],
        place: usize,
        action: usize,
    ) -> [u64; W] {
        let Some(edge) = self.edge(place, action) else {
            return [u64::MAX; W];
        };
        let edge = &graph.edges[edge];
        let mut after = match edge.to {
            Target::Place(to) => live[to],
            Target::Exit(_) => return [u64::MAX; W],
        };
        if let Some(bound) = edge.bound {
            match bound.otherwise {
                Target::Place(to) => _ = union(&mut after, &live[to], 0),
                Target::Exit(_) => return [u64::MAX; W],
            }
        }
        after
    }
}
