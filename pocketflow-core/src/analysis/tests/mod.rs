//! Compares the analyses with brute force: on small random graphs they must agree with a search of
//! all paths.
//!
//! This file has the properties, for random flows. [`examples`] checks the same for flows that are
//! written by hand. [`flows`] generates the flows, [`described`] describes them as `flow!` does, and
//! [`brute`] is the search.

mod brute;
mod described;
mod examples;
mod flows;
mod resume;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use self::brute::{
    After, Failure, Found, Paths, Step, Way, is_seen, lay_out, outcomes, writes_in_vain,
};
use self::described::{Analysed, analyse, plain, position, words};
use self::flows::{
    EXITS, ErrorWire, FIELDS, Flow, LATE, Node, PLACES, PlaceKind, Set, Wire, flow, union,
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
            // If another node of the fork fills the field, or two of them collect failures in it, the
            // check of that conflict reports it.
            let fields = || {
                branches.clone().any(|branch| {
                    panics(&|| graph.check_fields(place, branch))
                        || panics(&|| graph.check_failures_field(place, branch))
                })
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
