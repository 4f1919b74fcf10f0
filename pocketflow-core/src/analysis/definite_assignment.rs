//! Definite assignment: which fields every path to a place fills, and which reads find a late field
//! empty on some path.
//!
//! A node fills fields, and it may empty fields. For the flow itself one set is enough: the fields
//! that are filled if none is filled at the start. A nested flow also has to say what happens to a
//! field that is filled before it. So there are two more sets: the fields that some path empties
//! and does not fill again, and the fields that every path assigns, empty or not. One pass solves
//! for all three, because all three go forwards.

use super::queue::Queue;
use super::{NO_EDGE, Solution};
use crate::const_eval::bit_set::{first, insert, intersect, remove, replace, subtract, union};
use crate::graph::{ErrorEdge, Graph, NodeInfo, Target};

/// A read of a late field that some path leaves empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnprovedRead {
    pub(crate) field: usize,
    /// The last edge of the shortest such path. `None` at the start.
    pub(crate) edge: Option<usize>,
}

/// What is known about the fields at one point, over all paths to it.
struct Known<const W: usize> {
    /// The fields that every path fills.
    filled: [u64; W],
    /// The fields that some path empties, and does not fill again.
    emptied: [u64; W],
    /// The fields that every path assigns.
    assigned: [u64; W],
}

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// Solves for the fields that every path fills. The set of a place only shrinks where paths
    /// join, and that of the fields that a path empties only grows. A place is visited again only
    /// if one of its sets has changed.
    pub(super) const fn find_filled(&mut self, graph: &Graph) {
        let mut arrivals = Arrivals {
            places: [false; P],
            assigned: [[0; W]; P],
            exits: [false; E],
            queue: Queue::with(0),
        };
        arrivals.places[0] = true;
        self.reached = 1;
        while let Some(place) = arrivals.queue.pop() {
            let ways = self.ways(graph, place);
            let mut action = 0;
            while action < ways {
                if let Some(edge) = self.edge(place, action) {
                    let known = self.known_after(graph, place, action, &arrivals.assigned[place]);
                    let targets = graph.edges[edge].targets();
                    self.arrive(targets[0], &known, &mut arrivals);
                    self.arrive(targets[1], &known, &mut arrivals);
                }
                action += 1;
            }
        }
        self.find_failure(graph, &arrivals.assigned);
    }

    /// Keeps what holds for every path to the end of an edge so far.
    const fn arrive(
        &mut self,
        target: Option<Target>,
        known: &Known<W>,
        arrivals: &mut Arrivals<P, E, W>,
    ) {
        match target {
            Some(Target::Place(to)) if arrivals.places[to] => {
                let mut changed = intersect(&mut self.filled[to], &known.filled, 0);
                if self.clears {
                    changed |= union(&mut self.emptied[to], &known.emptied, 0);
                    changed |= intersect(&mut arrivals.assigned[to], &known.assigned, 0);
                }
                if changed {
                    arrivals.queue.push(to);
                }
            }
            Some(Target::Place(to)) => {
                self.filled[to] = known.filled;
                if self.clears {
                    self.emptied[to] = known.emptied;
                    arrivals.assigned[to] = known.assigned;
                }
                self.order[self.reached] = to as u32;
                self.reached += 1;
                arrivals.places[to] = true;
                arrivals.queue.push(to);
            }
            Some(Target::Exit(exit)) => {
                let first = !arrivals.exits[exit];
                arrivals.exits[exit] = true;
                self.leave(exit, known, first);
            }
            None => {}
        }
    }

    /// Keeps what holds for every path to an exit so far, or to the failure of the flow.
    const fn leave(&mut self, exit: usize, known: &Known<W>, first: bool) {
        meet(&mut self.exits, exit, known.filled, first);
        if self.clears {
            meet(&mut self.exit_assigns, exit, known.assigned, first);
            let mut emptied = known.emptied;
            union(&mut emptied, &self.exit_clears, exit);
            replace(&mut self.exit_clears, exit, &emptied);
        }
    }

    /// Solves for what holds if the flow fails: what is known at each place that may fail and has
    /// no error edge. The store is then as the last finished `post` left it.
    const fn find_failure(&mut self, graph: &Graph, assigned: &[[u64; W]; P]) {
        let failure = graph.exits.len();
        let mut index = 0;
        while index < self.reached {
            let place = self.order[index] as usize;
            let node = graph.places[place].node;
            if node.fails && self.error_edges[place] == NO_EDGE {
                let known = self.known_after(graph, place, node.actions.len(), &assigned[place]);
                self.leave(failure, &known, !self.fails);
                self.fails = true;
            }
            index += 1;
        }
    }

    /// What is known after an action, or after the error edge, which comes after all actions. The
    /// fields that the node reads are filled before it: if one of them were empty, the run would
    /// have ended there. So an empty field is reported once, and not again at every later read.
    ///
    /// A node that has failed has written nothing. A nested flow that has failed may have.
    const fn known_after(
        &self,
        graph: &Graph,
        place: usize,
        action: usize,
        assigned: &[u64; W],
    ) -> Known<W> {
        let mut known = Known {
            filled: self.filled[place],
            emptied: self.emptied[place],
            assigned: *assigned,
        };
        if graph.shares_store(place) {
            let node = graph.places[place].node;
            union(&mut known.filled, node.reads, 0);
            if self.clears {
                subtract(&mut known.emptied, node.reads, 0);
            }
            if has_sets(node, action) {
                if self.clears {
                    union(&mut known.assigned, node.assigns, action);
                    if !node.clears.is_empty() {
                        subtract(&mut known.filled, node.clears, action);
                        union(&mut known.emptied, node.clears, action);
                    }
                    subtract(&mut known.emptied, node.writes, action);
                }
                union(&mut known.filled, node.writes, action);
            }
            if let Some(field) = self.error_field(graph, place, action) {
                insert(&mut known.filled, field);
                insert(&mut known.assigned, field);
                remove(&mut known.emptied, field);
            }
        }
        known
    }

    /// The field that an error edge fills, if this is one.
    pub(super) const fn error_field(
        &self,
        graph: &Graph,
        place: usize,
        action: usize,
    ) -> Option<usize> {
        let edge = self.error_edges[place];
        if edge == NO_EDGE || action < graph.places[place].node.actions.len() {
            return None;
        }
        match graph.edges[edge as usize].error {
            Some(ErrorEdge { field: Some(field) }) => graph.store().field(field),
            _ => None,
        }
    }

    pub(super) const fn find_unproved(&mut self, graph: &Graph) {
        let late = graph.store().late_fields();
        let mut index = 0;
        while index < self.reached {
            let place = self.order[index] as usize;
            let field = if graph.shares_store(place) {
                first(&self.unproved_fields(graph, place, &late))
            } else {
                None
            };
            if let Some(field) = field {
                let edge = self.path(graph, place, field).edge_to(place);
                self.unproved[place] = Some(UnprovedRead { field, edge });
            }
            index += 1;
        }
    }

    /// The late fields that a place reads and that some path leaves empty. An input is filled at the
    /// start, and some path may empty it.
    pub(crate) const fn unproved_fields(
        &self,
        graph: &Graph,
        place: usize,
        late: &[u64; W],
    ) -> [u64; W] {
        let mut fields = *late;
        intersect(&mut fields, graph.places[place].node.reads, 0);
        subtract(&mut fields, &self.filled[place], 0);
        let mut inputs = self.inputs;
        if self.clears {
            subtract(&mut inputs, &self.emptied[place], 0);
        }
        subtract(&mut fields, &inputs, 0);
        fields
    }
}

/// Whether a node has sets of fields for a way out of it. A node that fails writes nothing, so only a
/// flow has sets for its failure.
pub(super) const fn has_sets(node: &NodeInfo, action: usize) -> bool {
    action < node.actions.len() || node.flow.is_some()
}

/// Keeps in one of several sets what is also in another one. The first one is taken as it is.
const fn meet<const W: usize>(sets: &mut [u64], index: usize, mut set: [u64; W], first: bool) {
    if !first {
        intersect(&mut set, sets, index);
    }
    replace(sets, index, &set);
}

/// The places and exits that a path has reached. There are not more exits than words of their sets.
struct Arrivals<const P: usize, const E: usize, const W: usize> {
    places: [bool; P],
    /// The fields that every path to a place assigns.
    assigned: [[u64; W]; P],
    exits: [bool; E],
    queue: Queue<P>,
}
