//! PF008: the stores of the nodes.

use super::{flow_on, reported};
use crate::graph::Description;
use crate::graph::sample::{NODE, OTHER, STORE, graph, message, place};
use crate::store::Store;

/// Another store with the same name as the first.
const NAMESAKE: &Store = &Store::new("S", "src/namesake.rs:1", STORE.fields);

#[test]
fn all_nodes_work_on_one_store() {
    let on = |store| Description { store, ..NODE };
    let graph = graph(
        vec![
            place("unknown", Description::UNKNOWN),
            place("first", NODE),
            place("same", NODE),
            place("other", on(OTHER)),
            place("namesake", on(NAMESAKE)),
        ],
        "",
    );
    for right in [0, 1, 2] {
        assert!(reported(|| graph.check_store(right)).is_empty());
        assert!(reported(|| graph.check_own_store(right, STORE)).is_empty());
    }
    assert_eq!(
        reported(|| graph.check_store(3))[..5],
        ["PF008", "other", "Other", "S", "first"]
    );
    assert_eq!(
        reported(|| graph.check_store(4))[..4],
        ["PF008", "namesake", "S", "first"]
    );
    assert_eq!(
        reported(|| graph.check_own_store(3, STORE))[..4],
        ["PF008", "other", "Other", "S"]
    );
    assert_eq!(
        reported(|| graph.check_own_store(4, STORE))[..4],
        ["PF008", "namesake", "S", "S"]
    );
    // Two stores with the same name are distinguished by their locations.
    let ids = |text: Option<String>| {
        let text = text.unwrap();
        [STORE, OTHER, NAMESAKE].map(|store| text.contains(store.id))
    };
    assert_eq!(ids(message(|| graph.check_store(3))), [false, false, false]);
    assert_eq!(ids(message(|| graph.check_store(4))), [true, false, true]);
    assert_eq!(
        ids(message(|| graph.check_own_store(3, STORE))),
        [false, false, false]
    );
    assert_eq!(
        ids(message(|| graph.check_own_store(4, STORE))),
        [true, false, true]
    );
}

#[test]
fn a_flow_of_another_store_can_run_on_a_field() {
    let on = |store| Description { store, ..NODE };
    let graph = graph(
        vec![
            place("first", NODE),
            place("node", on(OTHER)),
            flow_on("flow", &["default"], on(OTHER)),
            flow_on("namesake", &["default"], on(NAMESAKE)),
        ],
        "",
    );
    let of_node = "help: put the nodes of each store into a separate flow, and run one flow on a \
                   field of the other store: `Inner.on(field)`";
    let of_flow = |name| format!("help: run it on a field that is its store: `{name}.on(field)`");
    let same = |place: usize, expected: [String; 2]| {
        let found = [
            message(|| graph.check_store(place)),
            message(|| graph.check_own_store(place, STORE)),
        ];
        assert_eq!(found.map(Option::unwrap), expected);
    };
    for (place, name, help) in [
        (1, "node", of_node.to_owned()),
        (2, "flow", of_flow("flow")),
    ] {
        let wrong =
            format!("PF008: `{name}` works on the store `Other`, but this flow runs on `S`");
        same(
            place,
            [
                format!("{wrong}, the store of its first node `first`\n{help}"),
                format!("{wrong}\n{help}"),
            ],
        );
    }
    let wrong = "PF008: `namesake` works on another store `S`";
    let help = format!(
        "{}\nnote: `namesake` works on src/namesake.rs:1",
        of_flow("namesake")
    );
    same(
        3,
        [
            format!(
                "{wrong} than the first node of this flow, `first`\n{help}\nnote: `first` works on \
                 src/s.rs:1"
            ),
            format!(
                "{wrong}, but this flow runs on `S`\n{help}\nnote: this flow runs on src/s.rs:1"
            ),
        ],
    );
}
