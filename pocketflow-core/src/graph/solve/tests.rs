//! The analyses against brute force: on small random graphs they say what a search of all paths says.
//!
//! The search goes over states, a place and the set of filled fields, so it covers every path of whatever length. It shares no
//! code with the analyses: a nested flow is laid out flat into the flow around it, and its nodes are visited one by one. There
//! are two layouts.
//!
//! - [`Paths::Real`]: the paths that a run may take. What the analyses promise must hold on every one of them.
//! - [`Paths::Known`]: in addition, what a flow that stands as a node does not say of itself. An exit that no path of its reaches
//!   may be left with the inputs alone, and all that any of its nodes may look at is looked at on entry. The analyses must agree
//!   with this layout exactly: whatever they refuse, one of its paths shows.
//!
//! No more is lost in a nested flow: it says of each exit which fields every path to it fills, and since a node only ever adds
//! fields, a field that is not among them is left empty by one path at least.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::array::uniform3;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::{NOWHERE, Solution};
use crate::graph::{Bound, Edge, Graph, NodeInfo, Place, Target, fork};
use crate::shared::{Field, Store};

/// A set of fields, a bit each.
type Set = u8;

const STORE: &Store = &Store::new(
    "S",
    "S",
    &[
        Field::new("plain", false),
        Field::new("a", true),
        Field::new("b", true),
        Field::new("c", true),
        Field::new("d", true),
    ],
);
const FIELDS: usize = STORE.fields.len();
/// All but the first, which always has a value.
const LATE: Set = 0b1_1110;

const PLACES: usize = 7;
const NAMES: [&str; PLACES] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6"];
const ACTIONS: [&str; 3] = ["default", "second", "third"];
const EXITS: usize = 2;

type Solved = Solution<PLACES, { PLACES * ACTIONS.len() }, EXITS, 1>;

// ---- A flow as plain data, which shrinks well. ----

#[derive(Debug, Clone)]
struct Flow {
    inputs: Set,
    exits: usize,
    /// What stands there, and where its actions lead; an action that it does not have is a mistake in the flow.
    places: Vec<(Stands, [Option<Wire>; 3])>,
}

#[derive(Debug, Clone)]
enum Stands {
    Node(Node),
    Fork(Vec<Node>),
    Flow(Flow),
}

#[derive(Debug, Clone)]
struct Node {
    reads: Set,
    peeks: Set,
    /// A set for each action.
    writes: Vec<Set>,
}

/// Where an action leads, as numbers of which [`Flow::target`] makes exits and places: any number will do.
#[derive(Debug, Clone, Copy)]
struct Wire {
    to: u8,
    otherwise: Option<u8>,
}

fn set(late_only: bool, most: usize) -> impl Strategy<Value = Set> {
    vec(usize::from(late_only)..FIELDS, 0..=most)
        .prop_map(|fields| fields.into_iter().fold(0, |set, field| set | 1 << field))
}

fn node(actions: usize) -> impl Strategy<Value = Node> {
    // Nodes read little and fill much whatever they return: else hardly a flow would be right.
    let looks = || prop_oneof![1 => Just(0), 1 => set(false, 1)];
    (looks(), looks(), set(false, 3), vec(set(false, 1), 1..=actions)).prop_map(
        |(reads, peeks, always, writes)| Node {
            reads,
            peeks,
            writes: writes.into_iter().map(|set| set | always).collect(),
        },
    )
}

/// A flow of at most so many places, with nested flows of at most so many levels.
fn flow(most: usize, levels: usize) -> BoxedStrategy<Flow> {
    let stands = prop_oneof![
        4 => node(3).prop_map(Stands::Node),
        1 => vec(node(1), 2..=3).prop_map(Stands::Fork),
    ];
    let stands = match levels {
        0 => stands.boxed(),
        _ => prop_oneof![2 => stands, 1 => flow(3, levels - 1).prop_map(Stands::Flow)].boxed(),
    };
    let to = || prop_oneof![Just(0), any::<u8>()];
    let wire = (to(), weighted(0.2, to())).prop_map(|(to, otherwise)| Wire { to, otherwise });
    let places = vec((stands, uniform3(weighted(0.95, wire))), 1..=most);
    (set(true, 2), 1..=EXITS, places)
        .prop_map(|(inputs, exits, places)| Flow { inputs, exits, places })
        .boxed()
}

