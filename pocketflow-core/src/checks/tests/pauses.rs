//! PF006 after an `await` that may expire, and after a node that may empty a field.

use std::time::Duration;

use super::{flow_on, leak, solve};
use crate::action::ActionInfo;
use crate::graph::sample::{NODE, STORE, graph, message, on, place};
use crate::graph::{Description, Graph, Place};

const READS: Description = Description {
    reads: &["b"],
    ..NODE
};

/// A node, a flow, and a flow on a field, each of which needs the field `b`.
fn readers() -> [Place; 3] {
    let inner = leak(Graph {
        exits: &["default"],
        ..graph(vec![place("x", NODE)], "")
    });
    [
        place("reader", READS),
        flow_on("reader", &["default"], READS),
        on("reader", inner, "b", None),
    ]
}

/// What the check says of `reader` after the edge with this index.
fn says(first: Description, reader: Place, edges: &'static str, edge: usize) -> String {
    let flow = graph(
        vec![place("first", first), place("between", NODE), reader],
        edges,
    );
    let solution = solve::<3>(&flow);
    message(|| solution.check_arrival(&flow, edge, false)).unwrap_or_default()
}

const BEGINNINGS: [&str; 3] = [
    "PF006: node `reader` reads `b`",
    "PF009: the flow `reader` starts with `b`",
    "PF006: `reader` runs on `b`",
];

#[test]
fn a_field_is_empty_when_its_await_has_expired() {
    const ACTIONS: &[ActionInfo; 2] = &ActionInfo::of_await(&["b"]);
    let awaits = Description::awaits("first", STORE, &["b"]);
    let expiring = awaits.expiring(ACTIONS, Duration::from_secs(1));
    let expired = "first - expired >> between; between >> reader";
    let optional = [
        "\nhelp: or read it as `Option<&_>`, and handle the case that it is empty",
        "",
        "",
    ];
    for (reader, (beginning, optional)) in readers()
        .into_iter()
        .zip(BEGINNINGS.into_iter().zip(optional))
    {
        assert_eq!(says(awaits, reader, "first >> reader", 0), "");
        assert_eq!(says(expiring, reader, "first >> reader", 0), "");
        assert_eq!(
            says(expiring, reader, expired, 1),
            format!(
                "{beginning}, which is empty when `first` has expired, on the path `first - \
                 \"expired\" >> between >> reader`\nhelp: lead the action \"expired\" to a node that \
                 does without `b`{optional}"
            )
        );
    }
}

#[test]
fn a_node_that_may_empty_a_field_should_say_so_in_its_action() {
    let empties = Description {
        maybe_writes: &["b"],
        ..NODE
    };
    let help = "let `first` return an action that says whether `b` is filled, and lead the other one \
                elsewhere";
    let helps = [
        format!(
            "help: read it as `Option<&_>`, and handle the case that it is empty\nhelp: or {help}"
        ),
        format!("help: {help}"),
        format!("help: {help}"),
    ];
    for (reader, (beginning, help)) in readers().into_iter().zip(BEGINNINGS.into_iter().zip(helps))
    {
        assert_eq!(
            says(empties, reader, "first >> between; between >> reader", 1),
            format!(
                "{beginning}, which `first` may leave empty on the path `first >> between >> \
                 reader`\n{help}"
            )
        );
    }
}
