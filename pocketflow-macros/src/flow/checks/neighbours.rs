//! The graph as lists of neighbours.

use crate::flow::model::{Model, Target};

/// The neighbours of each place.
pub(super) struct Neighbours {
    pub(super) after: Vec<Vec<usize>>,
    pub(super) before: Vec<Vec<usize>>,
    /// Whether an edge of the place leads to an exit.
    pub(super) leads_out: Vec<bool>,
}

impl Neighbours {
    pub(super) fn new(model: &Model) -> Self {
        let empty = vec![Vec::new(); model.places.len()];
        let mut graph = Self {
            after: empty.clone(),
            before: empty,
            leads_out: vec![false; model.places.len()],
        };
        for (from, target) in model.connections() {
            match target {
                Target::Place(to) => {
                    graph.after[from].push(to);
                    graph.before[to].push(from);
                }
                Target::Exit(_) => graph.leads_out[from] = true,
            }
        }
        graph
    }
}

/// Marks all places that `starts` reach.
pub(super) fn spread(
    neighbours: &[Vec<usize>],
    starts: impl IntoIterator<Item = usize>,
    marked: &mut [bool],
) {
    let mut waiting: Vec<usize> = starts.into_iter().collect();
    while let Some(place) = waiting.pop() {
        if !std::mem::replace(&mut marked[place], true) {
            waiting.extend(&neighbours[place]);
        }
    }
}
