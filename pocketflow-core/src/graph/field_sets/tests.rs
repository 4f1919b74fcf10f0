//! Compares the sets of a flow's nodes with the same sets by name.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::bits::u8::masked;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Description, FieldSets, NodeInfo, UNKNOWN};
use crate::action::ActionInfo;
use crate::graph::Each;
use crate::graph::sample::{self, NODE, STORE, action, as_flow, graph, leak, on, place};
use crate::store::{Field, Store};

const NAMES: [&str; 6] = ["plain", "a", "b", "c", "d", "no such field"];
const ACTIONS: [&str; 3] = ["default", "second", "third"];

/// One word more than the store needs, as in a flow that is given a larger store by mistake.
const WORDS: usize = 3;

type Set = BTreeSet<&'static str>;

fn names(of: u8) -> &'static [&'static str] {
    let all = NAMES.iter().enumerate();
    let names = all.filter(|(index, _)| of & 1 << index != 0);
    names.map(|(_, name)| *name).collect::<Vec<_>>().leak()
}

/// The fields of the store that have these names.
fn known(names: &[&'static str]) -> Set {
    let names = names.iter().copied();
    names.filter(|name| *name != "no such field").collect()
}

/// The names of the fields of a set.
fn named(set: &[u64]) -> Set {
    let fields = STORE.fields.iter().enumerate();
    let fields = fields.filter(|(index, _)| set[index / 64] >> (index % 64) & 1 == 1);
    fields.map(|(_, field)| field.name).collect()
}

fn everything() -> Set {
    STORE.fields.iter().map(|field| field.name).collect()
}

fn nodes() -> impl Strategy<Value = Description> {
    let some = || masked(0b11_1111).prop_map(names);
    let few = || prop_oneof![2 => Just(names(0)), 1 => some()];
    let all = || prop::bool::weighted(0.2);
    (
        vec((some(), few(), few()), 0..=3),
        (some(), some(), some(), some(), some()),
        (all(), all()),
    )
        .prop_map(
            |(
                actions,
                (reads, optional_reads, writes, maybe_writes, possible_writes),
                (may_read_all, may_write_all),
            )| {
                let actions = actions.into_iter().zip(ACTIONS);
                let actions = actions.map(|((writes, maybe_writes, appends), name)| ActionInfo {
                    name,
                    writes,
                    maybe_writes,
                    appends,
                });
                Description {
                    actions: actions.collect::<Vec<_>>().leak(),
                    reads,
                    optional_reads,
                    writes,
                    maybe_writes,
                    possible_writes,
                    may_read_all,
                    may_write_all,
                    ..NODE
                }
            },
        )
}

/// Flows with some exits, whose sets may have one word more than their store needs.
fn flows() -> impl Strategy<Value = Description> {
    let set = || {
        vec(
            prop_oneof![Just(0), Just(1 << 1), Just(1 << 63), Just(1 << 5)],
            WORDS,
        )
    };
    (
        vec((set(), set(), set()), 1..=4),
        any::<bool>(),
        set(),
        set(),
        2..=WORDS,
    )
        .prop_map(|(exits, clears, reads, optional_reads, words)| {
            let set = |mut set: Vec<u64>| {
                // The second word holds only six fields.
                set[1] &= 0b11_1111;
                set.truncate(words);
                set
            };
            // The last set is for the failure.
            let actions = &ACTIONS[..exits.len() - 1];
            type Exit = (Vec<u64>, Vec<u64>, Vec<u64>);
            let exit_sets = |of: fn(&Exit) -> &Vec<u64>| -> &'static [u64] {
                let sets: Vec<_> = exits.iter().map(|exit| set(of(exit).clone())).collect();
                sets.concat().leak()
            };
            let writes = exit_sets(|exit| &exit.0);
            // A flow that empties nothing assigns what it fills.
            let (clears, assigns) = match clears {
                true => (exit_sets(|exit| &exit.1), exit_sets(|exit| &exit.2)),
                false => (&[][..], writes),
            };
            Description::of_flow(NodeInfo {
                name: "flow",
                store: STORE,
                actions,
                reads: set(reads).leak(),
                optional_reads: set(optional_reads).leak(),
                writes,
                clears,
                assigns,
                ..UNKNOWN
            })
        })
}

