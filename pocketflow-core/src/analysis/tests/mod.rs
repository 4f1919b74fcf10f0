//! Compares the analyses with brute force: on small random graphs they must agree with a search of
//! all paths.
//!
//! This file has the properties, for random flows and for hand-written ones. [`flows`] generates
//! the flows, and [`brute`] is the search.

mod brute;
mod flows;
mod resume;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use self::brute::{
    After, Failure, Found, Paths, Step, Way, is_seen, lay_out, outcomes, writes_in_vain,
};
use self::flows::{
    Analysed, EXITS, ErrorWire, FIELDS, Flow, LATE, Node, PLACES, PlaceKind, Set, Wire, analyse,
    flow, plain, position, union, words,
};
use crate::graph::sample::WORDS;
use crate::graph::{ERROR, Target};

fn late(set: [u64; WORDS]) -> Set {
    plain(&set) & LATE
}

impl Analysed<'_> {
    fn rejects(&self) -> bool {
        self.solution.unproved.iter().any(Option::is_some)
    }

    /// Where each action leads.
    fn check_routes(&self) {
        let (graph, places) = (self.graph, PLACES as u32);
        let exits = graph.exits.len() as u32;
        let mut actions = 0;
        for (index, place) in graph.places.iter().enumerate() {
            let routes = self.solution.routes_of(index);
            // The entries after the last place are unused.
            let is_last = index + 1 == PLACES;
            let error = graph.error_edge(index).map(|_| &ERROR);
            let ways: Vec<_> = place.node.actions.iter().chain(error).collect();
            assert!(routes.len() == ways.len() || is_last);
            for (action, route) in ways.iter().zip(routes) {
                let mut edges = graph.edges.iter().enumerate();
                let edge = edges.find(|(_, edge)| edge.from == index && edge.action == **action);
                let expected = edge.map(|(index, edge)| match (edge.bound, edge.to) {
                    (Some(_), _) => places + exits + index as u32,
                    (None, Target::Place(place)) => place as u32,
                    (None, Target::Exit(exit)) => places + exit as u32,
                });
                assert_eq!(*route, expected.unwrap_or(u32::MAX), "{action} of {index}");
            }
            actions += ways.len();
        }
        assert_eq!(graph.action_count(), actions);
    }

    /// Which places are reached, which fields are filled, and which reads are unproved, place by
    /// place and field by field.
    fn check_forwards(&self) {
        let steps = lay_out(self.flow, Paths::Known);
        let found = Found::new(&steps, self.flow.inputs, After::Read);
        let mut order = self.solution.order[..self.solution.reached].to_vec();
        order.sort_unstable();
        let places = 0..self.flow.places.len();
        let reached: Vec<_> = places
            .clone()
            .filter(|place| !found.steps[*place].is_empty())
            .map(|place| place as u32)
            .collect();
        assert_eq!(order, reached, "reached");
        for place in places {
            let unproved = self.solution.unproved[place];
            if found.steps[place].is_empty() {
                assert!(unproved.is_none());
                continue;
            }
            let empty = found.empty[place];
            let fields = self
                .solution
                .unproved_fields(self.graph, place, &words(LATE));
            assert_eq!(late(fields), empty, "unproved at {place}");
            let first = (empty != 0).then(|| empty.trailing_zeros() as usize);
            assert_eq!(
                unproved.map(|unproved| position(unproved.field)),
                first,
                "the first one at {place}"
            );
            let inputs = self.flow.inputs & !late(self.solution.emptied[place]);
            let filled = late(self.solution.filled[place]) | inputs;
            assert_eq!(filled, found.steps[place].always(), "filled at {place}");
        }
        // What the flow says of itself as a node, for fields that are filled before it or empty.
        for before in [0, LATE] {
            let found = Found::new(&steps, before | self.flow.inputs, After::Read);
            let exits = found.exits[..self.flow.exits].iter().chain([&found.failed]);
            for (exit, states) in exits.enumerate() {
                let kept = (before | self.flow.inputs) & !self.at_exit(self.info.clears, exit);
                let filled = self.at_exit(self.info.writes, exit) | kept;
                let expected = match states.is_empty() {
                    true => before | self.flow.inputs,
                    false => states.always(),
                };
                assert_eq!(filled, expected, "filled at the exit {exit}");
            }
            assert_eq!(self.info.fails, !found.failed.is_empty(), "fails");
        }
    }

    /// A set of an exit.
    fn at_exit(&self, sets: &[u64], exit: usize) -> Set {
        match sets {
            [] => 0,
            sets => late(sets[exit * WORDS..][..WORDS].try_into().unwrap()),
        }
    }

    /// Which fields every path to an exit assigns. Where no node empties a field, a field that the
    /// flow reads counts as well: nothing can tell the difference.
    fn check_assigned(&self) {
        let steps = lay_out(self.flow, Paths::Known);
        let assigned = Found::assigned(&steps).into_iter();
        let exits = (0..EXITS).chain([self.flow.exits]);
        for (exit, expected) in exits.zip(assigned) {
            if let Some(expected) = expected {
                let assigned = self.at_exit(self.info.assigns, exit);
                let inputs = self.flow.inputs;
                assert_eq!(assigned & !inputs, expected & LATE & !inputs, "at {exit}");
                assert_eq!(expected & LATE & !assigned, 0, "at {exit}");
            }
        }
    }

    /// The path in a message is a path of the flow and leaves the field empty.
    fn check_paths(&self) {
        for place in 0..PLACES {
            let Some(unproved) = self.solution.unproved[place] else {
                continue;
            };
            let path = self.solution.path(self.graph, place, unproved.field);
            assert_eq!(unproved.edge, path.edge_to(place));
            // The edges, followed back from the place to the start, and then reversed.
            let (mut edges, mut at) = (Vec::new(), place);
            while let Some(edge) = path.edge_to(at) {
                let edge = &self.graph.edges[edge];
                edges.push((edge, at));
                let begins = path.begins_before(at);
                at = edge.from;
                assert!(edges.len() <= PLACES, "no place comes twice");
                if begins {
                    break;
                }
            }
            let emptied_by = path.emptied_by(self.graph, place);
            assert_eq!(at, emptied_by.unwrap_or(0), "where it begins");
            assert!(self.solution.order[..self.solution.reached].contains(&(at as u32)));
            let mut filled = vec![if emptied_by.is_some() {
                LATE
            } else {
                self.flow.inputs
            }];
            for (edge, to) in edges.into_iter().rev() {
                let ends = [Some(edge.to), edge.bound.map(|bound| bound.otherwise)];
                assert!(
                    ends.contains(&Some(Target::Place(to))),
                    "the edge leads there"
                );
                let node = self.graph.places[edge.from].node;
                let action = match edge.error {
                    Some(_) => node.actions.len(),
                    None => node.action(edge.action).unwrap(),
                };
                filled = filled
                    .into_iter()
                    .flat_map(|filled| self.follow(edge.from, action, filled))
                    .collect();
            }
            let empty = |filled: &Set| filled & 1 << position(unproved.field) == 0;
            assert!(filled.iter().any(empty), "it leaves the field empty");
        }
    }

    /// The fields that may be filled after an action of a place.
    fn follow(&self, place: usize, action: usize, filled: Set) -> Vec<Set> {
        if action == self.graph.places[place].node.actions.len() {
            return self.follow_error(place, filled);
        }
        match &*self.flow.places[place].0.as_seen() {
            PlaceKind::Node(node) => {
                outcomes(filled, node.reads, node.writes[action], node.maybe[action])
            }
            PlaceKind::Fork(nodes) => outcomes(
                filled,
                union(nodes, |node| node.reads),
                union(nodes, |node| node.writes[0]),
                union(nodes, |node| node.maybe[0]),
            ),
            PlaceKind::Flow(inner) => {
                let filled = (filled | inner.inputs) & LATE;
                let found = Found::new(&lay_out(inner, Paths::Known), filled, After::Read);
                let exit = found.exits[action];
                if exit.is_empty() {
                    vec![filled]
                } else {
                    exit.iter().collect()
                }
            }
            PlaceKind::Await(..) | PlaceKind::On(_) | PlaceKind::OnFork(_) => {
                unreachable!("they are seen as nodes")
            }
        }
    }

    /// The fields that may be filled after the error edge of a place.
    fn follow_error(&self, place: usize, filled: Set) -> Vec<Set> {
        let (kind, _, error) = &self.flow.places[place];
        let field = error.unwrap().field;
        match &*kind.as_seen() {
            PlaceKind::Node(node) => vec![filled | node.reads | field],
            PlaceKind::Fork(nodes) => vec![filled | union(nodes, |node| node.reads) | field],
            PlaceKind::Flow(inner) => {
                let filled = (filled | inner.inputs) & LATE;
                let found = Found::new(&lay_out(inner, Paths::Known), filled, After::Read);
                match found.failed.is_empty() {
                    true => vec![filled | field],
                    false => found.failed.iter().map(|filled| filled | field).collect(),
                }
            }
            PlaceKind::Await(..) | PlaceKind::On(_) | PlaceKind::OnFork(_) => {
                unreachable!("they are seen as nodes")
            }
        }
    }

    /// The dead writes of the nodes, including those in forks.
    fn check_backwards(&self) {
        let (real, known) = (
            lay_out(self.flow, Paths::Real),
            lay_out(self.flow, Paths::Known),
        );
        let found = Found::new(&known, self.flow.inputs, After::Read);
        for (place, (kind, ..)) in self.flow.places.iter().enumerate() {
            let overwritten = plain(&self.solution.dead_writes[place]);
            let in_vain = |steps: &[Step]| {
                let fields =
                    (0..FIELDS).filter(|field| writes_in_vain(steps, &steps[place], *field));
                fields.fold(0, |set: Set, field| set | 1 << field)
            };
            let branches: Vec<Set> = match &*kind.as_seen() {
                PlaceKind::Node(_) => vec![Set::MAX],
                PlaceKind::Fork(nodes) => nodes
                    .iter()
                    .map(|node| node.writes[0] | node.maybe[0])
                    .collect(),
                PlaceKind::Flow(_) => continue,
                PlaceKind::Await(..) | PlaceKind::On(_) | PlaceKind::OnFork(_) => {
                    unreachable!("they are seen as nodes")
                }
            };
            let expected = if found.steps[place].is_empty() {
                0
            } else {
                in_vain(&known)
            };
            assert_eq!(overwritten, expected, "in vain at {place}");
            assert_eq!(
                overwritten & !in_vain(&real),
                0,
                "in vain at {place}, on the real paths"
            );
            for (branch, writes) in branches.into_iter().enumerate() {
                let has_dead_write = self.solution.has_dead_write(self.graph, place, branch);
                assert_eq!(
                    has_dead_write,
                    expected & writes != 0,
                    "in vain at {place}, {branch}"
                );
            }
        }
    }

    /// If a nested flow is reported to have a dead write, its nodes do write the field, and nothing
    /// in it or after it reads the value.
    fn check_nested_backwards(&self) {
        let (real, known) = (
            lay_out(self.flow, Paths::Real),
            lay_out(self.flow, Paths::Known),
        );
        let nested = |place: &usize| matches!(self.flow.places[*place].0, PlaceKind::Flow(_));
        for place in (0..self.flow.places.len()).filter(nested) {
            let overwritten = plain(&self.solution.dead_writes[place]);
            for field in (0..FIELDS).filter(|field| overwritten & 1 << field != 0) {
                // The paths within the flow on which one of its nodes writes the field, as far as a
                // path reaches the node.
                let writes = |steps: &[Step]| -> Vec<Way> {
                    let found = Found::new(steps, self.flow.inputs, After::Read);
                    let reached = steps
                        .iter()
                        .zip(found.steps)
                        .filter(|(_, states)| !states.is_empty());
                    let within = reached
                        .map(|(step, _)| step)
                        .filter(|step| step.place == place);
                    let ways = within.flat_map(|step| &step.ways);
                    let ways = ways.filter(|way| way.failure != Failure::Outer);
                    ways.filter(|way| way.assigns() & 1 << field != 0)
                        .cloned()
                        .collect()
                };
                assert!(
                    !writes(&known).is_empty(),
                    "the flow at {place} writes {field}"
                );
                let seen = writes(&real)
                    .iter()
                    .any(|way| is_seen(&real, &way.to, field));
                assert!(!seen, "what the flow at {place} writes to {field} is seen");
            }
        }
    }

    /// At least one check reports each unproved read, and no check reports a proved one.
    fn check_messages(&self) {
        let (solution, graph) = (self.solution, self.graph);
        let panics = |check: &dyn Fn()| catch_unwind(AssertUnwindSafe(check)).is_err();
        for place in 0..self.flow.places.len() {
            let branches = 0..graph.places[place].fork.len();
            let arrives = (0..graph.edges.len()).any(|edge| {
                let is_here =
                    solution.unproved[place].is_some_and(|unproved| unproved.edge == Some(edge));
                is_here
                    && [false, true].iter().any(|otherwise| {
                        panics(&|| solution.check_arrival(graph, edge, *otherwise))
                    })
            });
            let starts = place == 0 && panics(&|| solution.check_start(graph));
            let reads = branches
                .clone()
                .any(|branch| panics(&|| solution.check_reads(graph, place, branch)));
            let is_reported = arrives || starts || reads;
            let unproved = solution.unproved[place];
            assert!(
                unproved.is_some() || !is_reported,
                "nothing is wrong at {place}"
            );
            // If another node of the fork fills the field, that check reports it.
            let fields = || {
                branches
                    .clone()
                    .any(|branch| panics(&|| graph.check_fields(place, branch)))
            };
            assert!(
                unproved.is_none() || is_reported || fields(),
                "{unproved:?} at {place} is reported"
            );
        }
    }
}