impl Flow {
    /// Where a number leads from a place: 0 to the place behind it or out of the flow, then come the exits, then the places.
    fn target(&self, from: usize, number: u8) -> Target {
        let places = self.places.len();
        let number = match usize::from(number) {
            0 if from + 1 < places => return Target::Place(from + 1),
            0 => 0,
            number => (number - 1) % (self.exits + places),
        };
        if number < self.exits { Target::Exit(number) } else { Target::Place(number - self.exits) }
    }

    /// All that any of its nodes may look at.
    fn looks(&self) -> Set {
        let looks = self.places.iter().map(|(stands, _)| match stands {
            Stands::Node(node) => node.reads | node.peeks,
            Stands::Fork(nodes) => union(nodes, |node| node.reads | node.peeks),
            Stands::Flow(inner) => inner.inputs | inner.looks(),
        });
        looks.fold(0, |set, looks| set | looks)
    }
}

fn union(nodes: &[Node], of: impl Fn(&Node) -> Set) -> Set {
    nodes.iter().fold(0, |set, node| set | of(node))
}

// ---- The same flow as `flow!` describes it. ----

/// A flow of a tree of flows, with its graph, solved.
struct Analysed<'a> {
    flow: &'a Flow,
    graph: &'static Graph,
    solution: &'static Solved,
}

/// Each flow of a tree is checked on its own: this is the list of them, the outermost last.
fn analyse(flow: &Flow) -> Vec<Analysed<'_>> {
    let mut all = Vec::new();
    describe(flow, &mut all);
    all
}

/// What a graph is made of is `'static`. A test leaks a little.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn fields(set: Set) -> &'static [u64] {
    leak([u64::from(set)])
}

fn describe<'a>(flow: &'a Flow, all: &mut Vec<Analysed<'a>>) -> NodeInfo {
    let (mut places, mut edges) = (Vec::new(), Vec::new());
    for (from, (stands, wires)) in flow.places.iter().enumerate() {
        let place = place(NAMES[from], stands, all);
        for (action, wire) in wires.iter().enumerate() {
            let Some(Wire { to, otherwise }) = *wire else { continue };
            edges.push(Edge {
                from,
                action: place.node.actions.get(action).copied().unwrap_or("no such action"),
                to: flow.target(from, to),
                bound: otherwise.map(|otherwise| Bound { max: 1, otherwise: flow.target(from, otherwise) }),
                written: true,
            });
        }
        places.push(place);
    }
    // The number of places is part of the solution's type: those that are not needed are led to by nothing.
    let nothing =
        NodeInfo { actions: &[], writes: &[], ..info(&Node { reads: 0, peeks: 0, writes: vec![0] }) };
    for name in &NAMES[places.len()..] {
        places.push(Place { name, node: leak(nothing), fork: &[] });
    }
    let graph: &'static Graph = leak(Graph {
        name: "Flow",
        places: places.leak(),
        edges: edges.leak(),
        exits: &["default", "other"][..flow.exits],
        inputs: names(flow.inputs),
    });
    let solution: &'static Solved = leak(graph.solve());
    all.push(Analysed { flow, graph, solution });
    NodeInfo {
        name: "Flow",
        store: STORE,
        actions: graph.exits,
        reads: leak(solution.reads()),
        peeks: leak(solution.peeks(graph)),
        writes: leak(solution.writes::<EXITS>()),
        changes: &[],
        flow: Some(graph),
    }
}

fn place<'a>(name: &'static str, stands: &'a Stands, all: &mut Vec<Analysed<'a>>) -> Place {
    let (node, fork): (_, &'static [Place]) = match stands {
        Stands::Node(node) => (info(node), &[]),
        Stands::Flow(flow) => (describe(flow, all), &[]),
        Stands::Fork(nodes) => {
            let place = |(name, node)| Place { name, node: leak(info(node)), fork: &[] };
            let nodes: &'static [Place] =
                ["f0", "f1", "f2"].into_iter().zip(nodes).map(place).collect::<Vec<_>>().leak();
            let (reads, peeks) = (leak(fork::reads::<1>(nodes)), leak(fork::peeks::<1>(nodes)));
            (fork::together(name, nodes, reads, peeks, leak(fork::fills::<1>(nodes))), nodes)
        }
    };
    Place { name, node: leak(node), fork }
}

