//! The messages about what runs on a field.

use super::super::on_field::{check_failures, check_field_store, check_is_flow, check_parallel};
use super::*;
use crate::graph::sample::{OTHER, STORE, fork, message, on};
use crate::graph::{Each, UNKNOWN};
use crate::store::Store;

fn inner(store: &'static Store) -> Description {
    let graph = leak(graph(vec![place("x", NODE)], ""));
    let info = NodeInfo {
        name: "Inner",
        store,
        ..as_flow(node(NODE), graph)
    };
    Description::of_flow(info)
}

#[test]
fn only_a_flow_runs_on_a_field() {
    let says = |node: &Description| {
        message(|| {
            check_is_flow(node, "node.on(a)", "flow! { Node { node; } }", "Node.on(a)");
        })
    };
    assert_eq!(
        says(&NODE).unwrap(),
        "`node` is a node, and only a flow runs on a field, in `node.on(a)`\nhelp: write a flow of \
         this node alone, `flow! { Node { node; } }`, and run that: `Node.on(a)`"
    );
    assert_eq!(says(&inner(STORE)), None);
    assert_eq!(says(&Description::UNKNOWN), None);
}

#[test]
fn a_flow_runs_on_the_store_that_is_in_the_field() {
    let says = |flow: &Description, each, found| {
        message(|| check_field_store(flow, "a", each, found)).unwrap_or_default()
    };
    let flow = inner(STORE);
    assert_eq!(says(&flow, false, STORE), "");
    assert_eq!(says(&flow, true, STORE), "");
    assert_eq!(
        says(&flow, false, OTHER),
        "PF008: `Inner` runs on the store `S`, but `a` holds the store `Other`\nhelp: name a flow \
         of the store `Other`, or a field that holds the store `S`"
    );
    assert_eq!(
        says(&flow, true, OTHER),
        "PF008: `Inner` runs on the store `S`, but `a` holds items of the store `Other`\nhelp: name \
         a flow of the store `Other`, or a collection of `S`"
    );
    const NAMESAKE: &Store = &Store::new("S", "src/s.rs:9", &[]);
    let told_apart = "\nnote: `Inner` runs on src/s.rs:1\nnote: `a` holds src/s.rs:9";
    for (each, holds) in [(false, "another"), (true, "items of another")] {
        let text = says(&flow, each, NAMESAKE);
        assert!(
            text.contains(&format!("`a` holds {holds} store `S`")),
            "{text}"
        );
        assert!(text.ends_with(told_apart), "{text}");
    }
    // What is unknown has been reported.
    assert_eq!(says(&Description::UNKNOWN, false, OTHER), "");
    assert_eq!(says(&flow, false, UNKNOWN.store), "");
    assert_eq!(says(&NODE, false, OTHER), "");
}

#[test]
fn an_option_has_an_effect() {
    assert_eq!(message(|| check_parallel(1)), None);
    assert!(message(|| check_parallel(0)).is_some());
    let failing = |fails| {
        let flow = inner(STORE).flow.unwrap();
        Description::of_flow(NodeInfo { fails, ..flow })
    };
    assert_eq!(message(|| check_failures(&failing(true))), None);
    assert_eq!(message(|| check_failures(&NODE)), None);
    assert!(
        message(|| check_failures(&failing(false)))
            .unwrap()
            .contains("no failure leaves the flow `Inner`")
    );
}

#[test]
fn a_field_that_is_empty_is_reported_without_the_help_for_a_node() {
    let inner = || {
        leak(Graph {
            exits: &["default"],
            ..graph(vec![place("x", NODE)], "")
        })
    };
    let flow = graph(vec![on("Inner.on(a)", inner(), "a", None)], "");
    let text = message(|| solve::<1>(&flow).check_start(&flow)).unwrap();
    assert_eq!(
        text,
        "PF006: `Inner.on(a)` runs on `a`, but it comes first, and nothing has filled that \
         field\nhelp: let an earlier node fill it: `#[node(…, writes = a)]`\nhelp: or, if the \
         caller fills it, make it an input of the flow: `F(a)`"
    );
    let each = Some(Each::at_a_time(1));
    let flow = graph(
        vec![
            place("first", NODE),
            on("Inner.each(a)", inner(), "a", each),
        ],
        "first >> Inner.each(a)",
    );
    let text = message(|| solve::<2>(&flow).check_arrival(&flow, 0, false)).unwrap();
    assert!(
        text.starts_with(
            "PF006: `Inner.each(a)` runs on `a`, but no node fills it on the path `first >> \
             Inner.each(a)`"
        ),
        "{text}"
    );
    assert!(!text.contains("Option<"), "{text}");
}