proptest! {
    #[test]
    fn sets_have_the_fields_that_are_named(
        all in prop::array::uniform3(prop_oneof![2 => nodes(), 1 => flows()])
    ) {
        let all = all.each_ref().map(|one| leak(*one));
        let nodes = leak(FieldSets::<3, { 12 * WORDS }, WORDS>::of(&all)).nodes(&all);
        // A flow has one more set, for its failure.
        let flows = all.iter().filter(|described| described.flow.is_some());
        let actions: usize = nodes.iter().map(|node| node.actions.len()).sum();
        assert_eq!(Description::action_count(&all), actions + flows.count());
        for (node, described) in nodes.iter().zip(all) {
            assert_eq!((node.name, node.waits), (described.name, described.waits));
            match &described.flow {
                None => check_node(node, described),
                Some(flow) => check_flow(node, flow),
            }
        }
    }
}

fn sets(of: &[u64]) -> Vec<Set> {
    of.chunks(WORDS).map(named).collect()
}

fn check_node(node: &NodeInfo, described: &Description) {
    let actions = described.actions.iter();
    // A late field that an action sets or clears. A plain field is always set.
    let clears = |action: &ActionInfo| -> Set {
        let maybe = &known(described.maybe_writes) | &known(action.maybe_writes);
        maybe.into_iter().filter(|name| *name != "plain").collect()
    };
    let assigns = |action: &ActionInfo| -> Set {
        let names = [
            described.writes,
            described.maybe_writes,
            action.writes,
            action.maybe_writes,
            action.appends,
        ];
        names.into_iter().flat_map(known).collect()
    };
    let expected: Vec<Set> = actions
        .clone()
        .map(|action| &assigns(action) - &clears(action))
        .collect();
    let mut optional_reads = known(described.optional_reads);
    optional_reads.extend(actions.clone().flat_map(|action| known(action.appends)));
    if described.may_read_all {
        optional_reads = everything();
    }
    let mut possible_writes = &known(described.possible_writes) | &known(described.writes);
    possible_writes.extend(actions.clone().flat_map(assigns));
    if described.may_write_all {
        possible_writes = everything();
    }
    assert_eq!(
        node.actions,
        actions
            .clone()
            .map(|action| action.name)
            .collect::<Vec<_>>()
    );
    assert_eq!(named(node.reads), known(described.reads), "reads");
    assert_eq!(named(node.optional_reads), optional_reads, "optional_reads");
    assert_eq!(
        named(node.possible_writes),
        possible_writes,
        "possible_writes"
    );
    assert_eq!(sets(node.writes), expected, "writes");
    let expected: Vec<Set> = actions.clone().map(assigns).collect();
    assert_eq!(sets(node.assigns), expected, "assigns");
    let expected: Vec<Set> = actions.map(clears).collect();
    match node.clears {
        [] => assert!(expected.iter().all(Set::is_empty), "clears"),
        of => assert_eq!(sets(of), expected, "clears"),
    }
}

fn check_flow(node: &NodeInfo, flow: &NodeInfo) {
    assert_eq!(node.actions, flow.actions);
    assert_eq!(named(node.reads), named(flow.reads), "reads");
    assert_eq!(
        named(node.optional_reads),
        named(flow.optional_reads),
        "optional_reads"
    );
    assert_eq!(named(node.possible_writes), Set::new(), "possible_writes");
    let words = flow.reads.len();
    let expected: Vec<_> = flow.writes.chunks(words).map(named).collect();
    assert_eq!(sets(node.writes), expected, "writes");
    let clears: Vec<_> = flow.clears.chunks(words).map(named).collect();
    assert_eq!(sets(node.clears), clears, "clears");
    let assigns: Vec<_> = flow.assigns.chunks(words).map(named).collect();
    assert_eq!(sets(node.assigns), assigns, "assigns");
}