fn info(node: &Node) -> NodeInfo {
    NodeInfo {
        name: "node",
        store: STORE,
        actions: &ACTIONS[..node.writes.len()],
        reads: fields(node.reads),
        peeks: fields(node.peeks),
        writes: node.writes.iter().map(|set| u64::from(*set)).collect::<Vec<_>>().leak(),
        changes: fields(node.writes.iter().fold(0, |set, writes| set | writes)),
        flow: None,
    }
}

fn names(set: Set) -> &'static [&'static str] {
    let fields = (0..FIELDS).filter(|field| set & 1 << field != 0);
    fields.map(|field| STORE.fields[field].name).collect::<Vec<_>>().leak()
}

// ---- Brute force. ----

#[derive(Debug, Clone, Copy, PartialEq)]
enum Paths {
    Real,
    Known,
}

/// A step of a flow that is laid out flat: a node, a fork, or the entry of a nested flow. Those of the outermost flow come first.
#[derive(Debug, Clone, Default)]
struct Step {
    /// The place of the outermost flow in which it lies.
    place: usize,
    reads: Set,
    peeks: Set,
    ways: Vec<Way>,
}

#[derive(Debug, Clone)]
struct Way {
    writes: Set,
    to: Vec<To>,
}

#[derive(Debug, Clone, Copy)]
enum To {
    Step(usize),
    Exit(usize),
    /// The action is wired nowhere: what comes then is not known.
    Unwired,
}

fn lay_out(flow: &Flow, paths: Paths) -> Vec<Step> {
    let mut steps = Vec::new();
    let exits: Vec<_> = (0..flow.exits).map(|exit| vec![To::Exit(exit)]).collect();
    add(&mut steps, flow, &exits, paths, None);
    steps
}

/// Adds a flow whose exits lead there; says where it starts.
fn add(
    steps: &mut Vec<Step>,
    flow: &Flow,
    exits: &[Vec<To>],
    paths: Paths,
    outermost: Option<usize>,
) -> usize {
    let first = steps.len();
    steps.resize(first + flow.places.len(), Step::default());
    for (index, (stands, wires)) in flow.places.iter().enumerate() {
        let place = outermost.unwrap_or(index);
        let lead = |action: usize| -> Vec<To> {
            let Some(wire) = wires[action] else {
                // In a nested flow it is told there, and the flow around it does not think of it again.
                return if outermost.is_none() { vec![To::Unwired] } else { vec![] };
            };
            let mut to = Vec::new();
            for number in [wire.to].into_iter().chain(wire.otherwise) {
                match flow.target(index, number) {
                    Target::Place(place) => to.push(To::Step(first + place)),
                    Target::Exit(exit) => to.extend(&exits[exit]),
                }
            }
            to
        };
        let (reads, peeks, ways) = match stands {
            Stands::Node(node) => {
                let ways = node.writes.iter().enumerate();
                let ways = ways.map(|(action, writes)| Way { writes: *writes, to: lead(action) });
                (node.reads, node.peeks, ways.collect())
            }
            Stands::Fork(nodes) => {
                let way = Way { writes: union(nodes, |node| node.writes[0]), to: lead(0) };
                (union(nodes, |node| node.reads), union(nodes, |node| node.peeks), vec![way])
            }
            Stands::Flow(inner) => {
                let exits: Vec<_> = (0..inner.exits).map(lead).collect();
                let start = add(steps, inner, &exits, paths, Some(place));
                let (mut peeks, mut ways) = (0, vec![Way { writes: 0, to: vec![To::Step(start)] }]);
                if paths == Paths::Known {
                    peeks = inner.looks();
                    let found = Found::new(&lay_out(inner, paths), inner.inputs, After::Read);
                    let missed = exits.into_iter().zip(found.exits).filter(|(_, states)| states.is_empty());
                    ways.extend(missed.map(|(to, _)| Way { writes: 0, to }));
                }
                (inner.inputs, peeks, ways)
            }
        };
        steps[first + index] = Step { place, reads, peeks, ways };
    }
    first
}

/// What becomes of a path on which a field is read that is empty.
#[derive(Debug, Clone, Copy, PartialEq)]
enum After {
    /// It ends, as a run does.
    End,
    /// It goes on, and from there on the field counts as filled: each field is judged by itself, as the analysis does it.
    Read,
}

/// Sets of filled fields with which a step is reached: the bit of each.
#[derive(Debug, Clone, Copy, Default)]
struct States(u64);

