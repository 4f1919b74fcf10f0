//! PF002: an action that a node returns and that is wired nowhere. An exit of a nested flow that is
//! wired nowhere is PF009.

use super::message::Message;
use super::pf009;
use crate::analysis::Solution;
use crate::const_eval::spelling::{equal, nearest};
use crate::graph::Graph;

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// Checks the actions of a place.
    #[track_caller]
    pub const fn check_wiring(&self, graph: &Graph, place: usize) {
        let node = graph.places[place].node;
        let (mut unwired, mut count) = ([""; 64], 0);
        let mut action = 0;
        while action < node.actions.len() {
            if count < unwired.len()
                && self.edge(place, action).is_none()
                && !is_meant_by_an_edge(graph, place, action)
            {
                unwired[count] = node.actions[action];
                count += 1;
            }
            action += 1;
        }
        // Most places return here. The rest looks through all edges, which would take quadratic
        // time if every place did it.
        if count == 0 {
            return;
        }
        // If the node only has the other kind of action, PF001 rejects the edge and shows what to
        // write.
        let by_default = node.action("default").is_some();
        let wrong_kind = has_edge(graph, place, by_default)
            && (!by_default || count == 1 && node.actions.len() == 1);
        if wrong_kind {
            return;
        }
        let name = graph.places[place].name;
        let message = if node.has_exits() {
            pf009::unwired_exit(name)
        } else {
            Message::of("PF002").add("`{}` can return ", &[name])
        };
        message
            .actions(unwired.split_at(count).0, "and")
            .add(", which {} wired nowhere", &[if count == 1 { "is" } else { "are" }])
            .add(
                "\nhelp: say where it leads: `{} - \"{}\" >> …;`, or `>> end;` to end the flow there",
                &[name, unwired[0]],
            )
            .report()
    }
}

/// Whether a misspelt action of an edge means this one. PF001 then reports the edge and suggests
/// this action.
const fn is_meant_by_an_edge(graph: &Graph, place: usize, action: usize) -> bool {
    let node = graph.places[place].node;
    let mut index = 0;
    while index < graph.edges.len() {
        let edge = &graph.edges[index];
        if edge.written
            && edge.from == place
            && edge.error.is_none()
            && node.action(edge.action).is_none()
        {
            match nearest(edge.action, node.actions) {
                Some(meant) if equal(meant, node.actions[action]) => return true,
                _ => {}
            }
        }
        index += 1;
    }
    false
}

/// Whether the flow has an edge `place - "action" >> …`, or, without `named`, `place >> …`.
const fn has_edge(graph: &Graph, place: usize, named: bool) -> bool {
    let mut index = 0;
    while index < graph.edges.len() {
        let edge = &graph.edges[index];
        if edge.written
            && edge.from == place
            && edge.error.is_none()
            && equal(edge.action, "default") != named
        {
            return true;
        }
        index += 1;
    }
    false
}
