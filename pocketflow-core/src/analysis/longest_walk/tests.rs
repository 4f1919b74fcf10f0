//! Compares the longest walk with a search of all walks.

use std::collections::HashMap;
use std::thread;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::graph::sample::{NODE, as_flow, fork, graph, leak, message, on, place};
use crate::graph::{Bound, Description, Each, Edge, Graph, Place, Target};

const NAMES: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
const ACTIONS: [&str; 3] = ["default", "second", "third"];

/// Runs a test on a stack with room for the tables of the search.
fn with_room(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(64 << 20);
    if let Err(panic) = thread.spawn(test).unwrap().join() {
        std::panic::resume_unwind(panic);
    }
}

// ---- Random flows. ----

/// A place: the number of places of the flow that is there, and where its actions lead. The numbers
/// are those of places, counted from the next one on. The number after the last place is the exit.
type Drawn = (Option<(Way, usize)>, Vec<(usize, Option<(u32, usize)>)>);

/// How a flow is at a place.
#[derive(Debug, Clone, Copy)]
enum Way {
    Nested,
    OnField,
    /// In a fork, with a flow of one place.
    InFork,
}

fn flows() -> impl Strategy<Value = Vec<Drawn>> {
    let to = || prop_oneof![3 => Just(0), 1 => 0..=NAMES.len()];
    let edge = (to(), weighted(0.3, (0_u32..=2, to())));
    let way = prop_oneof![Just(Way::Nested), Just(Way::OnField), Just(Way::InFork)];
    vec(
        (weighted(0.3, (way, 1_usize..4)), vec(edge, 0..=3)),
        1..=NAMES.len(),
    )
}

fn draw(places: &[Drawn]) -> &'static Graph {
    let target = |from: usize, number: usize| match (from + 1 + number) % (places.len() + 1) {
        place if place < places.len() => Target::Place(place),
        _ => Target::Exit(0),
    };
    let mut edges = Vec::new();
    for (from, (_, leads)) in places.iter().enumerate() {
        for ((to, bound), action) in leads.iter().zip(ACTIONS) {
            let to = target(from, *to);
            let bound = bound.map(|(max, otherwise)| Bound {
                max,
                otherwise: target(from, otherwise),
            });
            edges.push(Edge {
                from,
                action,
                to,
                bound,
                error: None,
                written: true,
            });
        }
    }
    let stands = |(name, (inner, _)): (&'static str, &Drawn)| match inner {
        Some((Way::Nested, length)) => flow(name, chain(*length)),
        Some((Way::OnField, length)) => on(name, chain(*length), "a", None),
        Some((Way::InFork, length)) => {
            let branch = |length, field| on("branch", chain(length), field, None);
            fork(name, vec![branch(*length, "a"), branch(1, "b")])
        }
        None => place(name, NODE),
    };
    let places: Vec<Place> = NAMES.into_iter().zip(places).map(stands).collect();
    leak(Graph {
        edges: edges.leak(),
        ..graph(places, "")
    })
}

/// A flow with this many nodes, one after the other.
fn chain(length: usize) -> &'static Graph {
    let places = NAMES[..length].iter().map(|name| place(name, NODE));
    let edges = &"p0 >> p1; p1 >> p2; p2 >> p3"[..10 * length - 10];
    leak(graph(places.collect(), edges))
}

/// A place for a nested flow.
fn flow(name: &'static str, graph: &'static Graph) -> Place {
    let stands = place(name, NODE);
    let node = *place(name, Description { ..NODE }).node;
    Place {
        node: leak(as_flow(node, graph)),
        ..stands
    }
}

// ---- The search of all walks. ----

/// A place, and how often each bounded edge has been taken.
type State = (usize, Vec<u32>);

struct Walks<'a> {
    graph: &'a Graph,
    /// The longest walk from a state. `None` while the search for it is running.
    longest: HashMap<State, Option<u64>>,
}

impl Walks<'_> {
    /// The longest walk from a state, or `None` if a loop has no end.
    fn longest(&mut self, state: State) -> Option<u64> {
        if let Some(known) = self.longest.get(&state) {
            return *known;
        }
        self.longest.insert(state.clone(), None);
        let Place { node, fork, .. } = self.graph.places[state.0];
        let on_fields = [node]
            .into_iter()
            .chain(fork.iter().map(|branch| branch.node));
        let inside = on_fields.filter_map(|node| Some(node.on?.graph.places.len() as u64));
        let steps = match node.flow {
            Some(flow) => flow.places.len() as u64,
            None => 1 + inside.sum::<u64>(),
        };
        let mut most = 0;
        for edge in 0..self.graph.edges.len() {
            if self.graph.edges[edge].from == state.0 {
                let (target, taken) = take(self.graph, edge, &state.1);
                if let Target::Place(to) = target {
                    most = most.max(self.longest((to, taken))?);
                }
            }
        }
        self.longest.insert(state, Some(steps + most));
        Some(steps + most)
    }
}

