//! The places of a flow in the form that a run needs: constants that `flow!` makes once for each
//! step.

use crate::analysis::Solution;
use crate::graph::Graph;

/// A place of a graph and where its actions lead. `flow!` writes one for every step.
///
/// The sites of a flow are in one static, and its graph is in another. rustc evaluates, checks and
/// emits a constant wherever code names it, and once for each instance of that code, so its time
/// would grow with the square of the number of nodes.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Site {
    graph: &'static &'static Graph,
    pub(crate) place: usize,
    /// The number of the branch, if this is a node of a fork.
    pub(crate) branch: Option<usize>,
    /// Where the first two actions lead: a copy from [`Solution::routes_of`], so that the compiler
    /// sees the jump targets.
    routes: [u32; 2],
    /// Where all actions lead, if there are more than two.
    more: &'static [u32],
    /// The first code that means a bounded edge.
    bounded: u32,
}

impl Site {
    /// All places, and after them the nodes of the forks.
    pub const fn all<
        const N: usize,
        const P: usize,
        const T: usize,
        const E: usize,
        const W: usize,
    >(
        graph: &'static &'static Graph,
        solution: &'static Solution<P, T, E, W>,
    ) -> [Self; N] {
        let mut sites = [Self::of_flow(graph); N];
        let (mut place, mut next) = (0, P);
        while place < P {
            sites[place] = Self::at(graph, solution, place);
            let mut branch = 0;
            while branch < graph.places[place].fork.len() {
                sites[next] = Self::branch(graph, place, branch);
                next += 1;
                branch += 1;
            }
            place += 1;
        }
        sites
    }

    /// A place.
    pub const fn at<const P: usize, const T: usize, const E: usize, const W: usize>(
        graph: &'static &'static Graph,
        solution: &'static Solution<P, T, E, W>,
        place: usize,
    ) -> Self {
        let all = solution.routes_of(place);
        let first = if all.is_empty() { 0 } else { all[0] };
        let second = if all.len() > 1 { all[1] } else { 0 };
        Self {
            graph,
            place,
            branch: None,
            routes: [first, second],
            more: if all.len() > 2 { all } else { &[] },
            bounded: (P + graph.exits.len()) as u32,
        }
    }

    /// A node of a fork.
    const fn branch(graph: &'static &'static Graph, place: usize, branch: usize) -> Self {
        Self {
            place,
            branch: Some(branch),
            ..Self::of_flow(graph)
        }
    }

    /// A flow, before its first step.
    pub(crate) const fn of_flow(graph: &'static &'static Graph) -> Self {
        Self {
            graph,
            place: 0,
            branch: None,
            routes: [0; 2],
            more: &[],
            bounded: 0,
        }
    }

    pub(crate) fn graph(&self) -> &'static Graph {
        self.graph
    }

    /// What comes after an action: the index of a place, or that of an exit, counted on from the
    /// places. If the edge is bounded, returns its index as an error.
    #[inline(always)]
    pub(crate) fn next(&self, action: usize) -> Result<usize, usize> {
        let code = match action {
            0 => self.routes[0],
            _ if !self.more.is_empty() => self.more[action],
            _ => self.routes[1],
        };
        if code < self.bounded {
            Ok(code as usize)
        } else {
            Err((code - self.bounded) as usize)
        }
    }

    /// The name of the place, or of the node of a fork.
    pub(crate) fn name(&self) -> &'static str {
        let place = &self.graph().places[self.place];
        match self.branch {
            Some(branch) => place.fork[branch].name,
            None => place.name,
        }
    }
}
