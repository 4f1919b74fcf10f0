use super::{named, text};
use crate::graph::sample::{NODE, action, as_flow, fork, graph, leak, node, on, place};
use crate::graph::{Description, Each, Edge, Graph, NodeInfo, Place};

/// The lines of a diagram, without the first.
fn lines(graph: &Graph) -> Vec<String> {
    let picture = graph.to_string();
    let mut lines = picture.lines();
    assert_eq!(lines.next(), Some("flowchart TD"));
    lines.map(str::to_owned).collect()
}

fn await_field(name: &'static str) -> Place {
    place(
        name,
        Description {
            waits: Some("a"),
            ..NODE
        },
    )
}

fn flow(name: &'static str, inner: Graph) -> Place {
    let inner = NodeInfo {
        name,
        ..as_flow(node(NODE), leak(inner))
    };
    Place {
        name,
        node: leak(inner),
        fork: &[],
    }
}

#[test]
fn nodes_edges_and_exits_are_drawn() {
    const CHOICE: Description = Description {
        actions: &[action("yes", &[]), action("no", &[])],
        ..NODE
    };
    let flow = graph(
        vec![
            place("first", CHOICE),
            place("second", NODE),
            place("end", NODE),
        ],
        "first - yes >> second; first - no >> first max 3 else other; second >> end max 2 else end; end >> end",
    );
    // In these edges, `end` is a place on the left and an exit on the right.
    assert_eq!(
        lines(&flow),
        [
            "    first([first])",
            "    end_[end]",
            "    exit.0((end))",
            "    exit.1((other))",
            "    first -->|yes| second",
            "    first -->|no, at most 3| first",
            "    first -->|no, then| exit.1",
            "    second -->|at most 2| exit.0",
            "    second -->|then| exit.0",
            "    end_ --> exit.0",
        ]
    );
}

#[test]
fn an_exit_is_drawn_where_somebody_wrote_it() {
    let flow = graph(
        vec![place("first", NODE), place("second", NODE)],
        "first >> second; second >> end",
    );
    let unwritten = |edge: &Edge| Edge {
        written: edge.from == 0,
        ..*edge
    };
    let edges: Vec<Edge> = flow.edges.iter().map(unwritten).collect();
    let ends = Graph {
        edges: edges.leak(),
        ..flow
    };
    assert_eq!(lines(&ends), ["    first([first])", "    first --> second"]);
    assert_eq!(
        lines(&flow)[1..],
        [
            "    exit.0((end))",
            "    first --> second",
            "    second --> exit.0"
        ]
    );
}

#[test]
fn an_exit_is_drawn_where_a_bound_leads_there() {
    let places = vec![place("first", NODE), place("second", NODE)];
    let flow = graph(places, "first >> second max 2 else other");
    assert_eq!(
        lines(&flow),
        [
            "    first([first])",
            "    exit.1((other))",
            "    first -->|at most 2| second",
            "    first -->|then| exit.1",
        ]
    );
}

#[test]
fn what_is_no_single_node_has_a_shape_of_its_own() {
    let inner = graph(
        vec![await_field("await(a)"), place("x", NODE)],
        "await(a) >> x; x >> other",
    );
    let flow = graph(
        vec![
            fork("both", vec![place("f0", NODE), place("f1", NODE)]),
            flow("inner", inner),
            await_field("await(a)"),
        ],
        "both >> inner; inner - other >> await(a)",
    );
    assert_eq!(
        lines(&flow),
        [
            "    start.0((start)) --> fork.0",
            "    subgraph fork.0[at the same time]",
            "        fork.0.f0[f0]",
            "        fork.0.f1[f1]",
            "    end",
            "    subgraph inner[inner]",
            "        inner.start.0((start)) --> inner.await.0",
            "        inner.await.0{{await a}}",
            "        inner.x[x]",
            "        inner.exit.1((other))",
            "        inner.await.0 --> inner.x",
            "        inner.x --> inner.exit.1",
            "    end",
            "    await.2{{await a}}",
            "    fork.0 --> inner",
            "    inner -->|other| await.2",
        ]
    );
}

