use super::{Edge, ErrorEdge, Graph, NodeInfo, OnField, Target};
use crate::const_eval::hash::{START, hash, hash_number};

impl Graph {
    /// A number that changes with the names, edges, bounds, exits and inputs of the graph,
    /// including those of nested flows and of flows on fields. It is the 64-bit FNV-1a hash (Fowler, Noll, Vo) of their
    /// text. Stored together with a [`Position`](crate::Position), it shows whether the flow has
    /// changed since.
    pub const fn fingerprint(&self) -> u64 {
        let mut sum = hash(START, self.name);
        let mut index = 0;
        while index < self.places.len() {
            sum = hash(sum, self.places[index].name);
            if let Some(flow) = self.places[index].node.flow {
                sum = hash_number(sum, flow.fingerprint());
            }
            sum = hash_field(sum, self.places[index].node);
            let (fork, mut branch) = (self.places[index].fork, 0);
            while branch < fork.len() {
                sum = hash_field(sum, fork[branch].node);
                branch += 1;
            }
            index += 1;
        }
        index = 0;
        while index < self.edges.len() {
            let Edge {
                from,
                action,
                to,
                bound,
                error,
                ..
            } = self.edges[index];
            sum = hash(hash_number(sum, from as u64), action);
            if let Some(ErrorEdge { field }) = error {
                // An action may have the same name.
                sum = hash_number(sum, 2);
                if let Some(field) = field {
                    sum = hash(sum, field);
                }
            }
            sum = self.hash_target(sum, to);
            if let Some(bound) = bound {
                sum = self.hash_target(hash_number(sum, bound.max as u64), bound.otherwise);
            }
            index += 1;
        }
        index = 0;
        while index < self.inputs.len() {
            sum = hash(sum, self.inputs[index]);
            index += 1;
        }
        sum
    }

    const fn hash_target(&self, sum: u64, target: Target) -> u64 {
        match target {
            Target::Place(place) => hash(hash_number(sum, 0), self.places[place].name),
            Target::Exit(exit) => hash(hash_number(sum, 1), self.exits[exit]),
        }
    }
}

/// Adds the field that a flow runs on, and that flow. A node without such a field adds nothing.
const fn hash_field(sum: u64, node: &NodeInfo) -> u64 {
    let Some(OnField { graph, field, each }) = node.on else {
        return sum;
    };
    let sum = hash_number(hash(sum, field), each.is_some() as u64);
    hash_number(sum, graph.fingerprint())
}
