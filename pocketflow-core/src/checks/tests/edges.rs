//! The actions that edges follow, and the names of fields.

use super::{CHOICE, ONE, flow, reported, solve};
use crate::action::ActionInfo;
use crate::analysis::Solution;
use crate::graph::sample::{NODE, WORDS, action, fork, graph, leak, message, node, place};
use crate::graph::{Description, Edge, Graph, NodeInfo, Place};
use crate::store::{Field, Store};

/// The action of an edge that names none, and another action.
const DEFAULT_OR: Description = Description {
    actions: &[ActionInfo::DEFAULT, action("other", &[])],
    ..NODE
};
/// Edges that the flow does not write.
fn unwritten(graph: Graph) -> Graph {
    let edges = graph.edges.iter().map(|edge| Edge {
        written: false,
        ..*edge
    });
    Graph {
        edges: edges.collect::<Vec<_>>().leak(),
        ..graph
    }
}

// ---- PF001 and PF002. ----

fn choices(edges: &'static str) -> Graph {
    graph(
        vec![
            place("plain", NODE),
            place("choice", CHOICE),
            place("one", ONE),
            place("default_or", DEFAULT_OR),
            flow("flow", &["paid", "lost"]),
            flow("endless", &[]),
            place("unknown", Description::UNKNOWN),
            fork("all", vec![place("f0", NODE), place("f1", CHOICE)]),
            fork("both", vec![place("f0", NODE), place("f1", NODE)]),
        ],
        edges,
    )
}

#[test]
fn an_edge_follows_an_action_of_its_node() {
    let says = |edge| {
        let graph = choices(edge);
        assert!(reported(|| unwritten(graph).check_action(0)).is_empty());
        reported(|| graph.check_action(0))
    };
    for right in [
        "plain >> one",
        "choice - no >> one",
        "one - yes >> plain",
        "default_or >> one",
        "flow - lost >> one",
        "unknown - any >> one",
    ] {
        assert!(says(right).is_empty(), "{right}");
    }
    // A check for forks reports that a node of a fork has a choice of actions.
    assert!(says("all - yes >> one").is_empty());
    let same = |edge, expected: &[&str]| assert_eq!(says(edge), expected, "{edge}");
    same(
        "plain - any >> one",
        &["PF001", "plain", "any", "plain >> one"],
    );
    same(
        "plain - any >> end",
        &["PF001", "plain", "any", "plain >> end"],
    );
    same(
        "both - any >> one",
        &["PF001", "both", "any", "both >> one"],
    );
    same(
        "choice >> one",
        &[
            "PF001",
            "choice",
            "default",
            "yes",
            "no",
            "choice - \"yes\" >> one",
        ],
    );
    same(
        "one >> plain",
        &["PF001", "one", "default", "yes", "one - \"yes\" >> plain"],
    );
    same("one - other >> plain", &["PF001", "one", "other", "yes"]);
    same("choice - yess >> one", &["PF001", "choice", "yess", "yes"]);
    same(
        "choice - another >> one",
        &["PF001", "choice", "another", "yes", "no"],
    );
    same(
        "default_or - no >> one",
        &["PF001", "default_or", "no", "default", "other"],
    );
    same(
        "flow - sent >> one",
        &["PF001", "flow", "sent", "paid", "lost"],
    );
    same("flow - lots >> one", &["PF001", "flow", "lots", "lost"]);
    same("endless >> one", &["PF001", "endless", "default"]);
    same("endless - paid >> one", &["PF001", "endless", "paid"]);
}

/// What PF002 and PF009 say of the place that an edge, or several, leave.
fn wiring(place: usize, edges: &'static str) -> Vec<String> {
    let graph = choices(edges);
    let solution = solve::<9>(&graph);
    reported(|| solution.check_wiring(&graph, place))
}

#[test]
fn every_action_leads_somewhere() {
    let (plain, choice, default_or, flow, endless) = (0, 1, 3, 4, 5);
    let same =
        |place, edges, expected: &[&str]| assert_eq!(wiring(place, edges), expected, "{edges}");
    same(plain, "plain >> one", &[]);
    same(
        choice,
        "one >> end; choice - yes >> one; choice - no >> end",
        &[],
    );
    same(endless, "plain >> one", &[]);
    same(
        choice,
        "choice - no >> one",
        &[
            "PF002",
            "choice",
            "yes",
            "choice - \"yes\" >> …;",
            ">> end;",
        ],
    );
    same(
        choice,
        "one >> end",
        &[
            "PF002",
            "choice",
            "yes",
            "no",
            "choice - \"yes\" >> …;",
            ">> end;",
        ],
    );
    same(
        flow,
        "flow - paid >> one",
        &["PF009", "flow", "lost", "flow - \"lost\" >> …;", ">> end;"],
    );
    // Where an edge has the wrong action, PF001 reports it and suggests the right one.
    same(choice, "choice - yess >> one; choice - no >> end", &[]);
    same(
        choice,
        "one >> plain; choice - no >> end; choice - yess >> one",
        &[],
    );
    same(choice, "choice >> one", &[]);
    same(choice, "one - yes >> end; choice >> one", &[]);
    same(plain, "plain - any >> one", &[]);
    // PF001 does not suggest the other actions.
    same(
        choice,
        "choice - yess >> one",
        &["PF002", "choice", "no", "choice - \"no\" >> …;", ">> end;"],
    );
    same(
        choice,
        "choice - another >> one",
        &[
            "PF002",
            "choice",
            "yes",
            "no",
            "choice - \"yes\" >> …;",
            ">> end;",
        ],
    );
    same(
        choice,
        "one - yess >> end; one >> end",
        &[
            "PF002",
            "choice",
            "yes",
            "no",
            "choice - \"yes\" >> …;",
            ">> end;",
        ],
    );
    same(
        default_or,
        "default_or - other >> end",
        &[
            "PF002",
            "default_or",
            "default",
            "default_or - \"default\" >> …;",
            ">> end;",
        ],
    );
    same(
        default_or,
        "default_or >> end",
        &[
            "PF002",
            "default_or",
            "other",
            "default_or - \"other\" >> …;",
            ">> end;",
        ],
    );
    same(
        default_or,
        "default_or - any >> end",
        &[
            "PF002",
            "default_or",
            "default",
            "other",
            "default_or - \"default\" >> …;",
            ">> end;",
        ],
    );
    same(
        plain,
        "one - any >> end",
        &[
            "PF002",
            "plain",
            "default",
            "plain - \"default\" >> …;",
            ">> end;",
        ],
    );
}

