//! Where every action leads, and which late fields are filled on arrival: one pass over the graph
//! while the user's crate is compiled.
//!
//! Both analyses are the usual ones of a compiler (Kildall, "A unified approach to global program
//! optimization", 1973) over sets of fields: *filled on every path* is solved forwards, *looked at
//! on some path* backwards.

mod liveness;
mod longest_walk;
mod resume;
#[cfg(test)]
mod tests;

pub use self::resume::Unfilled;
use crate::const_eval::bit_set::{contains, first, join, join_at, keep_at, meet, remove_at};
use crate::graph::{Graph, NodeInfo, Target};

/// An action that is wired nowhere. It never survives the checks.
const NOWHERE: u32 = u32::MAX;

/// What is known of a graph with `P` places, `T` actions in all, `X` exits, and sets of fields of
/// `W` words.
#[doc(hidden)]
#[derive(Debug)]
pub struct Solution<const P: usize, const T: usize, const X: usize, const W: usize> {
    /// Where the actions of a place begin in `routes` and `edges`.
    offsets: [u32; P],
    /// For each action, what comes next: a place, an exit (counted on from `P`), or a bounded edge
    /// (counted on from `P + X`).
    routes: [u32; T],
    /// For each action, its edge.
    edges: [u32; T],
    /// The places that a path reaches, in the order in which they are found.
    order: [u32; P],
    reached: usize,
    /// The fields that are filled on arrival, given nothing at the start.
    filled: [[u64; W]; P],
    /// The fields that are filled at an exit.
    exits: [[u64; W]; X],
    /// The late fields that are filled at the start.
    inputs: [u64; W],
    /// The fields that any node may look at.
    peeks: [u64; W],
    /// The first late field that a place reads without proof, and the last edge of a path that
    /// shows it.
    pub(crate) unproved: [Option<Unproved>; P],
    /// The fields that a place writes in vain: nothing can look at the value.
    overwritten: [[u64; W]; P],
}

/// A read without proof: the field, and the edge over which the place is reached without it (none
/// at the start).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unproved {
    pub(crate) field: usize,
    pub(crate) edge: Option<usize>,
}

/// A path that leaves a field empty: for every place, the edge over which it is reached.
pub(crate) struct Path<const P: usize> {
    pub(crate) by: [u32; P],
}

impl<const P: usize> Path<P> {
    /// Whether the path to `target` comes through another place.
    pub(crate) const fn comes_through(&self, graph: &Graph, other: usize, target: usize) -> bool {
        let mut place = target;
        let mut steps = 0;
        while steps < P && self.by[place] != NOWHERE {
            place = graph.edges[self.by[place] as usize].from;
            if place == other {
                return true;
            }
            steps += 1;
        }
        false
    }
}

impl Graph {
    /// The actions of all places.
    #[doc(hidden)]
    pub const fn slots(&self) -> usize {
        let mut slots = 0;
        let mut place = 0;
        while place < self.places.len() {
            slots += self.places[place].node.actions.len();
            place += 1;
        }
        slots
    }

    /// Solves the graph.
    #[doc(hidden)]
    pub const fn solve<const P: usize, const T: usize, const X: usize, const W: usize>(
        &self,
    ) -> Solution<P, T, X, W> {
        let mut solution = Solution {
            offsets: [0; P],
            routes: [NOWHERE; T],
            edges: [NOWHERE; T],
            order: [0; P],
            reached: 0,
            filled: [[0; W]; P],
            exits: [[0; W]; X],
            inputs: self.input_fields(),
            peeks: [0; W],
            unproved: [None; P],
            overwritten: [[0; W]; P],
        };
        solution.route(self);
        solution.fill(self);
        solution.prove(self);
        solution.look(self);
        solution.peek(self);
        solution
    }