#[test]
fn a_flow_on_a_field_is_a_box_that_says_so() {
    let inner = || leak(graph(vec![place("x", NODE)], ""));
    let each = |width| Some(Each::at_a_time(width));
    let flow = graph(
        vec![
            on("Inner.each(a)", inner(), "a", each(8)),
            fork(
                "both",
                vec![
                    on("Inner.on(b)", inner(), "b", None),
                    on("again", inner(), "c", None),
                ],
            ),
            on("again", inner(), "a", each(1)),
            on("Inner.each(d)", inner(), "d", each(usize::MAX)),
        ],
        "Inner.each(a) >> both; both >> again; again >> Inner.each(d)",
    );
    assert_eq!(
        lines(&flow),
        [
            "    start.0((start)) --> on.0",
            "    subgraph on.0[Inner, each of a, 8 at a time]",
            "        on.0.x([x])",
            "    end",
            "    subgraph fork.1[at the same time]",
            "        subgraph fork.1.on.0[Inner, on b]",
            "            fork.1.on.0.x([x])",
            "        end",
            "        subgraph fork.1.on.1[again, on c]",
            "            fork.1.on.1.x([x])",
            "        end",
            "    end",
            "    subgraph on.2[again, each of a]",
            "        on.2.x([x])",
            "    end",
            "    subgraph on.3[Inner, each of d, all at the same time]",
            "        on.3.x([x])",
            "    end",
            "    on.0 --> fork.1",
            "    fork.1 --> on.2",
            "    on.2 --> on.3",
        ]
    );
}

#[test]
fn the_start_of_a_flow_that_begins_with_a_flow_is_an_arrow() {
    let inner = || flow("inner", graph(vec![place("x", NODE)], ""));
    let starts = |first| lines(&graph(vec![first], ""))[0].clone();
    assert_eq!(starts(inner()), "    start.0((start)) --> inner");
    assert_eq!(starts(await_field("w")), "    start.0((start)) --> await.0");
    assert_eq!(starts(place("x", NODE)), "    x([x])");
}

#[test]
fn a_name_that_mermaid_reads_as_more_is_marked() {
    assert_eq!(named("in.", "node", 3), "in.node");
    assert_eq!(named("in.", "style", 3), "in.style_");
    assert_eq!(named("in.", "style__", 3), "in.style___");
    assert_eq!(named("in.", "__proto__", 3), "in.place.3");
    assert_eq!(named("in.", "größe", 3), "in.place.3");
}

#[test]
fn a_text_that_mermaid_reads_as_more_is_quoted() {
    for plain in ["a", "größe", "a b, c", "a-b", "a_b", "a - b"] {
        assert_eq!(text(plain), plain);
    }
    for (quoted, expected) in [
        ("", "\"\""),
        ("-a", "\"#45;a\""),
        (" a", "\" a\""),
        ("a.b", "\"a#46;b\""),
        ("_a", "\"#95;a\""),
        ("a_", "\"a#95;\""),
        ("a, _b", "\"a, #95;b\""),
        ("a_-b", "\"a#95;#45;b\""),
        ("a\nb", "\"a<br>b\""),
    ] {
        assert_eq!(text(quoted), expected);
    }
}

#[test]
fn an_error_edge_is_dotted_and_names_its_field() {
    let places = vec![
        place("pay", NODE),
        place("release", NODE),
        place("ship", NODE),
    ];
    let edges =
        "pay >> ship; pay - error(b) >> release max 2 else other; ship - error() >> release";
    assert_eq!(
        graph(places, edges).to_string(),
        "flowchart TD\n    pay([pay])\n    exit.1((other))\n    pay --> ship\n    \
         pay -.->|\"error#40;b#41;, at most 2\"| release\n    \
         pay -.->|\"error#40;b#41;, then\"| exit.1\n    ship -.->|error| release"
    );
}
