//! Definite assignment at run time, from any position: which reads in the rest of a run would find
//! their field empty.

use crate::const_eval::bit_set::insert;
use crate::graph::{ERROR, ErrorEdge, FlowPosition, Graph, Target};
use crate::store::Store;

/// A read of a late field that nothing fills before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// The names from the outermost flow down to the node.
    pub path: Vec<&'static str>,
    /// The name of the field.
    pub field: &'static str,
}

/// The fields that every path to it fills, for each place or exit that is reached. After the exits
/// comes the failure of the flow.
type Filled = Vec<Option<Vec<u64>>>;

impl Graph {
    /// The reads that would find their field empty if a run resumed from a position with some
    /// fields filled.
    ///
    /// A flow that compiles has no such read on any path from its start. But a run that was started
    /// with another version of the flow may already be past a new node, which it will not run.
    /// `flows` are those of a [`Position`](crate::Position). `taken` is the action of the step
    /// there, if that step is done. `filled` says which fields of the store are filled.
    ///
    /// ```
    /// use pocketflow::{FlowPosition, Shared, flow, node};
    ///
    /// #[derive(Shared, Default)] struct Order { address: Option<String>, paid: Option<bool> }
    /// #[node(Order, writes = address)] fn ask() -> String { "1 High Street".into() }
    /// #[node(Order, writes = paid)] fn pay() -> bool { true }
    /// #[node(Order)] fn ship(address: &str, paid: &bool) {}
    /// flow! { Shop { ask >> pay >> ship; } }
    ///
    /// // A run reached `pay` before the flow had `ask`.
    /// let at_pay = FlowPosition {
    ///     flow: "Shop".into(),
    ///     fingerprint: 0,
    ///     place: "pay".into(),
    ///     taken: vec![],
    /// };
    /// let unfilled = Shop::GRAPH.unfilled_from(&[at_pay], None, |_| false);
    /// assert_eq!((&*unfilled[0].path, unfilled[0].field), (&["Shop", "ship"][..], "address"));
    /// ```
    pub fn unfilled_from(
        &'static self,
        flows: &[FlowPosition],
        taken: Option<&str>,
        filled: impl Fn(usize) -> bool,
    ) -> Vec<Unfilled> {
        if self.is_unknown() {
            return Vec::new();
        }
        let mut set = vec![0; self.store().words()];
        for field in (0..self.store().fields.len()).filter(|field| filled(*field)) {
            set[field / 64] |= 1 << (field % 64);
        }
        let mut unfilled = Vec::new();
        self.find_unfilled(flows, taken, set, &mut vec![self.label()], &mut unfilled);
        unfilled
    }

    /// Adds the reads in this flow, and returns what is filled at its exits.
    fn find_unfilled(
        &'static self,
        flows: &[FlowPosition],
        taken: Option<&str>,
        filled: Vec<u64>,
        path: &mut Vec<&'static str>,
        unfilled: &mut Vec<Unfilled>,
    ) -> Filled {
        let mut assignment = Assignment {
            graph: self,
            places: vec![None; self.places.len()],
            exits: vec![None; self.exits.len() + 1],
            queue: Vec::new(),
        };
        let Some((position, inner)) = flows.split_first() else {
            return assignment.exits;
        };
        let Some(place) = self.place(&position.place) else {
            return assignment.exits;
        };
        match (self.places[place].node.flow, taken) {
            (Some(flow), _) if !inner.is_empty() => {
                path.push(self.places[place].name);
                let exits = flow.find_unfilled(inner, taken, filled, path, unfilled);
                path.pop();
                let names = flow.exits.iter().copied().map(Some).chain([None]);
                for (exit, filled) in names.zip(exits) {
                    if let Some(filled) = filled {
                        assignment.leave(place, exit, &filled);
                    }
                }
            }
            (_, Some(action)) => {
                let node = self.places[place].node;
                let failed = action == ERROR && node.action(ERROR).is_none();
                assignment.leave(place, Some(action).filter(|_| !failed), &filled);
            }
            (_, None) => assignment.arrive(Target::Place(place), &filled),
        }
        assignment.solve();
        for (place, filled) in self.places.iter().zip(&assignment.places) {
            let Some(filled) = filled else { continue };
            for field in self.store().unfilled(place.node.reads, filled) {
                let path = path.iter().copied().chain([place.name]).collect();
                unfilled.push(Unfilled { path, field });
            }
        }
        assignment.exits
    }
}

impl Store {
    /// The late fields that are in one set and not in another.
    fn unfilled(&self, reads: &[u64], filled: &[u64]) -> impl Iterator<Item = &'static str> {
        let contains = |set: &[u64], field: usize| {
            set.get(field / 64)
                .is_some_and(|word| word >> (field % 64) & 1 == 1)
        };
        let fields = self.fields.iter().enumerate();
        let fields = fields.filter(move |(index, field)| {
            field.late && contains(reads, *index) && !contains(filled, *index)
        });
        fields.map(|(_, field)| field.name)
    }
}

/// The work list, and the results so far.
struct Assignment {
    graph: &'static Graph,
    places: Filled,
    exits: Filled,
    queue: Vec<usize>,
}

impl Assignment {
    /// Follows every action of the places in the queue.
    fn solve(&mut self) {
        while let Some(place) = self.queue.pop() {
            let node = self.graph.places[place].node;
            let failure = node.fails.then_some(None);
            let ways = node.actions.iter().copied().map(Some).chain(failure);
            for (action, name) in ways.enumerate() {
                let mut filled = self.places[place].clone().unwrap_or_default();
                // A node that has failed has no sets, and nothing is left of the iterators.
                if self.graph.shares_store(place) {
                    let first = action * filled.len();
                    let clears = node.clears.iter().skip(first);
                    for (word, clears) in filled.iter_mut().zip(clears) {
                        *word &= !clears;
                    }
                    let writes = node.writes.iter().skip(first);
                    for (word, writes) in filled.iter_mut().zip(writes) {
                        *word |= writes;
                    }
                }
                self.leave(place, name, &filled);
            }
        }
    }

    /// Follows an action of a place, or, for `None`, its error edge. Without an error edge, its
    /// failure is that of the flow.
    fn leave(&mut self, place: usize, action: Option<&str>, filled: &[u64]) {
        let graph = self.graph;
        let mut edges = graph.edges.iter().filter(|edge| edge.from == place);
        let edge = edges.find(|edge| match action {
            Some(action) => edge.error.is_none() && edge.action == action,
            None => edge.error.is_some(),
        });
        let Some(edge) = edge else {
            if action.is_none() {
                self.arrive(Target::Exit(graph.exits.len()), filled);
            }
            return;
        };
        let mut filled = filled.to_vec();
        if let Some(ErrorEdge { field: Some(field) }) = edge.error {
            if let Some(field) = graph.store().field(field) {
                insert(&mut filled, field);
            }
        }
        self.arrive(edge.to, &filled);
        if let Some(bound) = edge.bound {
            self.arrive(bound.otherwise, &filled);
        }
    }

    /// Keeps the fields that every path so far fills.
    fn arrive(&mut self, target: Target, filled: &[u64]) {
        let known = match target {
            Target::Place(place) => &mut self.places[place],
            Target::Exit(exit) => &mut self.exits[exit],
        };
        let changed = match known {
            None => {
                *known = Some(filled.to_vec());
                true
            }
            Some(known) => {
                let before = known.clone();
                known
                    .iter_mut()
                    .zip(filled)
                    .for_each(|(known, filled)| *known &= filled);
                *known != before
            }
        };
        if let (Target::Place(place), true) = (target, changed) {
            self.queue.push(place);
        }
    }
}
