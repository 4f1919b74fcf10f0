//! Definite assignment: which fields every path to a place fills, and which reads find a late field
//! empty on some path.

use super::{NO_EDGE, Solution};
use crate::const_eval::bit_set::{contains, first, intersect, replace, subtract, union};
use crate::graph::{Graph, NodeInfo, Target};

/// A read of a late field that some path leaves empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnprovedRead {
    pub(crate) field: usize,
    /// The last edge of the shortest such path. `None` at the start.
    pub(crate) edge: Option<usize>,
}

/// A path from the start that never returns to it. For each place on the path, it has the edge that
/// reaches the place.
pub(crate) struct Path<const P: usize> {
    edges: [u32; P],
}

impl<const P: usize> Path<P> {
    /// The edge that reaches a place. `None` at the start.
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

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// Solves for the fields that every path fills. The set of a place only shrinks where paths
    /// join, and a place is visited again only if its set has shrunk.
    pub(super) const fn find_filled(&mut self, graph: &Graph) {
        let mut arrivals = Arrivals {
            places: [false; P],
            exits: [false; E],
            queue: Queue::new(),
        };
        arrivals.places[0] = true;
        self.reached = 1;
        while let Some(place) = arrivals.queue.pop() {
            let actions = graph.places[place].node.actions.len();
            let mut action = 0;
            while action < actions {
                if let Some(edge) = self.edge(place, action) {
                    let filled = self.filled_after(graph, place, action);
                    let targets = graph.edges[edge].targets();
                    self.arrive(targets[0], &filled, &mut arrivals);
                    self.arrive(targets[1], &filled, &mut arrivals);
                }
                action += 1;
            }
        }
    }

    /// Keeps the fields that every path to the end of an edge has filled so far.
    const fn arrive(
        &mut self,
        target: Option<Target>,
        filled: &[u64; W],
        arrivals: &mut Arrivals<P, E>,
    ) {
        match target {
            Some(Target::Place(to)) if arrivals.places[to] => {
                let changed = intersect(&mut self.filled[to], filled, 0);
                if changed {
                    arrivals.queue.push(to);
                }
            }
            Some(Target::Place(to)) => {
                self.filled[to] = *filled;
                self.order[self.reached] = to as u32;
                self.reached += 1;
                arrivals.places[to] = true;
                arrivals.queue.push(to);
            }
            Some(Target::Exit(exit)) if arrivals.exits[exit] => {
                let mut filled = *filled;
                intersect(&mut filled, &self.exits, exit);
                replace(&mut self.exits, exit, &filled);
            }
            Some(Target::Exit(exit)) => {
                replace(&mut self.exits, exit, filled);
                arrivals.exits[exit] = true;
            }
            None => {}
        }
    }

    /// The fields that are filled after an action. They include the fields that the node reads: if
    /// one of them were empty, the run would have ended there. So an empty field is reported once,
    /// and not again at every later read.
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
        let mut queue = Queue::<P>::new();
        seen[0] = true;
        while let (false, Some(place)) = (seen[target], queue.pop()) {
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
                                    queue.push(to);
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

/// The places and exits that a path has reached. There are not more exits than words of their sets.
struct Arrivals<const P: usize, const E: usize> {
    places: [bool; P],
    exits: [bool; E],
    queue: Queue<P>,
}

/// A queue of places, which contains the start at first. A place is in it at most once, so `P` of
/// them fit.
struct Queue<const P: usize> {
    places: [usize; P],
    first: usize,
    count: usize,
    queued: [bool; P],
}

impl<const P: usize> Queue<P> {
    const fn new() -> Self {
        let mut queue = Self {
            places: [0; P],
            first: 0,
            count: 0,
            queued: [false; P],
        };
        queue.push(0);
        queue
    }

    const fn push(&mut self, place: usize) {
        if !self.queued[place] {
            self.queued[place] = true;
            self.places[(self.first + self.count) % P] = place;
            self.count += 1;
        }
    }

    const fn pop(&mut self) -> Option<usize> {
        if self.count == 0 {
            return None;
        }
        let place = self.places[self.first];
        self.first = (self.first + 1) % P;
        self.count -= 1;
        self.queued[place] = false;
        Some(place)
    }
}