#[test]
fn the_actions_of_a_place_are_the_exits_of_the_flow_or_default() {
    let inner = leak(graph(vec![place("x", NODE)], ""));
    let reported_at = |each, edges| {
        let flow = graph(vec![on("on", inner, "a", each), place("next", NODE)], edges);
        (
            reported(|| flow.check_action(0)),
            reported(|| solve::<2>(&flow).check_wiring(&flow, 0)),
        )
    };
    let (action, wiring) = reported_at(None, "on - found >> next");
    assert_eq!(action[..3], ["PF001", "on", "found"]);
    assert_eq!(wiring[..4], ["PF009", "on", "default", "other"]);
    let each = Some(Each::at_a_time(1));
    let (action, wiring) = reported_at(each, "on >> next");
    assert!(
        action.is_empty() && wiring.is_empty(),
        "{action:?}, {wiring:?}"
    );
    let (action, _) = reported_at(each, "on - other >> next");
    assert_eq!(action[..3], ["PF001", "on", "other"]);
}

/// A branch of a fork: its name, the field on whose items its flow runs, and the field that collects
/// their failures.
type Branch = (&'static str, &'static str, Option<&'static str>);

/// What the checks of the fields and of the failures say of each branch.
fn conflicts<const N: usize>(branches: [Branch; N]) -> [[Option<String>; N]; 2] {
    let inner = leak(graph(vec![place("x", NODE)], ""));
    let branches = branches.map(|(name, field, failures)| {
        let each = Each::at_a_time(1);
        let each = match failures {
            Some(failures) => each.failing_into(failures, |_, _| ()),
            None => each,
        };
        on(name, inner, field, Some(each))
    });
    let flow = graph(vec![fork("all", branches.to_vec())], "");
    let indices = std::array::from_fn(|index| index);
    [
        indices.map(|branch| message(|| flow.check_fields(0, branch))),
        indices.map(|branch| message(|| flow.check_failures_field(0, branch))),
    ]
}

#[test]
fn each_flow_of_a_fork_has_its_own_field_for_failures() {
    let both = |first, second| {
        Some(format!(
            "PF007: `{first}` and `{second}` are in one fork, and both collect failures in `d`\n\
             help: give each a field of its own for its failures"
        ))
    };
    let (first, second) = (("first", "a", Some("d")), ("second", "b", Some("d")));
    let nothing = || [None, None];
    assert_eq!(
        conflicts([first, second]),
        [nothing(), [None, both("first", "second")]]
    );
    assert_eq!(
        conflicts([first, ("second", "b", Some("c"))]),
        [nothing(), nothing()]
    );
    assert_eq!(
        conflicts([first, ("second", "b", None)]),
        [nothing(), nothing()]
    );
    assert_eq!(
        conflicts([("first", "a", None), ("second", "b", None)]),
        [nothing(), nothing()]
    );
    // The other may be any earlier one.
    let third = ("third", "c", Some("d"));
    assert_eq!(
        conflicts([first, ("second", "b", None), third]),
        [[None, None, None], [None, None, both("first", "third")]]
    );
    assert_eq!(
        conflicts([("first", "a", None), second, third]),
        [[None, None, None], [None, None, both("second", "third")]]
    );
}

#[test]
fn a_field_for_failures_is_written() {
    let both = |name, other| {
        Some(format!(
            "PF007: `{name}` and `{other}` are in one fork, and both write `d`\nhelp: let each \
             write a different field, and let the node after the fork combine them"
        ))
    };
    for branches in [
        [("first", "a", Some("d")), ("second", "d", None)],
        [("first", "d", None), ("second", "a", Some("d"))],
        [("first", "d", Some("c")), ("second", "b", Some("d"))],
    ] {
        assert_eq!(
            conflicts(branches),
            [
                [both("first", "second"), both("second", "first")],
                [None, None]
            ]
        );
    }
}
