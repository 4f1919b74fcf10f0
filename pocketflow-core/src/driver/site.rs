//! The places of a flow in the form that a run needs: constants that `flow!` makes once for each
//! step.

use crate::analysis::Solution;
use crate::graph::{Graph, OnField, Place};

/// How many routes a site holds itself.
const ROUTES: usize = 8;

/// A place of a graph and where its actions lead. `flow!` writes one for every step.
///
/// The sites of a flow are in one constant, or in one static if the flow is large, and its graph is
/// in another static. rustc evaluates, checks and emits a constant wherever code names it, and once
/// for each instance of that code, so its time would grow with the square of the number of nodes. A
/// constant for each site would make rustc check the whole graph once for each place.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Site {
    graph: &'static &'static Graph,
    pub(crate) place: usize,
    /// The number of the branch, if this is a node of a fork.
    pub(crate) branch: Option<usize>,
    /// Where the first actions lead: a copy from [`Solution::routes_of`], so that the compiler
    /// sees the jump targets.
    routes: [u32; ROUTES],
    /// Where all actions lead, if there are more than that.
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
        let mut routes = [0; ROUTES];
        let mut action = 0;
        while action < all.len() && action < ROUTES {
            routes[action] = all[action];
            action += 1;
        }
        Self {
            graph,
            place,
            branch: None,
            routes,
            more: if all.len() > ROUTES { all } else { &[] },
            bounded: (P + graph.exits.len()) as u32,
        }
    }

    /// A node of a fork.
    pub const fn branch(graph: &'static &'static Graph, place: usize, branch: usize) -> Self {
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
            routes: [0; ROUTES],
            more: &[],
            bounded: 0,
        }
    }

    pub(crate) fn graph(&self) -> &'static Graph {
        self.graph
    }

    /// What comes after an action: the index of a place, or that of an exit, where the exits are numbered
    /// after the places. If the edge is bounded, returns its index as an error.
    #[inline(always)]
    pub(crate) fn next(&self, action: usize) -> Result<usize, usize> {
        // An optimized build knows the routes of a site, so it can jump from an action to the place
        // that follows. Indexing, or reading a route in its arm, would become a table of routes.
        let [first, second, third, fourth, fifth, sixth, seventh, eighth] = self.routes;
        let code = match action {
            0 => first,
            1 => second,
            2 => third,
            3 => fourth,
            4 => fifth,
            5 => sixth,
            6 => seventh,
            _ if !self.more.is_empty() => self.more[action],
            _ => eighth,
        };
        if code < self.bounded {
            Ok(code as usize)
        } else {
            Err((code - self.bounded) as usize)
        }
    }

    /// The place, or the node of a fork.
    fn of(&self) -> &'static Place {
        let place = &self.graph().places[self.place];
        match self.branch {
            Some(branch) => &place.fork[branch],
            None => place,
        }
    }

    /// The name of the place, or of the node of a fork.
    pub(crate) fn name(&self) -> &'static str {
        self.of().name
    }

    /// The field that the flow of this place runs on, if it runs on one.
    pub(crate) fn on(&self) -> Option<&'static OnField> {
        self.of().node.on.as_ref()
    }
}