/// How many cases a property has, unless the environment says it.
fn cases(usual: u32) -> ProptestConfig {
    let given = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: given.and_then(|given| given.parse().ok()).unwrap_or(usual),
        ..ProptestConfig::default()
    }
}

/// A tree of flows is accepted if and only if no path of any of its flows reads an empty field.
fn check_verdict(flow: &Flow) -> bool {
    let all = analyse(flow);
    let accepted = !all.iter().any(Analysed::rejects);
    let violated = |paths| {
        all.iter().any(|one| {
            Found::new(&lay_out(one.flow, paths), one.flow.inputs, After::End).is_violated()
        })
    };
    assert!(
        !accepted || !violated(Paths::Real),
        "accepted, but a run fails"
    );
    assert!(
        accepted || violated(Paths::Known),
        "rejected, but no path shows why"
    );
    accepted
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn a_flow_is_accepted_if_no_path_reads_an_empty_field(flow in flow(PLACES, 0)) {
        check_verdict(&flow);
    }

    #[test]
    fn so_is_a_flow_of_flows(flow in flow(4, 2)) {
        check_verdict(&flow);
    }

    #[test]
    fn so_is_a_flow_with_three_levels_of_flows(flow in flow(3, 3)) {
        check_verdict(&flow);
    }

    #[test]
    fn each_action_leads_where_its_edge_does(flow in prop_oneof![flow(PLACES, 0), flow(4, 2)]) {
        analyse(&flow).iter().for_each(Analysed::check_routes);
    }

    #[test]
    fn what_is_filled_is_exact(flow in prop_oneof![flow(PLACES, 0), flow(4, 2), flow(3, 3)]) {
        analyse(&flow).iter().for_each(Analysed::check_forwards);
    }

    #[test]
    fn what_is_assigned_is_exact(flow in prop_oneof![flow(PLACES, 0), flow(4, 2), flow(3, 3)]) {
        let all = analyse(&flow);
        if !all.iter().any(Analysed::rejects) {
            all.iter().for_each(Analysed::check_assigned);
        }
    }

    #[test]
    fn the_path_that_is_shown_is_real(flow in prop_oneof![flow(PLACES, 0), flow(4, 2)]) {
        analyse(&flow).iter().for_each(Analysed::check_paths);
    }

    #[test]
    fn what_is_written_in_vain_is_exact(flow in prop_oneof![flow(PLACES, 0), flow(4, 2)]) {
        analyse(&flow).iter().for_each(Analysed::check_backwards);
    }

    #[test]
    fn what_a_nested_flow_writes_in_vain_is_seen_by_nothing(flow in flow(4, 2)) {
        analyse(&flow).iter().for_each(Analysed::check_nested_backwards);
    }
}