    /// The inputs as a set. One that is misspelt counts as what was meant, so that its mistake is
    /// told once.
    const fn input_fields<const W: usize>(&self) -> [u64; W] {
        let mut set = self.store().set(self.inputs);
        let mut input = 0;
        while input < self.inputs.len() {
            if self.store().field(self.inputs[input]).is_none()
                && let Some(meant) = self.meant(self.inputs[input])
            {
                join(&mut set, &self.store().set::<W>(&[meant]));
            }
            input += 1;
        }
        set
    }

    const fn code(&self, target: Target) -> u32 {
        match target {
            Target::Place(place) => place as u32,
            Target::Exit(exit) => (self.places.len() + exit) as u32,
        }
    }
}

impl<const P: usize, const T: usize, const X: usize, const W: usize> Solution<P, T, X, W> {
    /// What comes after each action of a place: a place below `P`, an exit counted on from `P`, or
    /// a bounded edge counted on from `P + X`.
    pub(crate) const fn all_next(&self, place: usize) -> &[u32] {
        let first = self.offsets[place] as usize;
        let end = if place + 1 < P {
            self.offsets[place + 1] as usize
        } else {
            T
        };
        self.routes.split_at(end).0.split_at(first).1
    }

    /// The flow as a node: it reads its inputs, it may look at whatever any of its nodes may look
    /// at, and it fills what is filled at each exit.
    pub const fn info(&'static self, name: &'static str, graph: &'static Graph) -> NodeInfo {
        NodeInfo {
            name,
            store: graph.places[0].node.store,
            actions: graph.exits,
            reads: &self.inputs,
            peeks: &self.peeks,
            writes: self.exits.as_flattened(),
            changes: &[],
            flow: Some(graph),
            waits: None,
        }
    }

    const fn peek(&mut self, graph: &Graph) {
        let mut index = 0;
        while index < P {
            if graph.is_native(index) {
                join(&mut self.peeks, graph.places[index].node.reads);
                join(&mut self.peeks, graph.places[index].node.peeks);
            }
            index += 1;
        }
    }

    /// Whether an action leads anywhere.
    pub(crate) const fn is_wired(&self, place: usize, action: usize) -> bool {
        self.edges[self.offsets[place] as usize + action] != NOWHERE
    }

    /// Whether a node of a place writes a value that every path overwrites before anything can look
    /// at it.
    pub const fn is_overwritten(&self, graph: &Graph, place: usize, branch: usize) -> bool {
        let mut fields = self.overwritten[place];
        let fork = graph.places[place].fork;
        if !fork.is_empty() && graph.is_native(place) {
            keep_at(&mut fields, fork[branch].node.writes, 0);
        }
        first(&fields).is_some()
    }

    const fn route(&mut self, graph: &Graph) {
        let mut offset = 0;
        let mut place = 0;
        while place < P {
            self.offsets[place] = offset as u32;
            offset += graph.places[place].node.actions.len();
            place += 1;
        }
        let mut index = 0;
        while index < graph.edges.len() {
            let edge = &graph.edges[index];
            if let Some(action) = graph.places[edge.from].node.action(edge.action) {
                let slot = self.offsets[edge.from] as usize + action;
                if self.edges[slot] == NOWHERE {
                    self.edges[slot] = index as u32;
                    self.routes[slot] = if edge.bound.is_some() {
                        (P + X + index) as u32
                    } else {
                        graph.code(edge.to)
                    };
                }
            }
            index += 1;
        }
    }