impl States {
    fn insert(&mut self, filled: Set) -> bool {
        let before = self.0;
        self.0 |= 1 << filled;
        self.0 != before
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn iter(self) -> impl Iterator<Item = Set> {
        (0..1 << FIELDS).filter(move |filled| self.0 & 1 << filled != 0)
    }

    /// What is filled in all of them.
    fn always(self) -> Set {
        self.iter().fold(LATE, |set, filled| set & filled)
    }
}

/// What a search of all paths finds.
#[derive(Debug)]
struct Found {
    /// On arrival at each step.
    steps: Vec<States>,
    exits: [States; EXITS],
    /// The fields that a step reads and that are empty on some path.
    empty: Vec<Set>,
}

impl Found {
    fn new(steps: &[Step], filled: Set, after: After) -> Self {
        let mut found = Self {
            steps: vec![States::default(); steps.len()],
            exits: Default::default(),
            empty: vec![0; steps.len()],
        };
        found.steps[0].insert(filled);
        let mut waiting = vec![(0, filled)];
        while let Some((index, filled)) = waiting.pop() {
            let step = &steps[index];
            let empty = step.reads & LATE & !filled;
            found.empty[index] |= empty;
            if empty != 0 && after == After::End {
                continue;
            }
            for way in &step.ways {
                let filled = filled | (step.reads | way.writes) & LATE;
                for to in &way.to {
                    match *to {
                        To::Step(next) if found.steps[next].insert(filled) => waiting.push((next, filled)),
                        To::Exit(exit) => _ = found.exits[exit].insert(filled),
                        To::Step(_) | To::Unwired => {}
                    }
                }
            }
        }
        found
    }

    fn is_violated(&self) -> bool {
        self.empty.iter().any(|empty| *empty != 0)
    }
}

/// Whether a value may be looked at before it is overwritten. In a loop that nothing leads out of, it may not.
fn is_seen(steps: &[Step], from: &[To], field: usize) -> bool {
    let field: Set = 1 << field;
    let mut visited = vec![false; steps.len()];
    let mut waiting = from.to_vec();
    while let Some(to) = waiting.pop() {
        let To::Step(index) = to else { return true };
        let step = &steps[index];
        if (step.reads | step.peeks) & field != 0 {
            return true;
        }
        if !std::mem::replace(&mut visited[index], true) {
            let ways = step.ways.iter().filter(|way| way.writes & field == 0);
            waiting.extend(ways.flat_map(|way| &way.to));
        }
    }
    false
}

/// Whether each of the values that a step writes to a field is overwritten before it can be looked at.
fn writes_in_vain(steps: &[Step], step: &Step, field: usize) -> bool {
    let mut ways = step.ways.iter().filter(|way| way.writes & 1 << field != 0).peekable();
    ways.peek().is_some() && ways.all(|way| !is_seen(steps, &way.to, field))
}

// ---- What holds. ----

fn late(set: [u64; 1]) -> Set {
    set[0] as Set & LATE
}

impl Analysed<'_> {
    fn rejects(&self) -> bool {
        self.solution.unproved.iter().any(Option::is_some)
    }

