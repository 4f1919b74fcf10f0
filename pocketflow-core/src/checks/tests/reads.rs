//! The reads of late fields that a path leaves empty.

use super::{CHOICE, ONE, flow_on, reported, solve};
use crate::graph::sample::{NODE, OTHER, action, fork, graph, place};
use crate::graph::{Description, Graph, Place};

const READS: Description = Description {
    reads: &["b", "d"],
    ..NODE
};
const WRITES: Description = Description {
    writes: &["b", "d"],
    ..NODE
};

/// The message about the last place, where the last edge arrives or at the start.
fn read<const P: usize>(graph: &Graph) -> Vec<String> {
    let solution = solve::<P>(graph);
    if P == 1 {
        reported(|| solution.check_start(graph))
    } else {
        let edges = (0..graph.edges.len())
            .filter(|edge| !reported(|| solution.check_arrival(graph, *edge, false)).is_empty());
        let edges: Vec<_> = edges.collect();
        match edges[..] {
            [] => vec![],
            [edge] => reported(|| solution.check_arrival(graph, edge, false)),
            _ => panic!("a message at {edges:?}"),
        }
    }
}

#[test]
fn the_first_node_reads_nothing_that_is_empty() {
    let of = |description| graph(vec![place("first", description)], "");
    assert!(read::<1>(&of(NODE)).is_empty());
    assert!(
        read::<1>(&Graph {
            inputs: &["b", "d"],
            ..of(READS)
        })
        .is_empty()
    );
    assert_eq!(
        read::<1>(&Graph {
            inputs: &["d"],
            ..of(READS)
        }),
        [
            "PF006",
            "first",
            "b",
            "#[node(…, writes = b)]",
            "Option<&_>",
            "F(…, b)"
        ]
    );
    assert_eq!(
        read::<1>(&of(READS)),
        [
            "PF006",
            "first",
            "b",
            "d",
            "#[node(…, writes = b)]",
            "Option<&_>",
            "F(b)"
        ]
    );
    assert_eq!(
        read::<1>(&Graph {
            name: "",
            ..of(READS)
        }),
        [
            "PF006",
            "first",
            "b",
            "d",
            "#[node(…, writes = b)]",
            "Option<&_>"
        ]
    );
    // A nested flow in the first place gets PF009, and no advice about `Option`.
    let nested = graph(vec![flow_on("first", &["default"], READS)], "");
    assert_eq!(
        read::<1>(&nested),
        ["PF009", "first", "b", "d", "#[node(…, writes = b)]", "F(b)"]
    );
}

#[test]
fn the_path_is_shown_that_leaves_the_field_empty() {
    let of = |first, second, edges| {
        graph(
            vec![
                place("first", first),
                place("second", second),
                place("reader", READS),
            ],
            edges,
        )
    };
    let straight = "first >> second; second >> reader; reader >> end";
    assert!(read::<3>(&of(NODE, WRITES, straight)).is_empty());
    assert_eq!(
        read::<3>(&of(NODE, NODE, straight)),
        [
            "PF006",
            "reader",
            "b",
            "first >> second >> reader",
            "d",
            "#[node(…, writes = b)]",
            "Option<&_>",
            "F(b)"
        ]
    );
    // The path bypasses the node that fills the field.
    let past = "first - yes >> second; first - no >> reader; second >> reader";
    assert_eq!(
        read::<3>(&of(CHOICE, WRITES, past)),
        [
            "PF006",
            "reader",
            "b",
            "first - \"no\" >> reader",
            "d",
            "second",
            "Option<&_>",
            "F(b)"
        ]
    );
    // The path passes through it, but it fills the field with another action.
    let partly = Description {
        actions: const { &[action("yes", &["b"]), action("no", &[])] },
        ..NODE
    };
    let through = "first - yes >> reader; first - no >> second; second >> reader";
    assert_eq!(
        read::<3>(&of(partly, NODE, through)),
        [
            "PF006",
            "reader",
            "b",
            "first - \"no\" >> second >> reader",
            "d",
            "first",
            "yes",
            "Option<&_>",
            "F(b)"
        ]
    );
}

#[test]
fn a_long_path_is_cut_in_the_middle() {
    const NAMES: [&str; 12] = [
        "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11",
    ];
    const EDGES: &str = "p0 >> p1; p1 >> p2; p2 >> p3; p3 >> p4; p4 >> p5; p5 >> p6; p6 >> p7; \
                         p7 - yes >> p8; p8 >> p9; p9 >> p10; p10 >> p11";
    fn check<const P: usize>() {
        let places = NAMES[..P]
            .iter()
            .enumerate()
            .map(|(index, name)| match index {
                index if index + 1 == P => place(name, READS),
                7 => place(name, ONE),
                _ => place(name, NODE),
            });
        let edges = EDGES.split(';').take(P - 1).collect::<Vec<_>>().join(";");
        let shown = &read::<P>(&graph(places.collect(), edges.leak()))[3];
        let mut steps: Vec<String> = NAMES[..P].iter().map(|name| name.to_string()).collect();
        if P > 8 {
            steps[7].push_str(" - \"yes\"");
        }
        // The start and four edges at either end are shown.
        if P > 9 {
            steps.splice(5..P - 4, [String::from("…")]);
            // The action stands before the edge that follows it, whether that edge is shown or not.
            if P == 12 {
                steps[5] = String::from("… - \"yes\"");
            }
        }
        assert_eq!(*shown, steps.join(" >> "));
    }
    check::<2>();
    check::<3>();
    check::<8>();
    check::<9>();
    check::<10>();
    check::<11>();
    check::<12>();
}

