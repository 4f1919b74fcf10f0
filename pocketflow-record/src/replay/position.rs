//! Where a run resumes whose record begins in the middle.

use pocketflow::{FlowPosition, Graph, Position, Start};

use super::one_run::Replay;
use crate::event::{self, Resumed};
use crate::{Recording, Run};

impl Replay {
    /// Where a run begins.
    pub(super) fn start(&self, run: usize, flow: &'static Graph) -> Start {
        let first = self.plan.first(run);
        match &first.run.resumed {
            Some(resumed) => Start::At(position(self.plan.recording(), first, resumed, flow)),
            None => Start::Fresh,
        }
    }
}

/// The position of the first step of a run, in today's graphs. The core looks for the places by their
/// names.
fn position(recording: &Recording, run: &Run, resumed: &Resumed, flow: &'static Graph) -> Position {
    let mut graph = Some(recording.graph_of(run));
    let mut now = Some(flow);
    let flows = resumed.flows.iter().map(|at| {
        let taken = match (graph, now) {
            (Some(known), Some(now)) => taken_now(known, &at.taken, now),
            _ => at.taken.clone(),
        };
        let places = graph.map_or(&[][..], |graph| &graph.places);
        let place = places.iter().find(|place| place.name == at.place);
        graph = place.and_then(|place| recording.graph(place.flow?));
        let fingerprint = now.map_or(0, Graph::fingerprint);
        now = now.and_then(|now| now.places[now.place(&at.place)?].node.flow);
        FlowPosition {
            flow: at.flow.clone(),
            fingerprint,
            place: at.place.clone(),
            taken,
        }
    });
    Position {
        flows: flows.collect(),
        steps: resumed.steps,
        inner_steps: resumed.inner_steps,
    }
}

/// How often each of today's edges has been taken. An edge is known by its place and its action.
fn taken_now(known: &event::Graph, taken: &[u32], now: &Graph) -> Vec<u32> {
    let edges = now.edges.iter().map(|edge| {
        let from = now.places[edge.from].name;
        let is_same = |known_edge: &event::Edge| {
            known.places[known_edge.from].name == from && known_edge.action == edge.action
        };
        let index = known.edges.iter().position(is_same);
        index
            .and_then(|index| taken.get(index).copied())
            .unwrap_or(0)
    });
    edges.collect()
}