    /// What is reached, what is filled, and what is read without proof: place by place, field by field.
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
            let fields = self.solution.unproved_fields(self.graph, place, &[LATE.into()]);
            assert_eq!(late(fields), empty, "unproved at {place}");
            let first = (empty != 0).then(|| empty.trailing_zeros() as usize);
            assert_eq!(unproved.map(|unproved| unproved.field), first, "the first one at {place}");
            let filled = late(self.solution.filled[place]) | self.flow.inputs;
            assert_eq!(filled, found.steps[place].always(), "filled at {place}");
        }
        for (exit, states) in found.exits.iter().enumerate().filter(|(_, states)| !states.is_empty()) {
            let filled = late(self.solution.exits[exit]) | self.flow.inputs;
            assert_eq!(filled, states.always(), "filled at the exit {exit}");
        }
    }

    /// The path that is shown is one of the flow, and leaves the field empty.
    fn check_paths(&self) {
        for place in 0..PLACES {
            let Some(unproved) = self.solution.unproved[place] else { continue };
            let path = self.solution.path(self.graph, place, unproved.field);
            assert_eq!(unproved.edge, (path.by[place] != NOWHERE).then_some(path.by[place] as usize));
            // Back from the place to the start, then forth.
            let (mut edges, mut at) = (Vec::new(), place);
            while path.by[at] != NOWHERE {
                let edge = &self.graph.edges[path.by[at] as usize];
                edges.push((edge, at));
                at = edge.from;
                assert!(edges.len() < PLACES, "no place comes twice");
            }
            assert_eq!(at, 0, "it begins at the start");
            let mut filled = vec![self.flow.inputs];
            for (edge, to) in edges.into_iter().rev() {
                let ends = [Some(edge.to), edge.bound.map(|bound| bound.otherwise)];
                assert!(ends.contains(&Some(Target::Place(to))), "the edge leads there");
                let action = self.graph.places[edge.from].node.action(edge.action).unwrap();
                filled =
                    filled.into_iter().flat_map(|filled| self.follow(edge.from, action, filled)).collect();
            }
            let empty = |filled: &Set| filled & 1 << unproved.field == 0;
            assert!(filled.iter().any(empty), "it leaves the field empty");
        }
    }

    /// What may be filled after an action of a place.
    fn follow(&self, place: usize, action: usize, filled: Set) -> Vec<Set> {
        match &self.flow.places[place].0 {
            Stands::Node(node) => vec![filled | node.reads | node.writes[action]],
            Stands::Fork(nodes) => vec![filled | union(nodes, |node| node.reads | node.writes[0])],
            Stands::Flow(inner) => {
                let filled = (filled | inner.inputs) & LATE;
                let found = Found::new(&lay_out(inner, Paths::Known), filled, After::Read);
                let exit = found.exits[action];
                if exit.is_empty() { vec![filled] } else { exit.iter().collect() }
            }
        }
    }

    /// What nodes write in vain, the nodes of forks included.
    fn check_backwards(&self) {
        let (real, known) = (lay_out(self.flow, Paths::Real), lay_out(self.flow, Paths::Known));
        let found = Found::new(&known, self.flow.inputs, After::Read);
        for (place, (stands, _)) in self.flow.places.iter().enumerate() {
            let overwritten = self.solution.overwritten[place][0] as Set;
            let in_vain = |steps: &[Step]| {
                let fields = (0..FIELDS).filter(|field| writes_in_vain(steps, &steps[place], *field));
                fields.fold(0, |set: Set, field| set | 1 << field)
            };
            let branches: Vec<Set> = match stands {
                Stands::Node(_) => vec![Set::MAX],
                Stands::Fork(nodes) => nodes.iter().map(|node| node.writes[0]).collect(),
                Stands::Flow(_) => continue,
            };
            let expected = if found.steps[place].is_empty() { 0 } else { in_vain(&known) };
            assert_eq!(overwritten, expected, "in vain at {place}");
            assert_eq!(overwritten & !in_vain(&real), 0, "in vain at {place}, on the real paths");
            for (branch, writes) in branches.into_iter().enumerate() {
                let is_overwritten = self.solution.is_overwritten(self.graph, place, branch);
                assert_eq!(is_overwritten, expected & writes != 0, "in vain at {place}, {branch}");
            }
        }
    }

    /// What a nested flow is said to write in vain, its nodes do write, and nothing in it or after it sees the value.
    fn check_nested_backwards(&self) {
        let (real, known) = (lay_out(self.flow, Paths::Real), lay_out(self.flow, Paths::Known));
        let nested = |place: &usize| matches!(self.flow.places[*place].0, Stands::Flow(_));
        for place in (0..self.flow.places.len()).filter(nested) {
            let overwritten = self.solution.overwritten[place][0];
            for field in (0..FIELDS).filter(|field| overwritten & 1 << field != 0) {
                // The ways within the flow on which one of its nodes writes the field, as far as a path comes to it.
                let writes = |steps: &[Step]| -> Vec<Way> {
                    let found = Found::new(steps, self.flow.inputs, After::Read);
                    let reached = steps.iter().zip(found.steps).filter(|(_, states)| !states.is_empty());
                    let within = reached.map(|(step, _)| step).filter(|step| step.place == place);
                    let ways = within.flat_map(|step| &step.ways);
                    ways.filter(|way| way.writes & 1 << field != 0).cloned().collect()
                };
                assert!(!writes(&known).is_empty(), "the flow at {place} writes {field}");
                let seen = writes(&real).iter().any(|way| is_seen(&real, &way.to, field));
                assert!(!seen, "what the flow at {place} writes to {field} is seen");
            }
        }
    }

    /// What is read without proof is told by one check at least, and no check tells what is proved.
    fn check_messages(&self) {
        let (solution, graph) = (self.solution, self.graph);
        let panics = |check: &dyn Fn()| catch_unwind(AssertUnwindSafe(check)).is_err();
        for place in 0..self.flow.places.len() {
            let branches = 0..graph.places[place].fork.len();
            let arrives = (0..graph.edges.len()).any(|edge| {
                let is_here = solution.unproved[place].is_some_and(|unproved| unproved.edge == Some(edge));
                is_here
                    && [false, true]
                        .iter()
                        .any(|otherwise| panics(&|| solution.check_arrival(graph, edge, *otherwise)))
            });
            let starts = place == 0 && panics(&|| solution.check_start(graph));
            let reads = branches.clone().any(|branch| panics(&|| solution.check_reads(graph, place, branch)));
            let told = arrives || starts || reads;
            let unproved = solution.unproved[place];
            assert!(unproved.is_some() || !told, "nothing is wrong at {place}");
            // What another node of the fork fills is told as that.
            let fields = || branches.clone().any(|branch| panics(&|| graph.check_fields(place, branch)));
            assert!(unproved.is_none() || told || fields(), "{unproved:?} at {place} is told");
        }
    }
}