#[test]
fn the_node_that_should_fill_the_field_is_named() {
    let says = |other: Place| {
        let name = other.name;
        let mut nodes = vec![place("start", CHOICE), place("reader", READS), other];
        if name == "none" {
            nodes[2] = place("none", NODE);
        }
        let found = read::<3>(&graph(nodes, "start - yes >> reader; start - no >> end"));
        assert_eq!(
            found[..5],
            ["PF006", "reader", "b", "start - \"yes\" >> reader", "d"]
        );
        found[5..found.len() - 2].to_vec()
    };
    let add = "#[node(…, writes = b)]";
    assert_eq!(says(place("none", NODE)), [add]);
    assert_eq!(says(place("other", WRITES)), ["other"]);
    assert_eq!(
        says(place(
            "other",
            Description {
                store: OTHER,
                ..WRITES
            }
        )),
        [add]
    );
    // The second action of a node counts as much as the first.
    let second = Description {
        actions: const { &[action("yes", &["d"]), action("no", &["b"])] },
        ..NODE
    };
    assert_eq!(says(place("other", second)), ["other"]);
    // A flow fills the fields that it does not read.
    assert_eq!(
        says(flow_on("other", &["default", "lost"], WRITES)),
        ["other"]
    );
    let needs = Description {
        reads: &["b"],
        ..WRITES
    };
    assert_eq!(says(flow_on("other", &["default", "lost"], needs)), [add]);
    // A node that both reads and fills the field counts.
    assert_eq!(says(place("other", needs)), ["other"]);
    // A node that may change the field should declare that it fills it.
    let changes = Description {
        possible_writes: &["b"],
        ..NODE
    };
    assert_eq!(
        says(place("other", changes)),
        ["other", "post", "writes(b)", "#[node(…)]"]
    );
    assert_eq!(
        says(place(
            "other",
            Description {
                store: OTHER,
                ..changes
            }
        )),
        [add]
    );
    assert_eq!(
        says(place(
            "other",
            Description {
                possible_writes: &["d"],
                ..NODE
            }
        )),
        [add]
    );
    let waits = Description {
        waits: Some("b"),
        ..changes
    };
    assert_eq!(says(place("other", waits)), [add]);
    let in_fork = || fork("other", vec![place("f0", changes), place("f1", NODE)]);
    assert_eq!(says(in_fork()), [add]);
}

#[test]
fn the_reader_itself_is_not_the_one_to_fill_its_field() {
    for does in [
        Description {
            writes: &["b"],
            ..READS
        },
        Description {
            possible_writes: &["b"],
            ..READS
        },
    ] {
        let graph = graph(vec![place("first", does)], "");
        assert_eq!(
            read::<1>(&graph),
            [
                "PF006",
                "first",
                "b",
                "d",
                "#[node(…, writes = b)]",
                "Option<&_>",
                "F(b)"
            ]
        );
    }
}

#[test]
fn a_misspelt_field_of_an_await_is_reported_there() {
    let waits = |field| Description {
        waits: Some(field),
        ..NODE
    };
    let is_reported = |field: &'static str, reads| {
        let reads = Description { reads, ..NODE };
        let nodes = vec![
            place("first", NODE),
            place("await", waits(field)),
            place("reader", reads),
        ];
        !read::<3>(&graph(nodes, "first >> await; await >> reader")).is_empty()
    };
    const READS_LONG: &[&str] = &["b"];
    assert!(is_reported("d", READS_LONG));
    assert!(is_reported("something", READS_LONG));
    // One letter is a third of a word of one to three letters.
    assert!(!is_reported("bb", READS_LONG));
    assert!(is_reported("plan", READS_LONG));
}

#[test]
fn a_misspelt_input_counts_as_the_field_that_it_means() {
    let of = |inputs| Graph {
        inputs,
        ..graph(vec![place("first", READS)], "")
    };
    assert!(read::<1>(&of(&["bb", "dd"])).is_empty());
    assert_eq!(read::<1>(&of(&["bb", "something"]))[2], "d");
    assert_eq!(read::<1>(&of(&["something", "dd"]))[2], "b");
}