#[test]
fn one_action_is_wired_nowhere_and_several_are() {
    let says = |edges| {
        let graph = choices(edges);
        message(|| solve::<9>(&graph).check_wiring(&graph, 1)).unwrap()
    };
    assert!(says("choice - yes >> end").contains("`choice` can return \"no\", which is wired"));
    assert!(says("one - yes >> end").contains("\"yes\" and \"no\", which are wired"));
}

#[test]
fn an_edge_that_nobody_wrote_means_no_action() {
    let says = |edges| {
        let graph = unwritten(choices(edges));
        let solution = solve::<9>(&graph);
        reported(|| solution.check_wiring(&graph, 1)).len()
    };
    assert_eq!(says("choice - yess >> one; choice - noo >> one"), 6);
    assert_eq!(says("choice >> one"), 6);
    assert_eq!(says("choice - yes >> one; choice - no >> one"), 0);
}

#[test]
fn of_many_actions_the_first_are_named() {
    let names: Vec<&'static str> = (0..66)
        .map(|n| leak(format!("action {n}")))
        .map(|name| &**name)
        .collect();
    let many = NodeInfo {
        actions: names.leak(),
        writes: leak([0; 66 * WORDS]),
        assigns: leak([0; 66 * WORDS]),
        ..node(NODE)
    };
    let node = leak(many);
    let graph = graph(
        vec![Place {
            node,
            ..place("many", NODE)
        }],
        "",
    );
    let solution: Solution<1, 66, { 3 * WORDS }, WORDS> = graph.solve();
    let found = reported(|| solution.check_wiring(&graph, 0));
    assert_eq!(found[..3], ["PF002", "many", "action 0"]);
    assert_eq!(
        found[65..],
        ["action 63", "many - \"action 0\" >> …;", ">> end;"]
    );
}

// ---- PF006 for a name. ----

#[test]
fn an_input_is_a_late_field() {
    let with = |node, inputs| Graph {
        inputs,
        ..graph(vec![place("first", node)], "")
    };
    let says = |input, named| {
        let graph = with(NODE, leak([input]));
        reported(|| graph.check_input(0, named))
    };
    assert!(says("a", true).is_empty());
    assert!(says("a", false).is_empty());
    assert_eq!(says("plain", true), ["PF006", "plain", "S"]);
    assert_eq!(says("plain", false), ["PF006", "plain", "S"]);
    // rustc reports a missing field where its name stands as a name.
    assert!(says("unusedd", true).is_empty());
    assert_eq!(says("plane", false), ["PF006", "S", "plane", "plain"]);
    assert_eq!(
        says("something else", false),
        ["PF006", "S", "something else"]
    );
    // The name of a type is meant as the store.
    assert_eq!(
        says("Something", false),
        ["PF006", "S", "Something", "F: Something"]
    );
    let unknown = with(Description::UNKNOWN, &["plain"]);
    assert!(reported(|| unknown.check_input(0, false)).is_empty());
}

#[test]
fn a_flow_waits_for_a_late_field() {
    let waits = |field: &'static str| Description {
        waits: Some(field),
        ..NODE
    };
    let says = |field, named| {
        let graph = graph(vec![place("await", waits(field))], "");
        reported(|| graph.check_await(0, named))
    };
    assert!(says("a", false).is_empty());
    assert_eq!(says("plain", true), ["PF006", "plain", "S", "Option"]);
    assert!(says("plane", true).is_empty());
    assert_eq!(says("plane", false), ["PF006", "S", "plane", "plain"]);
    assert_eq!(says("Something", false), ["PF006", "S", "Something"]);
    let none = graph(vec![place("first", NODE)], "");
    assert!(reported(|| none.check_await(0, false)).is_empty());
    let nodes = vec![place("unknown", Description::UNKNOWN)];
    assert!(reported(|| graph(nodes, "").check_await(0, false)).is_empty());
}

#[test]
fn the_first_fields_of_a_large_store_are_offered() {
    let names = (0..300).map(|n| &**leak(format!("field_{n:03}")));
    let fields: Vec<Field> = names.map(|name| Field::new(name, true)).collect();
    let store = leak(Store::new("Large", "large", fields.leak()));
    let node = Place {
        node: leak(NodeInfo {
            store,
            ..node(NODE)
        }),
        ..place("first", NODE)
    };
    let graph = Graph {
        inputs: &["field_0000", "fjeld_255", "xxxxx_299"],
        ..graph(vec![node], "")
    };
    let says = |input| reported(|| graph.check_input(input, false));
    assert_eq!(says(0), ["PF006", "Large", "field_0000", "field_000"]);
    assert_eq!(says(1), ["PF006", "Large", "fjeld_255", "field_255"]);
    assert_eq!(says(2), ["PF006", "Large", "xxxxx_299"]);
}