/// Where an edge leads, and how often each edge has been taken after it.
fn take(graph: &Graph, edge: usize, taken: &[u32]) -> (Target, Vec<u32>) {
    let Edge { to, bound, .. } = graph.edges[edge];
    let mut taken = taken.to_vec();
    match bound {
        Some(bound) if taken[edge] == bound.max => (bound.otherwise, taken),
        Some(_) => {
            taken[edge] += 1;
            (to, taken)
        }
        None => (to, taken),
    }
}

/// All counts of the bounded edges.
fn counts(graph: &Graph) -> Vec<Vec<u32>> {
    let mut counts = vec![vec![]];
    for edge in graph.edges {
        let max = edge.bound.map_or(0, |bound| bound.max);
        let longer = counts
            .iter()
            .flat_map(|count: &Vec<u32>| (0..=max).map(|taken| [&count[..], &[taken]].concat()));
        counts = longer.collect();
    }
    counts
}

/// The longest walk from the start, or `None` if any state has a loop without an end.
fn search(graph: &Graph) -> Option<u64> {
    let mut walks = Walks {
        graph,
        longest: HashMap::new(),
    };
    for count in counts(graph) {
        for place in 0..graph.places.len() {
            walks.longest((place, count.clone()))?;
        }
    }
    walks.longest((0, vec![0; graph.edges.len()]))
}

/// The loop that a message names is a loop of the flow, at some count, and each place is in it
/// once.
fn check_loop(graph: &Graph, message: &str) {
    let names = message
        .strip_prefix("the flow `F` has no MAX_STEPS: nothing bounds the loop `")
        .and_then(|text| text.strip_suffix("`\nhelp: bound one of its edges: `max 5 else …`"));
    let mut parts = names.expect(message).split(" >> ");
    // Each part is a place, followed by the action that leads on from it unless that is `default`.
    let mut walk = Vec::new();
    for part in parts.by_ref() {
        let (name, action) = part.split_once(" - ").unwrap_or((part, "\"default\""));
        walk.push((graph.place(name).expect(message), action.trim_matches('"')));
    }
    let (first, last) = (walk[0], walk[walk.len() - 1]);
    assert!(
        walk.len() > 1 && first.0 == last.0,
        "it comes back: {message}"
    );
    let mut names: Vec<_> = walk[1..].iter().map(|(place, _)| place).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names.len(),
        walk.len() - 1,
        "each place comes once: {message}"
    );
    let is_there = |count: &Vec<u32>| {
        walk.windows(2).all(|pair| {
            (0..graph.edges.len()).any(|edge| {
                let Edge { from, action, .. } = graph.edges[edge];
                (from, action) == pair[0]
                    && take(graph, edge, count) == (Target::Place(pair[1].0), count.clone())
            })
        })
    };
    let there: Vec<_> = counts(graph).into_iter().filter(is_there).collect();
    assert!(!there.is_empty(), "the flow has it: {message}");
    // No loop is shorter, from the place where this one begins.
    let shortest = there
        .iter()
        .map(|count| shortest_loop(graph, first.0, count))
        .max();
    assert_eq!(shortest, Some(walk.len() - 1), "none is shorter: {message}");
}

/// The length of the shortest loop through a place, at a count.
fn shortest_loop(graph: &Graph, start: usize, count: &[u32]) -> usize {
    let mut reached = vec![start];
    for length in 1.. {
        let mut next = Vec::new();
        for edge in 0..graph.edges.len() {
            if reached.contains(&graph.edges[edge].from)
                && let (Target::Place(to), after) = take(graph, edge, count)
                && after == count
            {
                next.push(to);
            }
        }
        if next.contains(&start) {
            return length;
        }
        next.sort_unstable();
        next.dedup();
        reached = next;
        assert!(length <= graph.places.len());
    }
    unreachable!()
}