    /// Forwards: what is filled on every path to a place. Sets only grow along a path, and shrink
    /// where paths meet, so every place is looked at again only when its set has shrunk.
    const fn fill(&mut self, graph: &Graph) {
        let mut exits = [false; X];
        let mut seen = [false; P];
        let mut waiting = [false; P];
        // A queue of places: each waits in it at most once, so P of them fit.
        let mut queue = [0; P];
        let (mut first, mut count) = (0, 1);
        seen[0] = true;
        waiting[0] = true;
        self.reached = 1;
        while count > 0 {
            let place = queue[first];
            first = (first + 1) % P;
            count -= 1;
            waiting[place] = false;
            let node = graph.places[place].node;
            let mut action = 0;
            while action < node.actions.len() {
                let index = self.edges[self.offsets[place] as usize + action];
                if index != NOWHERE {
                    let edge = &graph.edges[index as usize];
                    let after = self.after(graph, place, action);
                    let mut targets = [Some(edge.to), None];
                    if let Some(bound) = edge.bound {
                        targets[1] = Some(bound.otherwise);
                    }
                    let mut target = 0;
                    while target < 2 {
                        match targets[target] {
                            Some(Target::Place(to)) => {
                                let changed = if seen[to] {
                                    meet(&mut self.filled[to], &after)
                                } else {
                                    self.filled[to] = after;
                                    self.order[self.reached] = to as u32;
                                    self.reached += 1;
                                    true
                                };
                                seen[to] = true;
                                if changed && !waiting[to] {
                                    waiting[to] = true;
                                    queue[(first + count) % P] = to;
                                    count += 1;
                                }
                            }
                            Some(Target::Exit(exit)) => {
                                if exits[exit] {
                                    meet(&mut self.exits[exit], &after);
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

    /// What is filled after an action. A field that the node reads is filled as well: if it were
    /// not, the run would have ended there, and so one empty field is reported once and not
    /// again by every later reader.
    const fn after(&self, graph: &Graph, place: usize, action: usize) -> [u64; W] {
        let mut after = self.filled[place];
        if graph.is_native(place) {
            let node = graph.places[place].node;
            join(&mut after, node.reads);
            join_at(&mut after, node.writes, action);
        }
        after
    }

    const fn prove(&mut self, graph: &Graph) {
        let late = graph.store().late_fields();
        let mut index = 0;
        while index < self.reached {
            let place = self.order[index] as usize;
            if graph.is_native(place)
                && let Some(field) = first(&self.unproved_fields(graph, place, &late))
            {
                let path = self.path(graph, place, field);
                let edge = path.by[place];
                let edge = if edge == NOWHERE {
                    None
                } else {
                    Some(edge as usize)
                };
                self.unproved[place] = Some(Unproved { field, edge });
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
        keep_at(&mut fields, graph.places[place].node.reads, 0);
        remove_at(&mut fields, &self.filled[place], 0);
        remove_at(&mut fields, &self.inputs, 0);
        fields
    }

    /// The shortest path from the start to `target` that leaves `field` empty.
    pub(crate) const fn path(&self, graph: &Graph, target: usize, field: usize) -> Path<P> {
        let mut path = Path { by: [NOWHERE; P] };
        let mut seen = [false; P];
        let mut queue = [0; P];
        let (mut first, mut count) = (0, 1);
        seen[0] = true;
        while first < count && !seen[target] {
            let place = queue[first];
            first += 1;
            let node = graph.places[place].node;
            let mut action = 0;
            while action < node.actions.len() {
                let index = self.edges[self.offsets[place] as usize + action];
                if index != NOWHERE && !(graph.is_native(place) && fills::<W>(node, action, field))
                {
                    let edge = &graph.edges[index as usize];
                    let mut targets = [Some(edge.to), None];
                    if let Some(bound) = edge.bound {
                        targets[1] = Some(bound.otherwise);
                    }
                    let mut at = 0;
                    while at < 2 {
                        if let Some(Target::Place(to)) = targets[at]
                            && !seen[to]
                        {
                            seen[to] = true;
                            path.by[to] = index;
                            queue[count] = to;
                            count += 1;
                        }
                        at += 1;
                    }
                }
                action += 1;
            }
        }
        path
    }
}

/// Whether a late field is filled after an action of a node, or proved by it.
const fn fills<const W: usize>(node: &NodeInfo, action: usize, field: usize) -> bool {
    node.writes[action * W + field / 64] & (1 << (field % 64)) != 0 || contains(node.reads, field)
}
