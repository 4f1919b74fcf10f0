//! Definite assignment: which fields every path to a place fills, and which reads find a late field
//! empty on some path.

use super::{NO_EDGE, Solution};
use crate::const_eval::bit_set::{contains, first, intersect, subtract, union};
use crate::graph::{Graph, NodeInfo, Target};

/// A read of a late field that some path leaves empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnprovedRead {
    pub(crate) field: usize,
    /// The last edge of the shortest such path; none at the start.
    pub(crate) edge: Option<usize>,
}

/// A path from the start, which it does not come back to: for every place on it, the edge over which
/// it is reached.
pub(crate) struct Path<const P: usize> {
    edges: [u32; P],
}

impl<const P: usize> Path<P> {
    /// The edge over which a place is reached; none at the start.
    pub(crate) const fn edge_to(&self, place: usize) -> Option<usize> {
        match self.edges[place] {
            NO_EDGE => None,
            edge => Some(edge as usize),
        }
    }

    /// Whether the path to `target` passes through another place.
    pub(crate) const fn passes(&self, graph: &Graph, other: usize, target: usize) -> bool {
        let mut place = target;
        while let Some(edge) = self.edge_to(place) {
            place = graph.edges[edge].from;
            if place == other {
                return true;
            }
        }
        false
    }
}

impl<const P: usize, const T: usize, const X: usize, const W: usize> Solution<P, T, X, W> {
    /// Solves for what every path fills. The set of a place only shrinks, where paths join, and a
    /// place is visited again only when its set has shrunk.
    pub(super) const fn find_filled(&mut self, graph: &Graph) {
        let mut exits = [false; X];
        let mut seen = [false; P];
        let mut queued = [false; P];
        // A place is in the queue at most once, so P of them fit.
        let mut queue = [0; P];
        let (mut first, mut count) = (0, 1);
        seen[0] = true;
        queued[0] = true;
        self.reached = 1;
        while count > 0 {
            let place = queue[first];
            first = (first + 1) % P;
            count -= 1;
            queued[place] = false;
            let actions = graph.places[place].node.actions.len();
            let mut action = 0;
            while action < actions {
                if let Some(edge) = self.edge(place, action) {
                    let after = self.filled_after(graph, place, action);
                    let targets = graph.edges[edge].targets();
                    let mut target = 0;
                    while target < targets.len() {
                        match targets[target] {
                            Some(Target::Place(to)) => {
                                let changed = if seen[to] {
                                    intersect(&mut self.filled[to], &after, 0)
                                } else {
                                    self.filled[to] = after;
                                    self.order[self.reached] = to as u32;
                                    self.reached += 1;
                                    true
                                };
                                seen[to] = true;
                                if changed && !queued[to] {
                                    queued[to] = true;
                                    queue[(first + count) % P] = to;
                                    count += 1;
                                }
                            }
                            Some(Target::Exit(exit)) => {
                                if exits[exit] {
                                    intersect(&mut self.exits[exit], &after, 0);
                                } else {
                                    self.exits[exit] = after;
                                }
                                exits[exit] = true;
                            }
                            None => {}
                        }
                        target += 1;
                    }
                }
                action += 1;
            }
        }
    }

    /// What is filled after an action. That includes what the node reads: if such a field were
    /// empty, the run would have ended there, and one empty field is reported once and not again at
    /// every later read.
    const fn filled_after(&self, graph: &Graph, place: usize, action: usize) -> [u64; W] {
        let mut filled = self.filled[place];
        if graph.shares_store(place) {
            let node = graph.places[place].node;
            union(&mut filled, node.reads, 0);
            union(&mut filled, node.writes, action);
        }
        filled
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

    /// The late fields that a place reads and that some path leaves empty.
    pub(crate) const fn unproved_fields(
        &self,
        graph: &Graph,
        place: usize,
        late: &[u64; W],
    ) -> [u64; W] {
        let mut fields = *late;
        intersect(&mut fields, graph.places[place].node.reads, 0);
        subtract(&mut fields, &self.filled[place], 0);
        subtract(&mut fields, &self.inputs, 0);
        fields
    }

    /// The shortest path from the start to `target` that leaves `field` empty.
    pub(crate) const fn path(&self, graph: &Graph, target: usize, field: usize) -> Path<P> {
        let mut path = Path {
            edges: [NO_EDGE; P],
        };
        let mut seen = [false; P];
        let mut queue = [0; P];
        let (mut first, mut count) = (0, 1);
        seen[0] = true;
        while first < count && !seen[target] {
            let place = queue[first];
            first += 1;
            let node = graph.places[place].node;
            let shares_store = graph.shares_store(place);
            let mut action = 0;
            while action < node.actions.len() {
                match self.edge(place, action) {
                    Some(edge) if !(shares_store && fills::<W>(node, action, field)) => {
                        let targets = graph.edges[edge].targets();
                        let mut index = 0;
                        while index < targets.len() {
                            match targets[index] {
                                Some(Target::Place(to)) if !seen[to] => {
                                    seen[to] = true;
                                    path.edges[to] = edge as u32;
                                    queue[count] = to;
                                    count += 1;
                                }
                                _ => {}
                            }
                            index += 1;
                        }
                    }
                    _ => {}
                }
                action += 1;
            }
        }
        path
    }
}

/// Whether a late field is filled after an action of a node.
const fn fills<const W: usize>(node: &NodeInfo, action: usize, field: usize) -> bool {
    node.writes[action * W + field / 64] & (1 << (field % 64)) != 0 || contains(node.reads, field)
}
