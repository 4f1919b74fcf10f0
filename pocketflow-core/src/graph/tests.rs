use super::sample::{NODE, OTHER, as_flow, fork, graph, leak, on, place};
use super::{Bound, Description, Each, ErrorEdge, Graph, OnField, Place, Target};

/// FNV-1a as its authors describe it, over the whole text at once.
fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The text that a fingerprint is the hash of.
fn text(graph: &Graph) -> Vec<u8> {
    let name = |name: &str| [name.as_bytes(), &[0xff]].concat();
    let number = |number: u64| number.to_le_bytes().to_vec();
    let target = |target| match target {
        Target::Place(place) => [number(0), name(graph.places[place].name)].concat(),
        Target::Exit(exit) => [number(1), name(graph.exits[exit])].concat(),
    };
    let mut text = name(graph.name);
    for place in graph.places {
        text.extend(name(place.name));
        text.extend(
            place
                .node
                .flow
                .map(|flow| number(flow.fingerprint()))
                .into_iter()
                .flatten(),
        );
        for stands in [place].into_iter().chain(place.fork) {
            if let Some(OnField { graph, field, each }) = stands.node.on {
                text.extend(name(field));
                text.extend(number(each.is_some().into()));
                text.extend(number(graph.fingerprint()));
            }
        }
    }
    for edge in graph.edges {
        text.extend([number(edge.from as u64), name(edge.action)].concat());
        if let Some(ErrorEdge { field }) = edge.error {
            text.extend(
                number(2)
                    .into_iter()
                    .chain(field.into_iter().flat_map(name)),
            );
        }
        text.extend(target(edge.to));
        if let Some(Bound { max, otherwise }) = edge.bound {
            text.extend([number(max.into()), target(otherwise)].concat());
        }
    }
    text.extend(graph.inputs.iter().flat_map(|input| name(input)));
    text
}

#[test]
fn a_fingerprint_is_the_hash_of_names_edges_bounds_exits_and_inputs() {
    let inner = leak(Graph {
        inputs: &["a", "b"],
        ..graph(vec![place("x", NODE)], "x >> end")
    });
    let stands = place("inner", NODE);
    let node = leak(as_flow(*stands.node, inner));
    let outer = graph(
        vec![place("first", NODE), Place { node, ..stands }],
        "first - on >> inner; first - off >> other; inner >> first max 70000 else end",
    );
    assert_eq!(inner.fingerprint(), fnv(&text(inner)));
    assert_eq!(outer.fingerprint(), fnv(&text(&outer)));
    // An error edge differs from an action of that name, and its field counts.
    let on_error = |edge| {
        let places = vec![place("first", NODE), place("second", NODE)];
        let graph = graph(places, edge);
        assert_eq!(graph.fingerprint(), fnv(&text(&graph)));
        graph.fingerprint()
    };
    let action = on_error("first - error >> second");
    let error = on_error("first - error() >> second");
    let with_field = on_error("first - error(b) >> second");
    assert!(action != error && error != with_field && action != with_field);
}

#[test]
fn a_fingerprint_covers_the_flows_on_fields_and_their_fields() {
    let inner = |name| -> &'static Graph { leak(graph(vec![place(name, NODE)], "")) };
    let each = Some(Each::at_a_time(1));
    // The name is that of the place, so only what runs there differs.
    let alone = |name, field, each| {
        let flow = graph(vec![on("again", inner(name), field, each)], "");
        assert_eq!(flow.fingerprint(), fnv(&text(&flow)));
        flow.fingerprint()
    };
    let first = alone("x", "a", None);
    assert_eq!(first, alone("x", "a", None));
    for other in [
        alone("y", "a", None),
        alone("x", "b", None),
        alone("x", "a", each),
    ] {
        assert_ne!(first, other);
    }
    // The width may change while a run is stored.
    assert_eq!(
        alone("x", "a", each),
        alone("x", "a", Some(Each::at_a_time(8)))
    );
    let forked = |name| {
        let branches = vec![
            on("f0", inner(name), "a", None),
            on("f1", inner("x"), "b", None),
        ];
        let flow = graph(vec![fork("(f0, f1)", branches)], "");
        assert_eq!(flow.fingerprint(), fnv(&text(&flow)));
        flow.fingerprint()
    };
    assert_ne!(forked("x"), forked("y"));
}

#[test]
fn a_flow_is_configured_if_a_flow_on_a_field_is() {
    let configured = Description {
        check: Some(|_| Ok(())),
        ..NODE
    };
    let is_configured = |node| {
        let inner = leak(graph(vec![place("x", node)], ""));
        let alone = graph(vec![on("on", inner, "a", None)], "");
        let forked = vec![on("f0", inner, "a", None), place("f1", NODE)];
        let forked = graph(vec![fork("both", forked)], "");
        [alone.is_configured(), forked.is_configured()]
    };
    assert_eq!(is_configured(configured), [true, true]);
    assert_eq!(is_configured(NODE), [false, false]);
}

#[test]
fn the_first_place_whose_node_is_known_gives_the_store() {
    let on = |store| Description { store, ..NODE };
    let unknown = || place("unknown", Description::UNKNOWN);
    let flow = graph(
        vec![
            unknown(),
            place("first", NODE),
            place("other", on(OTHER)),
            place("last", NODE),
        ],
        "",
    );
    assert_eq!((flow.first_known(), flow.store().name), (1, "S"));
    assert!(!flow.is_unknown());
    assert_eq!(
        [0, 1, 2, 3].map(|place| flow.shares_store(place)),
        [false, true, false, true]
    );
    let flow = graph(vec![unknown(), unknown()], "");
    assert_eq!(flow.first_known(), 0);
    assert!(flow.is_unknown());
}

#[test]
fn a_flow_without_a_name_is_called_flow() {
    let flow = graph(vec![place("a", NODE)], "");
    assert_eq!(flow.label(), "F");
    assert_eq!(Graph { name: "", ..flow }.label(), "flow");
}

#[test]
fn a_place_is_found_by_its_name() {
    let flow = graph(vec![place("a", NODE), place("b", NODE)], "");
    assert_eq!(
        (flow.place("a"), flow.place("b"), flow.place("c")),
        (Some(0), Some(1), None)
    );
}
