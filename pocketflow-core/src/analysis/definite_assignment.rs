//! Definite assignment: which fields every path to a place fills, and which reads find a late field
//! empty on some path.
//!
//! A node fills fields, and it may empty fields. For the flow itself one set is enough: the fields
//! that are filled if none is filled at the start. A nested flow also has to say what happens to a
//! field that is filled before it. So there are two more sets: the fields that some path empties
//! and does not fill again, and the fields that every path assigns, empty or not. One pass solves
//! for all three, because all three go forwards.

use super::{NO_EDGE, Solution};
use crate::const_eval::bit_set::{
    contains, first, insert, intersect, remove, replace, subtract, union,
};
use crate::graph::{ErrorEdge, Graph, NodeInfo, Target};

/// A read of a late field that some path leaves empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnprovedRead {
    pub(crate) field: usize,
    /// The last edge of the shortest such path. `None` at the start.
    pub(crate) edge: Option<usize>,
}

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

/// Whether a node has sets of fields for a way out of it. A node that fails writes nothing, so only a
/// flow has sets for its failure.
pub(super) const fn has_sets(node: &NodeInfo, action: usize) -> bool {
    action < node.actions.len() || node.flow.is_some()
}

/// Whether the set of an action has a field.
const fn is_in<const W: usize>(sets: &[u64], action: usize, field: usize) -> bool {
    sets[action * W + field / 64] & (1 << (field % 64)) != 0
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

/// A queue of places. A place is in it at most once, so `P` of them fit.
struct Queue<const P: usize> {
    places: [usize; P],
    first: usize,
    count: usize,
    queued: [bool; P],
}

impl<const P: usize> Queue<P> {
    const fn new() -> Self {
        Self {
            places: [0; P],
            first: 0,
            count: 0,
            queued: [false; P],
        }
    }

    /// A queue with one place in it.
    const fn with(place: usize) -> Self {
        let mut queue = Self::new();
        queue.push(place);
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
