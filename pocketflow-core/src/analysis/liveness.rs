//! Which values nothing can look at: the analysis backwards.

use super::{NOWHERE, Solution};
use crate::const_eval::bit_set::{join, join_at, keep_at, remove_at, same};
use crate::graph::{Graph, Target};

impl<const P: usize, const T: usize, const X: usize, const W: usize> Solution<P, T, X, W> {
    /// Backwards: what may be looked at after an action. A place whose every value of a field goes
    /// unseen is marked.
    pub(super) const fn look(&mut self, graph: &Graph) {
        // What may be looked at from a place on. Sets only grow, so the passes end; going against
        // the order in which the places are found, a graph takes as many of them as its
        // loops are deep.
        let mut looked = [[0; W]; P];
        let mut changed = true;
        while changed {
            changed = false;
            let mut index = self.reached;
            while index > 0 {
                index -= 1;
                let place = self.order[index] as usize;
                let node = graph.places[place].node;
                let mut now = looked[place];
                if graph.is_native(place) {
                    join(&mut now, node.reads);
                    join(&mut now, node.peeks);
                } else {
                    // Its errors are told; what it would look at is not known.
                    now = [u64::MAX; W];
                }
                let mut action = 0;
                while action < node.actions.len() {
                    let mut later = self.looked_after(graph, &looked, place, action);
                    if graph.is_native(place) {
                        remove_at(&mut later, node.writes, action);
                    }
                    join(&mut now, &later);
                    action += 1;
                }
                if !same(&now, &looked[place]) {
                    looked[place] = now;
                    changed = true;
                }
            }
        }
        let mut index = 0;
        while index < self.reached {
            let place = self.order[index] as usize;
            let node = graph.places[place].node;
            if graph.is_native(place) {
                let (mut written, mut seen) = ([0; W], [0; W]);
                let mut action = 0;
                while action < node.actions.len() {
                    let mut later = self.looked_after(graph, &looked, place, action);
                    join_at(&mut written, node.writes, action);
                    // A flow that fills a field on some paths to an exit only does not say so: all
                    // that is looked at counts.
                    if node.flow.is_none() {
                        keep_at(&mut later, node.writes, action);
                    }
                    join(&mut seen, &later);
                    action += 1;
                }
                remove_at(&mut written, &seen, 0);
                if node.flow.is_some() {
                    // Its own nodes may look at what they fill, and what they only read counts as
                    // filled after it.
                    remove_at(&mut written, node.reads, 0);
                    remove_at(&mut written, node.peeks, 0);
                }
                self.overwritten[place] = written;
            }
            index += 1;
        }
    }

    /// What may be looked at after an action: everything at an exit, by the caller, and everything
    /// after what is not wired.
    const fn looked_after(
        &self,
        graph: &Graph,
        looked: &[[u64; W]; P],
        place: usize,
        action: usize,
    ) -> [u64; W] {
        let index = self.edges[self.offsets[place] as usize + action];
        if index == NOWHERE {
            return [u64::MAX; W];
        }
        let edge = &graph.edges[index as usize];
        let mut later = match edge.to {
            Target::Place(to) => looked[to],
            Target::Exit(_) => [u64::MAX; W],
        };
        if let Some(bound) = edge.bound {
            match bound.otherwise {
                Target::Place(to) => join(&mut later, &looked[to]),
                Target::Exit(_) => later = [u64::MAX; W],
            }
        }
        later
    }
}
