//! PF006 for the late fields that hold failures.

use super::{reported, solve};
use crate::graph::sample::{NODE, action, graph, message, place};
use crate::graph::{Description, Graph, Place};
use crate::store::{Field, Store};

const FAILING: &Store = &Store::new(
    "Failing",
    "src/failing.rs:1",
    &[
        Field::new("plain", false),
        Field::new("late", true),
        Field::new("failure", true).for_failure(true),
        Field::new("problem", true).for_failure(true),
        Field::new("all", true).for_failures(true),
    ],
);
const OK: Description = Description {
    store: FAILING,
    ..NODE
};
const FAILS: Description = Description { fails: true, ..OK };

const fn reads(reads: &'static [&'static str]) -> Description {
    Description { reads, ..OK }
}

/// The places `first`, `second` and `reader`.
fn flow(nodes: [Description; 3], edges: &'static str) -> Graph {
    let names = ["first", "second", "reader"];
    let places = names.into_iter().zip(nodes);
    let places: Vec<Place> = places.map(|(name, node)| place(name, node)).collect();
    graph(places, edges)
}

/// The message about `reader`, without the help that a node gets for any field.
fn says(flow: &Graph) -> String {
    let solution = solve::<3>(flow);
    let edges = 0..flow.edges.len();
    let found: Vec<String> = edges
        .filter_map(|edge| message(|| solution.check_arrival(flow, edge, false)))
        .collect();
    match &found[..] {
        [] => String::new(),
        [text] => {
            let end = text.find("\nhelp: or read it as `Option<&_>`").unwrap();
            text[..end].to_owned()
        }
        _ => panic!("{found:?}"),
    }
}

#[test]
fn an_error_edge_of_the_path_should_fill_the_field() {
    let nodes = [FAILS, FAILS, reads(&["failure"])];
    let direct = "first >> second; first - error() >> reader";
    assert_eq!(
        says(&flow(nodes, direct)),
        "PF006: node `reader` reads `failure`, but no node fills it on the path `first - error >> \
         reader`\nhelp: let the error edge fill it: `first - error(failure) >> reader`"
    );
    let filled = "first >> second; first - error(failure) >> reader";
    assert_eq!(says(&flow(nodes, filled)), "");
    // The last edge without a field comes before any with one, and those before none.
    for (edges, path, help) in [
        (
            "first - error() >> second; second - error() >> reader",
            "first - error >> second - error >> reader",
            "second - error(failure) >> reader",
        ),
        (
            "first - error() >> second; second - error(problem) >> reader",
            "first - error >> second - error(problem) >> reader",
            "first - error(failure) >> second",
        ),
        (
            "first - error(problem) >> second; second - error(problem) >> reader",
            "first - error(problem) >> second - error(problem) >> reader",
            "second - error(failure) >> reader",
        ),
        (
            "first - error(problem) >> second; second >> reader",
            "first - error(problem) >> second >> reader",
            "first - error(failure) >> second",
        ),
        (
            "first >> second; second >> reader",
            "first >> second >> reader",
            "… - error(failure) >> reader",
        ),
    ] {
        let what = match help.starts_with('…') {
            true => "an error edge",
            false => "the error edge",
        };
        assert_eq!(
            says(&flow(nodes, edges)),
            format!(
                "PF006: node `reader` reads `failure`, but no node fills it on the path `{path}`\n\
                 help: let {what} fill it: `{help}`"
            )
        );
    }
}

#[test]
fn a_field_for_a_failure_is_filled_by_an_error_edge_and_others_are_not() {
    let edges = "first - error() >> second; second >> reader";
    let says = |field| {
        let text = says(&flow([FAILS, OK, reads(field)], edges));
        text.split_once("\nhelp: ").unwrap().1.to_owned()
    };
    assert_eq!(
        says(&["failure"]),
        "let the error edge fill it: `first - error(failure) >> second`"
    );
    assert_eq!(
        says(&["all"]),
        "let an earlier batch fill it: `#[node(…, failures = all)]`"
    );
    assert_eq!(
        says(&["late"]),
        "let an earlier node fill it: `#[node(…, writes = late)]`"
    );
}

