//! The shortest path on which a late field is empty, for the message of a check.

use super::definite_assignment::has_sets;
use super::queue::Queue;
use super::{NO_EDGE, Solution};
use crate::const_eval::bit_set::contains;
use crate::graph::{Graph, Target};

/// A path on which a field is empty. It begins at the start of the flow, or at a place that empties
/// the field. For each place on the path, it has the edge that reaches the place.
pub(crate) struct Path<const P: usize> {
    edges: [u32; P],
    /// The places that are reached by the edge on which the field is emptied.
    emptied: [bool; P],
}

impl<const P: usize> Path<P> {
    const EMPTY: Self = Self {
        edges: [NO_EDGE; P],
        emptied: [false; P],
    };

    /// The edge that reaches a place. `None` at the start.
    pub(crate) const fn edge_to(&self, place: usize) -> Option<usize> {
        match self.edges[place] {
            NO_EDGE => None,
            edge => Some(edge as usize),
        }
    }

    /// Whether the path begins with the edge to this place, which comes from the place that empties
    /// the field.
    pub(crate) const fn begins_before(&self, place: usize) -> bool {
        self.emptied[place]
    }

    /// The place that empties the field, if the path to `target` begins at one.
    pub(crate) const fn emptied_by(&self, graph: &Graph, target: usize) -> Option<usize> {
        let mut place = target;
        while let Some(edge) = self.edge_to(place) {
            let from = graph.edges[edge].from;
            if self.begins_before(place) {
                return Some(from);
            }
            place = from;
        }
        None
    }

    /// The edge by which the path to `target` leaves another place, if it passes through it.
    pub(crate) const fn edge_from(
        &self,
        graph: &Graph,
        other: usize,
        target: usize,
    ) -> Option<usize> {
        let mut place = target;
        while let Some(edge) = self.edge_to(place) {
            let from = graph.edges[edge].from;
            if from == other {
                return Some(edge);
            }
            if self.begins_before(place) {
                return None;
            }
            place = from;
        }
        None
    }
}

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// The shortest path to `target` that leaves `field` empty. A path from the start on which no
    /// node empties the field comes first, because it needs less explanation.
    pub(crate) const fn path(&self, graph: &Graph, target: usize, field: usize) -> Path<P> {
        if !contains(&self.inputs, field) {
            let mut search = Search {
                path: Path::EMPTY,
                seen: [false; P],
                queue: Queue::with(0),
            };
            search.seen[0] = true;
            self.search(graph, &mut search, target, field);
            if search.seen[target] || !self.clears {
                return search.path;
            }
        }
        let mut search = Search {
            path: Path::EMPTY,
            seen: [false; P],
            queue: Queue::new(),
        };
        let mut index = 0;
        while index < self.reached {
            let place = self.order[index] as usize;
            let mut action = 0;
            while action < self.ways(graph, place) {
                match self.edge(place, action) {
                    Some(edge) if self.empties(graph, place, action, field) => {
                        search.follow(graph, edge, true);
                    }
                    _ => {}
                }
                action += 1;
            }
            index += 1;
        }
        self.search(graph, &mut search, target, field);
        search.path
    }

    /// Follows the edges on which the field stays empty.
    const fn search(&self, graph: &Graph, search: &mut Search<P>, target: usize, field: usize) {
        while let (false, Some(place)) = (search.seen[target], search.queue.pop()) {
            let mut action = 0;
            while action < self.ways(graph, place) {
                match self.edge(place, action) {
                    Some(edge)
                        if !self.fills(graph, place, action, field)
                            && !self.empties(graph, place, action, field) =>
                    {
                        search.follow(graph, edge, false);
                    }
                    _ => {}
                }
                action += 1;
            }
        }
    }

    /// Whether a late field is filled after an action of a place, or after its error edge.
    const fn fills(&self, graph: &Graph, place: usize, action: usize, field: usize) -> bool {
        let node = graph.places[place].node;
        if !graph.shares_store(place) {
            return false;
        }
        if let Some(of_error) = self.error_field(graph, place, action) {
            if of_error == field {
                return true;
            }
        }
        has_sets(node, action) && is_in::<W>(node.writes, action, field)
            || contains(node.reads, field) && !self.empties(graph, place, action, field)
    }

    /// Whether a late field may be empty after an action of a place although it was filled before.
    const fn empties(&self, graph: &Graph, place: usize, action: usize, field: usize) -> bool {
        let node = graph.places[place].node;
        if node.clears.is_empty() || !graph.shares_store(place) || !has_sets(node, action) {
            return false;
        }
        if let Some(of_error) = self.error_field(graph, place, action) {
            if of_error == field {
                return false;
            }
        }
        is_in::<W>(node.clears, action, field) && !is_in::<W>(node.writes, action, field)
    }
}

/// A breadth-first search for a path.
struct Search<const P: usize> {
    path: Path<P>,
    seen: [bool; P],
    queue: Queue<P>,
}

impl<const P: usize> Search<P> {
    /// Continues with the places at the end of an edge.
    const fn follow(&mut self, graph: &Graph, edge: usize, emptied: bool) {
        let targets = graph.edges[edge].targets();
        let mut index = 0;
        while index < targets.len() {
            match targets[index] {
                Some(Target::Place(to)) if !self.seen[to] => {
                    self.seen[to] = true;
                    self.path.edges[to] = edge as u32;
                    self.path.emptied[to] = emptied;
                    self.queue.push(to);
                }
                _ => {}
            }
            index += 1;
        }
    }
}

/// Whether the set of an action has a field.
const fn is_in<const W: usize>(sets: &[u64], action: usize, field: usize) -> bool {
    sets[action * W + field / 64] & (1 << (field % 64)) != 0
}