#[test]
fn the_longest_walk_is_that_of_a_search_of_all() {
    with_room(|| {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 500,
            ..Default::default()
        });
        let result = runner.run(&flows(), |places| {
            let graph = draw(&places);
            let mut steps = None;
            assert_eq!(graph.step_bound(), search(graph));
            match (message(|| steps = Some(graph.max_steps())), search(graph)) {
                (None, most) => assert_eq!(steps, most),
                (Some(message), most) => {
                    assert_eq!(most, None, "{message}");
                    check_loop(graph, &message);
                }
            }
            Ok::<(), TestCaseError>(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    });
}

// ---- Hand-written cases. ----

#[test]
fn each_nested_flow_counts_its_own_steps() {
    with_room(|| {
        let inner = leak(graph(
            vec![place("a", NODE), place("b", NODE)],
            "a >> b; b - again >> a max 3 else end; b >> end",
        ));
        let outer = graph(
            vec![flow("first", inner), place("last", NODE)],
            "first >> last",
        );
        assert_eq!(outer.max_steps(), 8 + 1);
        assert_eq!(outer.step_bound(), Some(8 + 1));
    });
}

#[test]
fn the_steps_on_a_field_count_besides_the_step_of_the_place() {
    with_room(|| {
        // Three levels, with a fork on the second.
        let innermost = || chain(3);
        let inner = leak(graph(
            vec![
                place("p0", NODE),
                fork(
                    "p1",
                    vec![
                        on("f0", innermost(), "a", None),
                        on("f1", chain(2), "b", None),
                    ],
                ),
            ],
            "p0 >> p1",
        ));
        let outer = graph(
            vec![on("p0", inner, "c", None), place("p1", NODE)],
            "p0 >> p1 max 1 else end; p1 >> p0",
        );
        // The fork is a step, and so is the place on each field.
        let inner_steps = 1 + (1 + 3 + 2);
        assert_eq!(inner.max_steps(), inner_steps);
        assert_eq!(outer.max_steps(), 2 * (1 + inner_steps) + 1);
        assert_eq!(outer.step_bound(), Some(2 * (1 + inner_steps) + 1));
    });
}

#[test]
fn a_flow_on_every_item_has_no_longest_walk() {
    with_room(|| {
        let each = || on("Inner.each(a)", chain(1), "a", Some(Each::at_a_time(1)));
        let says = |place: Place| {
            let graph = graph(vec![place], "");
            assert_eq!(graph.step_bound(), None);
            message(|| graph.max_steps()).unwrap()
        };
        let expected = "the flow `F` has no MAX_STEPS: `Inner.each(a)` runs `Inner` on every item \
                        of `a`, and nothing bounds their number\nhelp: to limit a run, add a \
                        driver: `.with(StepLimit::new(n))`";
        assert_eq!(says(each()), expected);
        let branches = vec![on("f0", chain(1), "b", None), each()];
        assert_eq!(says(fork("both", branches)), expected);
        // The flow that has the place is named.
        let inner = leak(Graph {
            name: "Deep",
            ..graph(vec![each()], "")
        });
        let text = says(on("outer", inner, "b", None));
        assert!(
            text.starts_with("the flow `Deep` has no MAX_STEPS"),
            "{text}"
        );
    });
}

#[test]
fn as_many_states_are_searched_as_the_tables_hold() {
    with_room(|| {
        let flow = |edges| graph(vec![place("a", NODE), place("b", NODE)], edges);
        let most = flow("a >> b max 127 else end; b >> a max 255 else end");
        assert_eq!(most.max_steps(), 255);
        assert_eq!(most.step_bound(), Some(255));
        let more = flow("a >> b max 127 else end; b >> a max 256 else end");
        assert_eq!(more.step_bound(), None);
        assert_eq!(
            message(|| more.max_steps()).as_deref(),
            Some(
                "the bounds of the flow `F` multiply to more than 65,536 states, too many to \
                 compute MAX_STEPS"
            )
        );
    });
}

#[test]
fn a_loop_without_a_bound_is_named() {
    with_room(|| {
        let places = || vec![place("a", NODE), place("b", NODE), place("c", NODE)];
        let named = |edges| {
            let flow = graph(places(), edges);
            let text = message(|| flow.max_steps()).unwrap();
            check_loop(&flow, &text);
            text.split('`').nth(3).unwrap().to_owned()
        };
        assert_eq!(
            named("a >> b; b - again >> b; b >> c"),
            "b - \"again\" >> b"
        );
        assert_eq!(
            named("a >> b; b >> c; c - back >> b; c >> end"),
            "b >> c - \"back\" >> b"
        );
        // Of two equally short ways, the first is reported.
        assert_eq!(
            named("a - one >> b; a - two >> b; b - three >> a; b - four >> a"),
            "a - \"one\" >> b - \"three\" >> a"
        );
        // The bound is used up, and a loop follows.
        assert_eq!(named("a >> end; b >> c max 1 else b"), "b >> b");
    });
}
