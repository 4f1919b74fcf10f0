//! The flows as `flow!` describes them.

use std::time::Duration;

use super::flows::{EXITS, ErrorWire, FIELDS, Flow, Node, On, PLACES, PlaceKind, Set, Wire};
use crate::action::ActionInfo;
use crate::analysis::Solution;
use crate::graph::sample::{STORE, WORDS, leak, node as described};
use crate::graph::{
    Bound, Description, ERROR, Each, Edge, ErrorEdge, ForkSets, Graph, NodeInfo, Place,
};

/// The names of the fields that these flows use. The store has other fields as well. These are the
/// first one and those at the edges of the words of its sets.
const FIELD_NAMES: [&str; FIELDS] = ["plain", "a", "b", "c", "d"];
const NAMES: [&str; PLACES] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6"];
const ACTIONS: [&str; 3] = ["default", "second", "third"];

/// The actions of a node, and its error edge.
const WAYS: usize = ACTIONS.len() + 1;

pub(super) type Solved = Solution<PLACES, { PLACES * WAYS }, { (EXITS + 1) * WORDS }, WORDS>;

/// A flow of a tree of flows, with its graph, solved.
pub(super) struct Analysed<'a> {
    pub(super) flow: &'a Flow,
    pub(super) graph: &'static Graph,
    pub(super) solution: &'static Solved,
    /// The flow as a node.
    pub(super) info: NodeInfo,
}

/// Each flow of a tree is checked separately. This lists the flows, the outermost last.
pub(super) fn analyse(flow: &Flow) -> Vec<Analysed<'_>> {
    let mut all = Vec::new();
    describe(flow, &mut all);
    all
}

/// A set in the representation of the graph.
pub(super) fn words(set: Set) -> [u64; WORDS] {
    STORE.set(names(set))
}

/// A set of the graph's as plain data.
pub(super) fn plain(words: &[u64]) -> Set {
    let fields = (0..STORE.fields.len()).filter(|field| words[field / 64] >> (field % 64) & 1 == 1);
    fields.fold(0, |set, field| set | 1 << position(field))
}

/// The index of a store's field among the fields of these flows.
pub(super) fn position(field: usize) -> usize {
    let name = STORE.fields[field].name;
    let position = FIELD_NAMES.iter().position(|field| *field == name);
    position.expect("no set has one of the other fields")
}

fn fields(set: Set) -> &'static [u64] {
    leak(words(set))
}

fn describe<'a>(flow: &'a Flow, all: &mut Vec<Analysed<'a>>) -> NodeInfo {
    let (mut places, mut edges) = (Vec::new(), Vec::new());
    for (from, (kind, wires, error)) in flow.places.iter().enumerate() {
        let place = place(NAMES[from], kind, all);
        for (action, wire) in wires.iter().enumerate() {
            let Some(Wire { to, otherwise }) = *wire else {
                continue;
            };
            edges.push(Edge {
                from,
                action: place
                    .node
                    .actions
                    .get(action)
                    .copied()
                    .unwrap_or("no such action"),
                to: flow.target(from, to),
                bound: otherwise.map(|otherwise| Bound {
                    max: 1,
                    otherwise: flow.target(from, otherwise),
                }),
                error: None,
                written: true,
            });
        }
        if let Some(ErrorWire { wire, field }) = error {
            edges.push(Edge {
                from,
                action: ERROR,
                to: flow.target(from, wire.to),
                bound: wire.otherwise.map(|otherwise| Bound {
                    max: 1,
                    otherwise: flow.target(from, otherwise),
                }),
                error: Some(ErrorEdge {
                    field: names(*field).first().copied(),
                }),
                written: true,
            });
        }
        places.push(place);
    }
    // The number of places is part of the solution's type, so nothing leads to the places that are
    // not needed.
    let nothing = NodeInfo {
        actions: &[],
        writes: &[],
        assigns: &[],
        ..info(&Node {
            reads: 0,
            optional_reads: 0,
            writes: vec![0],
            maybe: vec![0],
            fails: false,
        })
    };
    for name in &NAMES[places.len()..] {
        places.push(Place {
            name,
            node: leak(nothing),
            fork: &[],
        });
    }
    let graph: &'static Graph = leak(Graph {
        name: "Flow",
        places: places.leak(),
        edges: edges.leak(),
        exits: &["default", "other"][..flow.exits],
        inputs: names(flow.inputs),
    });
    let solution: &'static Solved = leak(graph.solve());
    let info = solution.info("Flow", graph);
    all.push(Analysed {
        flow,
        graph,
        solution,
        info,
    });
    info
}