#[test]
fn the_largest_store_says_how_many_words_a_set_takes() {
    const NONE: &Store = &Store::new("N", "n", &[]);
    const ONE: &Store = &Store::new("O", "o", &[Field::new("x", true); 64]);
    const TWO: &Store = &Store::new("T", "t", &[Field::new("x", true); 65]);
    let on = |store| Description { store, ..NODE };
    let words = |stores: &[&'static Store]| {
        let all: Vec<_> = stores.iter().map(|store| on(store)).collect();
        Description::words(&all.iter().collect::<Vec<_>>())
    };
    assert_eq!(words(&[]), 1);
    assert_eq!(words(&[NONE]), 1);
    assert_eq!(words(&[ONE, NONE]), 1);
    assert_eq!(words(&[ONE, TWO, NONE]), 2);
}

#[test]
fn nothing_is_known_of_a_node_whose_actions_have_an_error() {
    let is_known = |actions| Description { actions, ..NODE }.if_known().name == "node";
    assert!(is_known(&[]));
    assert!(is_known(
        const { &[action("x", &["a", "b"]), action("y", &["d"])] }
    ));
    assert!(!is_known(
        const { &[action("x", &["a"]), action("y", &["b", "no such field"])] }
    ));
    assert!(!is_known(const { &[action("x", &["a"]), action("", &[])] }));
    assert!(!is_known(ActionInfo::UNKNOWN));
}

#[test]
fn an_await_fills_its_field() {
    let node = Description::awaits("await", STORE, &["c"]);
    assert_eq!(
        (node.name, node.store.name, node.waits),
        ("await", "S", Some("c"))
    );
    assert_eq!(
        (node.writes, node.actions),
        (&["c"][..], &[ActionInfo::DEFAULT][..])
    );
    let unknown = Description::awaits("await", UNKNOWN.store, &["c"]);
    assert_eq!((unknown.name, unknown.waits), ("", None));
}

#[test]
fn the_field_of_an_await_is_empty_when_it_has_expired() {
    const ACTIONS: &[ActionInfo; 2] = &ActionInfo::of_await(&["c"]);
    let awaits = Description::awaits("await", STORE, &["c"]);
    let node = sample::node(awaits.expiring(ACTIONS, Duration::from_secs(1)));
    let sets = |of: &[u64]| -> Vec<Set> { of.chunks(sample::WORDS).map(named).collect() };
    let (field, none) = (Set::from(["c"]), Set::new());
    assert_eq!(node.actions, ["default", "expired"]);
    assert_eq!(sets(node.writes), [field.clone(), none.clone()]);
    assert_eq!(sets(node.clears), [none, field.clone()]);
    assert_eq!(sets(node.assigns), [field.clone(), field]);
    assert_eq!(
        (node.waits, node.within),
        (Some("c"), Some(Duration::from_secs(1)))
    );

    let unknown = Description::UNKNOWN.expiring(ACTIONS, Duration::from_secs(1));
    assert_eq!((unknown.name, unknown.within), ("", None));
}

#[test]
fn a_sleep_reads_and_writes_nothing() {
    let node = sample::node(Description::sleeps("pause", STORE, Duration::from_secs(1)));
    assert_eq!((node.name, node.actions), ("pause", &["default"][..]));
    assert_eq!(
        (node.sleeps, node.waits),
        (Some(Duration::from_secs(1)), None)
    );
    assert!(
        [
            node.reads,
            node.optional_reads,
            node.writes,
            node.possible_writes
        ]
        .concat()
        .iter()
        .all(|word| *word == 0)
    );
    let unknown = Description::sleeps("pause", UNKNOWN.store, Duration::from_secs(1));
    assert_eq!((unknown.name, unknown.sleeps), ("", None));
}