proptest! {
    // Each message is a panic, which is slow.
    #![proptest_config(cases(250))]

    #[test]
    fn what_is_unproved_is_reported(flow in prop_oneof![flow(PLACES, 0), flow(4, 2)]) {
        analyse(&flow).iter().for_each(Analysed::check_messages);
    }
}

// ---- Hand-written cases with one field each. ----

const A: Set = 0b10;

fn by_hand(places: Vec<(PlaceKind, [Option<Wire>; 3])>) -> Flow {
    let places = places.into_iter();
    Flow {
        inputs: 0,
        exits: 1,
        places: places.map(|(kind, wires)| (kind, wires, None)).collect(),
    }
}

/// Whether a node reads the field `a`, and what it writes for each action.
fn does(reads: Set, writes: &[Set]) -> PlaceKind {
    PlaceKind::Node(Node {
        reads,
        optional_reads: 0,
        writes: writes.to_vec(),
        maybe: vec![0; writes.len()],
        fails: false,
    })
}

/// The numbers of a flow with one exit: 1 is the exit, 2 is the first place.
fn to<const N: usize>(numbers: [u8; N]) -> [Option<Wire>; 3] {
    let mut wires = [None; 3];
    for (wire, to) in wires.iter_mut().zip(numbers) {
        *wire = Some(Wire {
            to,
            otherwise: None,
        });
    }
    wires
}