fn place<'a>(name: &'static str, kind: &'a PlaceKind, all: &mut Vec<Analysed<'a>>) -> Place {
    let (node, fork): (_, &'static [Place]) = match kind {
        PlaceKind::Node(node) => (info(node), &[]),
        PlaceKind::Await(field, expires) => (awaits(names(*field), *expires), &[]),
        PlaceKind::Flow(flow) => (describe(flow, all), &[]),
        PlaceKind::On(on) => (on_field(on, all), &[]),
        PlaceKind::Fork(nodes) => fork(name, nodes.iter().map(info).collect()),
        PlaceKind::OnFork(flows) => {
            let nodes = flows.iter().map(|on| on_field(on, all));
            fork(name, nodes.collect())
        }
    };
    Place {
        name,
        node: leak(node),
        fork,
    }
}

fn fork(name: &'static str, nodes: Vec<NodeInfo>) -> (NodeInfo, &'static [Place]) {
    let place = |(name, node)| Place {
        name,
        node: leak(node),
        fork: &[],
    };
    let places = ["f0", "f1", "f2"].into_iter().zip(nodes).map(place);
    let places: &'static [Place] = places.collect::<Vec<_>>().leak();
    let sets = leak(ForkSets::<WORDS>::of(places));
    (NodeInfo::of_fork(name, places, sets), places)
}

/// An `await`, as the macro describes it.
fn awaits(field: &'static [&'static str], expires: bool) -> NodeInfo {
    let field: &'static [&'static str; 1] = field.try_into().unwrap();
    let awaits = Description::awaits("await", STORE, field);
    described(match expires {
        true => awaits.expiring(leak(ActionInfo::of_await(field)), Duration::from_secs(1)),
        false => awaits,
    })
}

/// A flow on a field, as the macro describes it.
fn on_field<'a>(on: &'a On, all: &mut Vec<Analysed<'a>>) -> NodeInfo {
    let flow = Description::of_flow(describe(&on.flow, all));
    let each = on.each.map(|failures| {
        let each = Each::at_a_time(1);
        match names(failures).first() {
            Some(field) => each.failing_into(field, |_, _| {}),
            None => each,
        }
    });
    described(Description::on(&flow, STORE, names(on.field)[0], each))
}

fn info(node: &Node) -> NodeInfo {
    let sets = |sets: &[Set]| -> &'static [u64] {
        let words = sets.iter().flat_map(|set| words(*set));
        words.collect::<Vec<_>>().leak()
    };
    let assigns: Vec<Set> = (node.writes.iter().zip(&node.maybe))
        .map(|(writes, maybe)| writes | maybe)
        .collect();
    NodeInfo {
        name: "node",
        store: STORE,
        actions: &ACTIONS[..node.writes.len()],
        reads: fields(node.reads),
        optional_reads: fields(node.optional_reads),
        writes: sets(&node.writes),
        clears: match node.maybe.iter().all(|maybe| *maybe == 0) {
            true => &[],
            false => sets(&node.maybe),
        },
        assigns: sets(&assigns),
        possible_writes: fields(assigns.iter().fold(0, |set, writes| set | writes)),
        flow: None,
        fails: node.fails,
        handled: None,
        waits: None,
        within: None,
        sleeps: None,
        on: None,
        check: None,
    }
}

fn names(set: Set) -> &'static [&'static str] {
    let fields = (0..FIELDS).filter(|field| set & 1 << field != 0);
    fields
        .map(|field| FIELD_NAMES[field])
        .collect::<Vec<_>>()
        .leak()
}