#[test]
fn each_of_two_paths_to_a_place_is_reported_once() {
    let of = |edges| {
        graph(
            vec![
                place("first", NODE),
                place("reader", READS),
                place("second", READS),
            ],
            edges,
        )
    };
    let says = |edges| {
        let graph = of(edges);
        let solution = solve::<3>(&graph);
        [false, true].map(|otherwise| {
            let found = reported(|| solution.check_arrival(&graph, 0, otherwise));
            found.get(1).cloned().unwrap_or_default()
        })
    };
    assert_eq!(says("first >> reader"), ["reader", ""]);
    assert_eq!(
        says("first >> reader max 2 else second"),
        ["reader", "second"]
    );
    assert_eq!(says("first >> reader max 2 else reader"), ["reader", ""]);
    assert_eq!(says("first >> reader max 2 else end"), ["reader", ""]);
    assert_eq!(says("first >> end max 2 else reader"), ["", "reader"]);
    assert_eq!(says("first >> end max 2 else other"), ["", ""]);
}

#[test]
fn the_nodes_of_a_fork_are_reported_one_by_one() {
    let says = |nodes: [Place; 2], edges| {
        let graph = graph(
            vec![place("first", NODE), fork("both", nodes.to_vec())],
            edges,
        );
        let solution = solve::<2>(&graph);
        assert!(reported(|| solution.check_arrival(&graph, 0, false)).is_empty());
        assert!(reported(|| solution.check_start(&graph)).is_empty());
        [0, 1].map(|branch| {
            let found = reported(|| solution.check_reads(&graph, 1, branch));
            found.get(2).cloned().unwrap_or_default()
        })
    };
    let reads = |reads| Description { reads, ..NODE };
    let edge = "first >> both";
    assert_eq!(says([place("f0", NODE), place("f1", NODE)], edge), ["", ""]);
    assert_eq!(
        says([place("f0", READS), place("f1", NODE)], edge),
        ["b", ""]
    );
    assert_eq!(
        says(
            [
                place("f0", reads(&["c"])),
                place("f1", reads(&["d", "plain"]))
            ],
            edge
        ),
        ["c", "d"]
    );
    // If another node of the fork fills the field, that check reports it.
    assert_eq!(
        says([place("f0", READS), place("f1", WRITES)], edge),
        ["", ""]
    );
    let partly = Description {
        writes: &["b"],
        ..NODE
    };
    assert_eq!(
        says([place("f0", READS), place("f1", partly)], edge),
        ["d", ""]
    );
    // For a node on another store, only that is reported.
    let other = Description {
        store: OTHER,
        ..READS
    };
    assert_eq!(
        says([place("f0", reads(&["b"])), place("f1", other)], edge),
        ["b", ""]
    );
    // No path reaches it.
    assert_eq!(
        says([place("f0", READS), place("f1", READS)], "first >> end"),
        ["", ""]
    );
}

#[test]
fn a_fork_at_the_start_is_reported_by_its_nodes() {
    let graph = graph(
        vec![fork("both", vec![place("f0", READS), place("f1", NODE)])],
        "",
    );
    let solution = solve::<1>(&graph);
    assert!(reported(|| solution.check_start(&graph)).is_empty());
    assert_eq!(
        reported(|| solution.check_reads(&graph, 0, 0))[..3],
        ["PF006", "f0", "b"]
    );
}

#[test]
fn a_place_that_an_edge_reaches_again_is_not_reported_at_the_start() {
    // The message about the start names the start, and not the edge of the loop that returns to it.
    let graph = graph(vec![place("first", READS)], "first >> first");
    let solution = solve::<1>(&graph);
    assert!(!reported(|| solution.check_start(&graph)).is_empty());
    assert!(reported(|| solution.check_arrival(&graph, 0, false)).is_empty());
}

#[test]
fn the_node_is_named_that_may_leave_the_field_empty() {
    let maybe = Description {
        maybe_writes: &["b"],
        ..NODE
    };
    let of = |first, second, edges| {
        graph(
            vec![
                place("first", first),
                place("second", second),
                place(
                    "reader",
                    Description {
                        reads: &["b"],
                        ..NODE
                    },
                ),
            ],
            edges,
        )
    };
    let straight = "first >> second; second >> reader; reader >> end";
    let expected = |path| {
        [
            "PF006",
            "reader",
            "b",
            "first",
            path,
            "Option<&_>",
            "first",
            "b",
        ]
    };
    assert_eq!(
        read::<3>(&of(maybe, NODE, straight)),
        expected("first >> second >> reader")
    );
    // After that step, the input may be empty.
    let with_input = Graph {
        inputs: &["b"],
        ..of(maybe, NODE, straight)
    };
    assert_eq!(
        read::<3>(&with_input),
        expected("first >> second >> reader")
    );
    assert!(read::<3>(&of(maybe, WRITES, straight)).is_empty());
    // The path begins at the node that empties the field, and not at the start.
    assert_eq!(
        read::<3>(&of(WRITES, maybe, straight)),
        [
            "PF006",
            "reader",
            "b",
            "second",
            "second >> reader",
            "Option<&_>",
            "second",
            "b"
        ]
    );
    // A path on which nothing fills the field comes first.
    let fills = Description {
        actions: const { &[action("fill", &["b"]), action("skip", &[])] },
        ..NODE
    };
    assert_eq!(
        read::<3>(&of(
            fills,
            maybe,
            "first - fill >> second; first - skip >> reader; second >> reader"
        ))[3],
        "first - \"skip\" >> reader"
    );
}
