//! Compares the reads of the rest of a run with a search of all paths from there.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::brute::outcomes;
use super::described::{analyse, position};
use super::flows::{ErrorWire, FIELDS, Flow, LATE, PLACES, PlaceKind, Set, Wire, flow, union};
use crate::Unfilled;
use crate::graph::sample::{NODE, STORE, as_flow, graph, leak, node, place};
use crate::graph::{Description, FlowPosition, Graph, NodeInfo, Place, Target};

/// The position in a flow at one of its places.
fn at(place: &str) -> FlowPosition {
    FlowPosition {
        flow: String::new(),
        fingerprint: 0,
        place: place.into(),
        taken: Vec::new(),
    }
}

fn reads(kind: &PlaceKind) -> Set {
    match &*kind.as_seen() {
        PlaceKind::Node(node) => node.reads,
        PlaceKind::Fork(nodes) => union(nodes, |node| node.reads),
        _ => unreachable!("these flows have none"),
    }
}

/// The fields that each action of a place fills, and those that it fills or empties.
fn writes(kind: &PlaceKind) -> Vec<(Set, Set)> {
    match &*kind.as_seen() {
        PlaceKind::Node(node) => {
            let writes = node.writes.iter().copied();
            writes.zip(node.maybe.iter().copied()).collect()
        }
        PlaceKind::Fork(nodes) => vec![(
            union(nodes, |node| node.writes[0]),
            union(nodes, |node| node.maybe[0]),
        )],
        _ => unreachable!("these flows have none"),
    }
}

fn fails(kind: &PlaceKind) -> bool {
    match &*kind.as_seen() {
        PlaceKind::Node(node) => node.fails,
        PlaceKind::Fork(nodes) => nodes.iter().any(|node| node.fails),
        _ => unreachable!("these flows have none"),
    }
}

/// The places and fields that some path finds empty, starting from a place or after an action of
/// it.
fn search(flow: &Flow, from: usize, taken: Option<usize>, filled: Set) -> BTreeSet<(usize, usize)> {
    let lead = |place: usize, wire: Wire, filled: Set| {
        let to = [Some(wire.to), wire.otherwise].into_iter().flatten();
        to.filter_map(move |to| match flow.target(place, to) {
            Target::Place(place) => Some((place, filled)),
            Target::Exit(_) => None,
        })
    };
    let follow = |place: usize, action: usize, filled: Set| {
        let wire = flow.places[place].1[action];
        wire.into_iter()
            .flat_map(move |wire| lead(place, wire, filled))
    };
    let mut waiting: Vec<(usize, Set)> = match taken {
        Some(action) => follow(from, action, filled).collect(),
        None => vec![(from, filled)],
    };
    let mut visited = BTreeSet::new();
    let mut empty = BTreeSet::new();
    while let Some((place, filled)) = waiting.pop() {
        if !visited.insert((place, filled)) {
            continue;
        }
        let kind = &flow.places[place].0;
        let unfilled = reads(kind) & LATE & !filled;
        let fields = (0..FIELDS).filter(|field| unfilled & 1 << field != 0);
        empty.extend(fields.map(|field| (place, field)));
        for (action, (writes, maybe)) in writes(kind).into_iter().enumerate() {
            for filled in outcomes(filled, 0, writes, maybe) {
                waiting.extend(follow(place, action, filled));
            }
        }
        if let (true, Some(ErrorWire { wire, field })) = (fails(kind), flow.places[place].2) {
            waiting.extend(lead(place, wire, filled | field));
        }
    }
    empty
}

proptest! {
    #[test]
    fn the_reads_are_found_that_some_path_leaves_empty(
        flow in flow(PLACES, 0),
        from in 0..PLACES,
        taken in prop::option::of(0_usize..3),
        filled in 0_u8..1 << FIELDS,
    ) {
        let from = from % flow.places.len();
        let taken = taken.map(|taken| taken % writes(&flow.places[from].0).len());
        let graph = analyse(&flow)[0].graph;
        let place = &graph.places[from];
        let action = taken.map(|taken| place.node.actions[taken]);
        let is_filled = |field: usize| {
            STORE.fields[field].name != "unused" && filled & 1 << position(field) != 0
        };
        let unfilled = graph.unfilled_from(&[at(place.name)], action, is_filled);
        let mut found = BTreeSet::new();
        for Unfilled { path, field } in unfilled {
            assert_eq!((path.len(), path[0]), (2, "Flow"));
            let field = position(STORE.field(field).unwrap());
            assert!(found.insert((graph.place(path[1]).unwrap(), field)), "it comes once");
        }
        assert_eq!(found, search(&flow, from, taken, filled));
    }
}

/// `first >> inner { x >> y } >> last`, where `x` reads `a`, `y` reads `b` and fills it or not, and
/// `last` reads both.
fn nested(fills: bool) -> &'static Graph {
    let reads = |reads| Description { reads, ..NODE };
    let y = Description {
        writes: if fills { &["b"] } else { &[] },
        ..reads(&["b"])
    };
    let inner = leak(Graph {
        name: "Inner",
        exits: &["default"],
        ..graph(
            vec![place("x", reads(&["a"])), place("y", y)],
            "x >> y; y >> end",
        )
    });
    // As the analysis of the flow describes it.
    let known = NodeInfo {
        name: "inner",
        ..as_flow(
            node(Description {
                writes: y.writes,
                ..reads(&["a", "b"])
            }),
            inner,
        )
    };
    let stands = Place {
        name: "inner",
        node: leak(known),
        fork: &[],
    };
    leak(graph(
        vec![
            place("first", NODE),
            stands,
            place("last", reads(&["a", "b"])),
        ],
        "first >> inner; inner >> last; last >> end",
    ))
}

#[test]
fn the_rest_of_a_nested_flow_comes_before_that_of_the_flow_around_it() {
    let reads = |graph: &'static Graph, position: &[&str], taken, filled: &[&str]| {
        let flows: Vec<_> = position.iter().map(|place| at(place)).collect();
        let filled = |field: usize| filled.contains(&STORE.fields[field].name);
        let unfilled = graph.unfilled_from(&flows, taken, filled).into_iter();
        let reads = unfilled.map(|read| format!("{} {}", read.path.join(" > "), read.field));
        reads.collect::<Vec<_>>()
    };
    let graph = nested(false);
    assert_eq!(
        reads(graph, &["inner", "x"], None, &["b"]),
        ["F > inner > x a", "F > last a"]
    );
    assert_eq!(
        reads(graph, &["inner", "x"], Some("default"), &[]),
        ["F > inner > y b", "F > last a", "F > last b"]
    );
    assert_eq!(
        reads(graph, &["inner", "y"], Some("default"), &["a"]),
        ["F > last b"]
    );
    assert_eq!(
        reads(nested(true), &["inner", "y"], None, &[]),
        ["F > inner > y b", "F > last a"]
    );
    // The position is before the nested flow, or after it.
    assert_eq!(
        reads(graph, &["inner"], None, &["a"]),
        ["F > inner b", "F > last b"]
    );
    assert_eq!(
        reads(graph, &["inner"], Some("default"), &["a"]),
        ["F > last b"]
    );
    // No such place exists, or no position is given.
    assert!(reads(graph, &["inner", "z"], None, &[]).is_empty());
    assert!(reads(graph, &[], None, &[]).is_empty());
}

#[test]
fn of_an_unknown_flow_nothing_is_read() {
    let flow = leak(graph(vec![place("unknown", Description::UNKNOWN)], ""));
    assert!(
        flow.unfilled_from(&[at("unknown")], None, |_| false)
            .is_empty()
    );
}