/// A tree of flows is accepted if and only if no path of any of its flows reads a field that is empty.
fn check_verdict(flow: &Flow) -> bool {
    let all = analyse(flow);
    let accepted = !all.iter().any(Analysed::rejects);
    let violated = |paths| {
        all.iter().any(|one| Found::new(&lay_out(one.flow, paths), one.flow.inputs, After::End).is_violated())
    };
    assert!(!accepted || !violated(Paths::Real), "accepted, and a run fails");
    assert!(accepted || violated(Paths::Known), "refused, and no path shows why");
    accepted
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_flow_is_accepted_if_no_path_reads_an_empty_field(flow in flow(PLACES, 0)) {
        check_verdict(&flow);
    }

    #[test]
    fn so_is_a_flow_of_flows(flow in flow(4, 2)) {
        check_verdict(&flow);
    }

    #[test]
    fn what_is_filled_is_exact(flow in prop_oneof![flow(PLACES, 0), flow(4, 2)]) {
        analyse(&flow).iter().for_each(Analysed::check_forwards);
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
    // Each message is a panic, which takes its time.
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn what_is_unproved_is_told(flow in prop_oneof![flow(PLACES, 0), flow(4, 2)]) {
        analyse(&flow).iter().for_each(Analysed::check_messages);
    }
}

// ---- Cases by hand, one field each. ----

const A: Set = 0b10;

fn by_hand(places: Vec<(Stands, [Option<Wire>; 3])>) -> Flow {
    Flow { inputs: 0, exits: 1, places }
}

/// Reads and writes the field `a`, or not; a set of what it writes for each action.
fn does(reads: Set, writes: &[Set]) -> Stands {
    Stands::Node(Node { reads, peeks: 0, writes: writes.to_vec() })
}

/// Numbers of a flow with one exit: 1 is the exit, 2 the first place.
fn to<const N: usize>(numbers: [u8; N]) -> [Option<Wire>; 3] {
    let mut wires = [None; 3];
    for (wire, to) in wires.iter_mut().zip(numbers) {
        *wire = Some(Wire { to, otherwise: None });
    }
    wires
}

/// All that holds of any flow; says whether it is accepted.
fn check(flow: &Flow) -> bool {
    for one in analyse(flow) {
        one.check_forwards();
        one.check_paths();
        one.check_backwards();
    }
    check_verdict(flow)
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
    let wire = [Some(Wire { to: 3, otherwise: Some(4) }), None, None];
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
        Stands::Flow(Flow { inputs: 0, exits: 2, places: vec![(does(0, &[A, 0]), wires)] })
    };
    let reader = (does(A, &[0]), to([1]));
    assert!(check(&by_hand(vec![(inner(), to([3, 1])), reader.clone()])));
    assert!(!check(&by_hand(vec![(inner(), to([1, 3])), reader])));
}

#[test]
fn a_loop_that_only_overwrites_writes_in_vain() {
    let flow = by_hand(vec![(does(0, &[A]), to([2]))]);
    assert!(check(&flow));
    assert!(analyse(&flow)[0].solution.is_overwritten(analyse(&flow)[0].graph, 0, 0));
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