/// Checks every property of a flow, and returns whether it is accepted.
fn check(flow: &Flow) -> bool {
    for one in analyse(flow) {
        one.check_forwards();
        one.check_paths();
        one.check_backwards();
    }
    let accepted = check_verdict(flow);
    if accepted {
        analyse(flow).iter().for_each(Analysed::check_assigned);
    }
    accepted
}

#[test]
fn a_field_that_one_branch_of_two_fills_is_empty_where_they_meet() {
    let branches = |other| {
        by_hand(vec![
            (does(0, &[0, 0]), to([3, 4])),
            (does(0, &[A]), to([5])),
            (does(0, &[other]), to([5])),
            (does(A, &[0]), to([1])),
        ])
    };
    assert!(!check(&branches(0)));
    assert!(check(&branches(A)));
}

#[test]
fn a_bound_may_lead_past_the_node_that_fills_the_field() {
    let wire = [
        Some(Wire {
            to: 3,
            otherwise: Some(4),
        }),
        None,
        None,
    ];
    assert!(!check(&by_hand(vec![
        (does(0, &[0]), wire),
        (does(0, &[A]), to([4])),
        (does(A, &[0]), to([1])),
    ])));
}

#[test]
fn what_a_nested_flow_fills_depends_on_its_exit() {
    let inner = || {
        let wires = to([1, 2]);
        PlaceKind::Flow(Flow {
            inputs: 0,
            exits: 2,
            places: vec![(does(0, &[A, 0]), wires, None)],
        })
    };
    let reader = (does(A, &[0]), to([1]));
    assert!(check(&by_hand(vec![(inner(), to([3, 1])), reader.clone()])));
    assert!(!check(&by_hand(vec![(inner(), to([1, 3])), reader])));
}

