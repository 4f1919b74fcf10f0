//! The messages of the checks. The snapshots of compile errors test the texts; these tests check
//! which tokens a message is about.

mod actions;
mod constants;
mod edges;
mod failures;
mod forks;
mod on_field;
mod pauses;
mod reads;
mod stores;
mod types;

use crate::analysis::Solution;
use crate::graph::sample::{NODE, WORDS, action, as_flow, graph, leak, message, node, place};
use crate::graph::{Description, Graph, NodeInfo, Place};

const CHOICE: Description = Description {
    actions: &[action("yes", &[]), action("no", &[])],
    ..NODE
};
const ONE: Description = Description {
    actions: &[action("yes", &[])],
    ..NODE
};
/// The code of a message, the code fragments in it, and the actions that it names.
fn reported<T>(check: impl FnOnce() -> T) -> Vec<String> {
    let Some(text) = message(check) else {
        return vec![];
    };
    let (code, text) = text.split_once(": ").expect(&text);
    assert!(code.starts_with("PF"), "{code}: {text}");
    let mut found = vec![code.to_owned()];
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            found.push(part.to_owned());
        } else {
            found.extend(part.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// A place with a nested flow that has these exits.
fn flow(name: &'static str, exits: &'static [&'static str]) -> Place {
    flow_on(name, exits, NODE)
}

/// The same, but the flow reads and fills what a node does.
fn flow_on(name: &'static str, exits: &'static [&'static str], does: Description) -> Place {
    let inner = leak(Graph {
        exits,
        ..graph(vec![place("inner", NODE)], "")
    });
    let writes: &'static [u64] = node(does).writes.repeat(exits.len()).leak();
    let info = NodeInfo {
        actions: exits,
        writes,
        assigns: writes,
        ..node(does)
    };
    place(name, Description::of_flow(as_flow(info, inner)))
}

fn solve<const P: usize>(graph: &Graph) -> Solution<P, 16, { 3 * WORDS }, WORDS> {
    assert_eq!(graph.places.len(), P);
    graph.solve()
}