#[test]
fn a_flow_on_a_field_reads_the_field_and_may_change_what_is_in_it() {
    let inner = leak(graph(vec![place("x", NODE)], ""));
    let described = |each| *on("on", inner, "c", each).node;
    let sets = |of: &[u64]| -> Vec<Set> { of.chunks(sample::WORDS).map(named).collect() };
    let node = described(None);
    assert_eq!(
        (node.name, node.actions),
        ("Inner", &["default", "other"][..])
    );
    assert_eq!(named(node.reads), Set::from(["c"]));
    assert_eq!(named(node.possible_writes), Set::from(["c"]));
    assert_eq!(sets(node.writes), [Set::new(), Set::new()]);
    assert_eq!((node.clears.len(), node.flow.is_some()), (0, false));
    let field = node.on.unwrap();
    assert_eq!((field.field, field.each.is_none()), ("c", true));
    // The failures of items are added to what the field holds.
    let each = Each::at_a_time(3).failing_into("d", |_, _| {});
    let node = described(Some(each));
    assert_eq!(node.actions, ["default"]);
    assert_eq!(named(node.reads), Set::from(["c"]));
    assert_eq!(named(node.optional_reads), Set::from(["d"]));
    assert_eq!(named(node.possible_writes), Set::from(["c", "d"]));
    assert_eq!(sets(node.writes), [Set::from(["d"])]);
    assert_eq!(node.on.unwrap().each.unwrap().parallel, 3);
}

#[test]
fn a_flow_whose_failures_are_kept_does_not_fail() {
    let inner = leak(graph(vec![place("x", NODE)], ""));
    let flow = |fails| {
        let info = as_flow(sample::node(NODE), inner);
        Description::of_flow(NodeInfo { fails, ..info })
    };
    let each = Some(Each::at_a_time(1));
    let keeps = Some(Each::at_a_time(1).failing_into("d", |_, _| {}));
    for (fails, each, expected) in [
        (true, None, (true, false)),
        (true, each, (true, false)),
        (true, keeps, (false, true)),
        (false, keeps, (false, false)),
        (false, each, (false, false)),
    ] {
        let on = Description::on(&flow(fails), STORE, "a", each);
        assert_eq!((on.fails, on.handled.is_some()), expected);
    }
    // Only a flow runs on a field.
    assert_eq!(Description::on(&NODE, STORE, "a", None).name, "");
    let unknown = Description::on(&Description::UNKNOWN, STORE, "a", None);
    assert_eq!((unknown.name, unknown.on.is_none()), ("", true));
}

#[test]
fn of_a_flow_whose_first_node_is_unknown_nothing_is_known() {
    let flow = NodeInfo {
        name: "flow",
        store: STORE,
        ..UNKNOWN
    };
    let described = Description::of_flow(flow);
    assert_eq!((described.name, described.store.name), ("flow", "S"));
    assert!(described.flow.is_some());
    assert!(
        Description::of_flow(NodeInfo {
            store: UNKNOWN.store,
            ..flow
        })
        .flow
        .is_none()
    );
}

#[test]
fn an_action_without_a_name_is_that_of_an_unknown_node() {
    let with = |actions| NodeInfo {
        store: STORE,
        actions,
        ..UNKNOWN
    };
    assert!(UNKNOWN.is_unknown());
    assert!(
        NodeInfo {
            actions: &["default"],
            ..UNKNOWN
        }
        .is_unknown()
    );
    assert!(with(&[""]).is_unknown());
    assert!(!with(&[]).is_unknown());
    assert!(!with(&ACTIONS).is_unknown());
    assert_eq!(with(&ACTIONS).action("third"), Some(2));
    assert_eq!(with(&ACTIONS).action("fourth"), None);
}