#[test]
fn a_loop_that_only_overwrites_writes_in_vain() {
    let flow = by_hand(vec![(does(0, &[A]), to([2]))]);
    assert!(check(&flow));
    assert!(
        analyse(&flow)[0]
            .solution
            .has_dead_write(analyse(&flow)[0].graph, 0, 0)
    );
}

#[test]
fn a_path_on_which_the_field_was_read_before_is_not_shown() {
    let flow = by_hand(vec![
        (does(0, &[0, 0]), to([3, 4])),
        (does(A, &[0]), to([6])),
        (does(0, &[0]), to([5])),
        (does(0, &[0]), to([6])),
        (does(A, &[0]), to([1])),
    ]);
    assert!(!check(&flow));
}

/// A node that fills or empties the field `a`.
fn maybe(reads: Set) -> PlaceKind {
    PlaceKind::Node(Node {
        reads,
        optional_reads: 0,
        writes: vec![0],
        maybe: vec![A],
        fails: false,
    })
}

#[test]
fn a_field_that_a_node_may_leave_empty_is_empty_after_it() {
    let reader = || (does(A, &[0]), to([1]));
    assert!(!check(&by_hand(vec![(maybe(0), to([3])), reader()])));
    assert!(check(&by_hand(vec![
        (maybe(0), to([3])),
        (does(0, &[A]), to([4])),
        reader(),
    ])));
    // What was filled before is empty as well, and so is an input.
    assert!(!check(&by_hand(vec![
        (does(0, &[A]), to([3])),
        (maybe(A), to([4])),
        reader(),
    ])));
    assert!(!check(&Flow {
        inputs: A,
        ..by_hand(vec![(maybe(A), to([3])), reader()])
    }));
}

