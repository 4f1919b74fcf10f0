//! Where each action leads.

use super::{NO_EDGE, Solution};
use crate::graph::{Graph, Target};

impl Graph {
    /// The total number of actions of all places. An error edge counts as one more.
    #[doc(hidden)]
    pub const fn action_count(&self) -> usize {
        let mut count = 0;
        let mut place = 0;
        while place < self.places.len() {
            count += self.places[place].node.actions.len();
            place += 1;
        }
        let mut edge = 0;
        while edge < self.edges.len() {
            if self.edges[edge].error.is_some() {
                count += 1;
            }
            edge += 1;
        }
        count
    }
}

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// What comes after each action of a place. A number below `P` is a place. The exits follow
    /// from `P`, and the bounded edges from `P` and the number of exits.
    pub(crate) const fn routes_of(&self, place: usize) -> &[u32] {
        let first = self.offsets[place] as usize;
        let end = if place + 1 < P {
            self.offsets[place + 1] as usize
        } else {
            T
        };
        self.routes.split_at(end).0.split_at(first).1
    }

    /// The edge of an action, by its index in [`Graph::edges`].
    pub(crate) const fn edge(&self, place: usize, action: usize) -> Option<usize> {
        match self.edges[self.offsets[place] as usize + action] {
            NO_EDGE => None,
            edge => Some(edge as usize),
        }
    }

    /// The number of ways out of a place: its actions, and after them its error edge.
    pub(super) const fn ways(&self, graph: &Graph, place: usize) -> usize {
        graph.places[place].node.actions.len() + (self.error_edges[place] != NO_EDGE) as usize
    }

    pub(super) const fn find_routes(&mut self, graph: &Graph) {
        let mut index = 0;
        while index < graph.edges.len() {
            let edge = &graph.edges[index];
            if edge.error.is_some() && self.error_edges[edge.from] == NO_EDGE {
                self.error_edges[edge.from] = index as u32;
            }
            index += 1;
        }
        let mut offset = 0;
        let mut place = 0;
        while place < P {
            self.offsets[place] = offset as u32;
            offset += self.ways(graph, place);
            place += 1;
        }
        index = 0;
        while index < graph.edges.len() {
            let edge = &graph.edges[index];
            let node = graph.places[edge.from].node;
            let way = match edge.error {
                Some(_) => Some(node.actions.len()),
                None => node.action(edge.action),
            };
            if let Some(action) = way {
                let slot = self.offsets[edge.from] as usize + action;
                // If one action has two edges, which is PF003, the first one counts.
                if self.edges[slot] == NO_EDGE {
                    self.edges[slot] = index as u32;
                    self.routes[slot] = match (edge.bound, edge.to) {
                        (Some(_), _) => (P + graph.exits.len() + index) as u32,
                        (None, Target::Place(place)) => place as u32,
                        (None, Target::Exit(exit)) => (P + exit) as u32,
                    };
                }
            }
            index += 1;
        }
    }
}