#[test]
fn a_node_that_has_failed_has_not_filled_its_field() {
    let writes = Description {
        writes: &["late"],
        ..FAILS
    };
    let help = |nodes, edges| {
        let text = says(&flow(nodes, edges));
        text.split_once("\nhelp: ").unwrap_or_default().1.to_owned()
    };
    let reader = reads(&["late"]);
    assert_eq!(help([writes, OK, reader], "first >> reader"), "");
    assert_eq!(
        help(
            [writes, OK, reader],
            "first - error() >> second; second >> reader"
        ),
        "on this path `first` has failed, so it has not filled the field: lead its error edge \
         elsewhere, or let another node fill it"
    );
    let chooses = Description {
        actions: const { &[action("yes", &["late"]), action("no", &[])] },
        ..FAILS
    };
    assert_eq!(
        help(
            [chooses, OK, reader],
            "first - no >> second; second >> reader"
        ),
        "`first` fills it only with the action \"yes\": wire the other actions elsewhere, or let \
         another node fill it"
    );
    assert_eq!(
        help([FAILS, writes, reader], "first >> reader"),
        "`second` fills it: let every path pass through that node first"
    );
}

#[test]
fn a_wrong_field_of_an_error_edge_is_reported_there() {
    let is_reported = |nodes, edges| !says(&flow(nodes, edges)).is_empty();
    let nodes = [FAILS, OK, reads(&["failure"])];
    // The edge names another field for a failure.
    assert!(is_reported(
        nodes,
        "first - error(problem) >> second; second >> reader"
    ));
    // A field that cannot hold a failure, or that does not exist, may be meant as this one.
    for edges in [
        "first - error(late) >> reader",
        "first - error(late) >> second; second >> reader",
        "first - error(failur) >> reader",
        "first - error(failur) >> second; second >> reader",
    ] {
        assert!(!is_reported(nodes, edges), "{edges}");
        // No field of another kind is meant.
        assert!(is_reported([FAILS, OK, reads(&["all"])], edges), "{edges}");
    }
    // The edge is not on the path.
    assert!(is_reported(
        nodes,
        "first >> reader; first - error(failur) >> second"
    ));
    // It comes before the node that empties the field.
    let empties = Description {
        maybe_writes: &["failure"],
        ..OK
    };
    let with_input = Graph {
        inputs: &["failure"],
        ..flow(
            [FAILS, empties, reads(&["failure"])],
            "first - error(failur) >> second; second >> reader",
        )
    };
    let solution = solve::<3>(&with_input);
    let text = message(|| solution.check_arrival(&with_input, 1, false)).unwrap();
    assert!(
        text.contains("which `second` may leave empty on the path `second >> reader`"),
        "{text}"
    );
}

#[test]
fn an_error_edge_fills_a_field_for_a_failure() {
    let says = |edge, named| {
        let flow = flow([FAILS, OK, OK], edge);
        message(|| flow.check_error_field(0, named)).unwrap_or_default()
    };
    for named in [false, true] {
        assert_eq!(says("first - error(failure) >> second", named), "");
        assert_eq!(says("first - error() >> second", named), "");
        assert_eq!(says("first >> second", named), "");
        for (field, edge) in [
            ("late", "first - error(late) >> second"),
            ("plain", "first - error(plain) >> second"),
            ("all", "first - error(all) >> second"),
        ] {
            assert_eq!(
                says(edge, named),
                format!(
                    "PF006: the field `{field}` of `Failing` cannot hold a failure\nhelp: give it \
                     the type `Option<pocketflow::Failed>`\nhelp: or write `error` without a field"
                )
            );
        }
    }
    // rustc reports a missing field where its name stands as a name.
    let misspelt = "first - error(problm) >> second";
    assert_eq!(says(misspelt, true), "");
    assert_eq!(
        says(misspelt, false),
        "PF006: the store `Failing` has no field `problm`\nhelp: did you mean `problem`?"
    );
    assert_eq!(
        says("first - error(something_else) >> second", false),
        "PF006: the store `Failing` has no field `something_else`\nhelp: add it to the store: \
         `something_else: Option<pocketflow::Failed>`"
    );
    let unknown = flow(
        [Description::UNKNOWN; 3],
        "first - error(something_else) >> second",
    );
    assert!(reported(|| unknown.check_error_field(0, false)).is_empty());
}