#[test]
fn a_nested_flow_that_empties_a_field_on_the_way_to_an_exit_does_not_ignore_it() {
    let inner = |maybe| {
        PlaceKind::Flow(Flow {
            inputs: 0,
            exits: 1,
            places: vec![(maybe, to([1]), None)],
        })
    };
    let around = |inner| {
        by_hand(vec![
            (does(0, &[A]), to([3])),
            (inner, to([4])),
            (does(A, &[0]), to([1])),
        ])
    };
    assert!(!check(&around(inner(maybe(0)))));
    assert!(check(&around(inner(does(0, &[0])))));
}

#[test]
fn a_loop_reads_the_field_that_its_last_lap_emptied() {
    // `first` fills it, `second` reads it and then may empty it.
    let flow = by_hand(vec![(does(0, &[A]), to([3])), (maybe(A), to([3]))]);
    assert!(!check(&flow));
}

#[test]
fn a_value_that_is_emptied_before_it_is_read_is_written_in_vain() {
    let flow = by_hand(vec![(does(0, &[A]), to([3])), (maybe(0), to([1]))]);
    assert!(check(&flow));
    let analysed = &analyse(&flow)[0];
    assert!(analysed.solution.has_dead_write(analysed.graph, 0, 0));
    assert!(!analysed.solution.has_dead_write(analysed.graph, 1, 0));
}

/// An error edge to the place or exit with this number, which fills these fields.
fn on_error(flow: &mut Flow, place: usize, to: u8, field: Set) {
    let otherwise = None;
    flow.places[place].2 = Some(ErrorWire {
        wire: Wire { to, otherwise },
        field,
    });
}

fn fails(kind: PlaceKind) -> PlaceKind {
    match kind {
        PlaceKind::Node(node) => PlaceKind::Node(Node {
            fails: true,
            ..node
        }),
        kind => kind,
    }
}

#[test]
fn a_node_that_failed_has_written_nothing_and_its_edge_fills_its_field() {
    let flow = |field| {
        let mut flow = by_hand(vec![
            (fails(does(0, &[A])), to([1])),
            (does(A, &[0]), to([1])),
        ]);
        on_error(&mut flow, 0, 3, field);
        flow
    };
    assert!(!check(&flow(0)));
    assert!(check(&flow(A)));
}

#[test]
fn a_nested_flow_that_failed_has_filled_what_is_filled_wherever_it_may_fail() {
    let around = |first: PlaceKind, last: PlaceKind| {
        let inner = Flow {
            inputs: 0,
            exits: 1,
            places: vec![(first, to([3]), None), (last, to([1]), None)],
        };
        let mut flow = by_hand(vec![
            (PlaceKind::Flow(inner), to([1])),
            (does(A, &[0]), to([1])),
        ]);
        on_error(&mut flow, 0, 3, 0);
        flow
    };
    let (fill, nothing) = (|| does(0, &[A]), || does(0, &[0]));
    assert!(check(&around(fill(), fails(nothing()))));
    assert!(!check(&around(fails(fill()), fails(nothing()))));
    assert!(!check(&around(fails(fill()), nothing())));
    assert!(!check(&around(nothing(), fails(fill()))));
}

#[test]
fn a_nested_flow_that_failed_may_have_emptied_a_field() {
    let around = |last: PlaceKind| {
        let inner = Flow {
            inputs: 0,
            exits: 1,
            places: vec![(maybe(0), to([3]), None), (last, to([1]), None)],
        };
        let mut flow = by_hand(vec![
            (does(0, &[A]), to([3])),
            (PlaceKind::Flow(inner), to([1])),
            (does(A, &[0]), to([1])),
        ]);
        on_error(&mut flow, 1, 4, 0);
        flow
    };
    assert!(!check(&around(fails(does(0, &[0])))));
}

#[test]
fn a_value_is_read_after_a_failure() {
    let mut flow = by_hand(vec![
        (does(0, &[A]), to([3])),
        (fails(does(0, &[A])), to([1])),
        (does(A, &[0]), to([1])),
    ]);
    on_error(&mut flow, 1, 4, 0);
    assert!(check(&flow));
    let analysed = &analyse(&flow)[0];
    assert!(!analysed.solution.has_dead_write(analysed.graph, 0, 0));
}
