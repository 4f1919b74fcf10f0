//! The nodes of a fork combined, and the conflicts between them, compared with sets of names.

use std::collections::BTreeSet;

use proptest::bits::u8::masked;
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::pf007::another_may_write;
use super::super::pf012::returns_only_default;
use crate::graph::fork::shares_store;
use crate::graph::sample::{
    NODE, OTHER, STORE, action, as_flow, fork, graph, leak, message, node, on, place,
};
use crate::graph::{Description, Graph, Place};

const FIELDS: [&str; 5] = ["plain", "a", "b", "c", "d"];
const BRANCHES: [&str; 3] = ["f0", "f1", "f2"];

type Set = BTreeSet<&'static str>;

/// A node of a fork, as plain data.
#[derive(Debug, Clone)]
struct Branch {
    store: u8,
    is_flow: bool,
    reads: u8,
    optional_reads: u8,
    writes: u8,
    possible_writes: u8,
}

impl Branch {
    fn description(&self) -> Description {
        let node = Description {
            store: [STORE, OTHER][usize::from(self.store)],
            reads: names(self.reads),
            optional_reads: names(self.optional_reads),
            writes: names(self.writes),
            possible_writes: names(self.possible_writes),
            ..NODE
        };
        if self.is_flow {
            let flow = leak(graph(vec![place("x", NODE)], ""));
            Description::of_flow(as_flow(crate::graph::sample::node(node), flow))
        } else {
            node
        }
    }

    fn may_read(&self, field: usize) -> bool {
        (self.reads | self.optional_reads) & 1 << field != 0
    }

    /// Whether it may change a field. A flow does not count, because a flow in a fork is the error.
    fn may_write(&self, field: usize) -> bool {
        !self.is_flow && (self.writes | self.possible_writes) & 1 << field != 0
    }
}

fn names(of: u8) -> &'static [&'static str] {
    let all = FIELDS.iter().enumerate();
    let names = all.filter(|(index, _)| of & 1 << index != 0);
    names.map(|(_, name)| *name).collect::<Vec<_>>().leak()
}

/// The names of the fields of a set.
fn named(set: &[u64]) -> Set {
    let fields = STORE.fields.iter().enumerate();
    let fields = fields.filter(|(index, _)| set[index / 64] >> (index % 64) & 1 == 1);
    fields.map(|(_, field)| field.name).collect()
}

fn branches() -> impl Strategy<Value = Vec<Branch>> {
    let few = || prop_oneof![Just(0), masked(0b1_1111).prop_map(|set| set & set >> 1)];
    let rarely = || prop::bool::weighted(0.1);
    let branch = (rarely(), rarely(), few(), few(), few(), few()).prop_map(
        |(is_other, is_flow, reads, optional_reads, writes, possible_writes)| Branch {
            store: is_other.into(),
            is_flow,
            reads,
            optional_reads,
            writes,
            possible_writes,
        },
    );
    vec(branch, 2..=3)
}

/// A flow whose only place is a fork.
fn flow_of(branches: &[Branch]) -> Graph {
    let named = BRANCHES.into_iter().zip(branches);
    let nodes = named.map(|(name, branch)| place(name, branch.description()));
    graph(vec![fork("both", nodes.collect())], "both >> end")
}

proptest! {
    #[test]
    fn a_fork_is_what_its_nodes_on_its_store_are_together(branches in branches()) {
        let flow = flow_of(&branches);
        let Place { node, fork, .. } = flow.places[0];
        let native = |branch: &&Branch| branch.store == branches[0].store;
        let union = |of: &dyn Fn(&Branch) -> u8| -> Set {
            let sets = branches.iter().filter(native).map(of);
            names(sets.fold(0, |all, set| all | set)).iter().copied().collect()
        };
        assert_eq!(node.store.name, fork[0].node.store.name);
        assert_eq!(node.actions, ["default"]);
        assert_eq!(named(node.reads), union(&|branch| branch.reads));
        assert_eq!(named(node.optional_reads), union(&|branch| branch.optional_reads));
        assert_eq!(named(node.writes), union(&|branch| branch.writes));
        assert_eq!(
            named(node.possible_writes),
            union(&|branch| match branch.is_flow {
                true => 0,
                false => branch.writes | branch.possible_writes,
            })
        );
        for (index, branch) in branches.iter().enumerate() {
            assert_eq!(shares_store(fork, index), native(&branch));
            for (field, name) in FIELDS.iter().enumerate() {
                let others = branches.iter().enumerate().filter(|(other, _)| *other != index);
                let mut fills = others.filter(|(_, other)| native(other) && other.may_write(field));
                let real = STORE.field(name).unwrap();
                assert_eq!(another_may_write(fork, index, real), fills.next().is_some(), "{name}");
            }
        }
    }

    #[test]
    fn two_nodes_that_do_not_get_along_name_each_other(branches in branches()) {
        let flow = flow_of(&branches);
        for (index, ours) in branches.iter().enumerate() {
            // The first error, ordered by the other node and then by the field.
            let others = branches.iter().enumerate().filter(|(other, theirs)| {
                *other != index && theirs.store == ours.store
            });
            let pairs = others.flat_map(|(other, theirs)| {
                (0..FIELDS.len()).map(move |field| (other, theirs, field))
            });
            let mut wrong = pairs.filter_map(|(other, theirs, field)| {
                let (name, other, field_name) = (BRANCHES[index], BRANCHES[other], FIELDS[field]);
                if ours.may_write(field) && theirs.may_write(field) {
                    Some(format!(
                        "`{name}` and `{other}` are in one fork, and both write `{field_name}`"
                    ))
                } else if ours.may_write(field) && theirs.may_read(field) {
                    Some(format!(
                        "`{name}` writes `{field_name}`, which `{other}` reads in the same fork"
                    ))
                } else if theirs.may_write(field) && ours.may_read(field) {
                    Some(format!(
                        "`{name}` reads `{field_name}`, which `{other}` writes in the same fork"
                    ))
                } else {
                    None
                }
            });
            let found = message(|| flow.check_fields(0, index));
            let found = found.map(|text| text.lines().next().unwrap().replacen("PF007: ", "", 1));
            assert_eq!(found, wrong.next());
        }
    }
}

#[test]
fn a_fork_with_an_unknown_node_is_unknown() {
    let known = || place("known", NODE);
    let unknown = || place("unknown", Description::UNKNOWN);
    let is_known = |nodes| {
        let fork = fork("both", nodes);
        assert_eq!(fork.node.name, "both");
        !fork.node.is_unknown()
    };
    assert!(is_known(vec![known(), known()]));
    assert!(!is_known(vec![known(), unknown()]));
    assert!(!is_known(vec![unknown(), known()]));
}

const CHOICE: Description = Description {
    actions: &[action("yes", &["a"]), action("no", &["b"])],
    ..NODE
};
const NEVER: Description = Description {
    actions: &[],
    writes: &["c"],
    ..NODE
};
const ONE: Description = Description {
    actions: &[action("yes", &[])],
    ..NODE
};

#[test]
fn a_node_that_chooses_fills_what_its_first_action_does() {
    let fork = fork("both", vec![place("choice", CHOICE), place("never", NEVER)]);
    assert_eq!(named(fork.node.writes), Set::from(["a"]));
}

#[test]
fn a_node_of_a_fork_has_the_one_action_default() {
    let branch = |description| vec![place("first", NODE), place("second", description)];
    let says = |description| {
        let chooses = !returns_only_default(place("second", description).node);
        let flow = graph(vec![fork("both", branch(description))], "");
        assert_eq!(message(|| flow.check_branch(0, 0)), None);
        let text = message(|| flow.check_branch(0, 1));
        assert_eq!(text.is_some(), chooses || description.flow.is_some());
        text.unwrap_or_default()
    };
    let help = "and no edge can follow an action out of a fork\nhelp: let it write what it found \
                to a field, and let the node after the fork choose";
    assert_eq!(says(NODE), "");
    assert_eq!(
        says(CHOICE),
        format!("PF012: `second` returns \"yes\" or \"no\", {help}")
    );
    assert_eq!(
        says(ONE),
        format!("PF012: `second` returns \"yes\", {help}")
    );
    let inner = leak(graph(vec![place("x", NODE)], ""));
    let flow = Description::of_flow(as_flow(node(NODE), inner));
    assert_eq!(
        says(flow),
        "PF012: the flow `second` is in a fork, and it changes the store that the other branches \
         borrow\nhelp: give it a store of its own, in a field of this one, and run it there: \
         `second.on(field)`"
    );
}

/// A fork of flows on these fields.
fn flows_on(branches: Vec<(&'static str, &'static [&'static str], &'static str)>) -> Graph {
    let branches = branches.into_iter().map(|(name, exits, field)| {
        let inner = leak(Graph {
            exits,
            ..graph(vec![place("x", NODE)], "")
        });
        on(name, inner, field, None)
    });
    graph(vec![fork("both", branches.collect())], "")
}

#[test]
fn a_flow_on_a_field_in_a_fork_ends_at_its_end() {
    let says = |exits| {
        let flow = flows_on(vec![
            ("Inner.on(a)", &["default"], "a"),
            ("Inner.on(b)", exits, "b"),
        ]);
        assert_eq!(message(|| flow.check_branch(0, 0)), None);
        message(|| flow.check_branch(0, 1)).unwrap_or_default()
    };
    assert_eq!(says(&["default"]), "");
    assert_eq!(
        says(&["found", "default"]),
        "PF012: `Inner.on(b)` can leave at \"found\" or \"default\", and no edge can follow an \
         exit out of a fork\nhelp: let `Inner` end at `end`, and write what it found to its store; \
         the node after the fork can choose by that"
    );
    assert_eq!(
        says(&[]),
        "PF012: `Inner.on(b)` never ends, and a fork waits for all its branches\nhelp: let the \
         flow `Inner` end"
    );
}

#[test]
fn two_flows_on_one_field_are_reported_once() {
    let says = |first: (&'static str, &'static str), second: (&'static str, &'static str)| {
        let flow = flows_on(vec![
            (first.0, &["default"], first.1),
            (second.0, &["default"], second.1),
        ]);
        [0, 1].map(|branch| message(|| flow.check_fields(0, branch)))
    };
    let a = ("Inner.on(a)", "a");
    assert_eq!(says(a, ("Inner.on(b)", "b")), [None, None]);
    let both = |first, second| {
        Some(format!(
            "PF007: `{first}` and `{second}` are in one fork, and both run on `a`\nhelp: let each \
             flow run on a field of its own, and let the node after the fork combine them"
        ))
    };
    assert_eq!(says(a, a), [None, both("Inner.on(a)", "Inner.on(a)")]);
    assert_eq!(
        says(a, ("again", "a")),
        [None, both("Inner.on(a)", "again")]
    );
}

#[test]
fn a_node_of_a_fork_works_on_the_store_of_the_flow() {
    let on = |store| Description { store, ..NODE };
    let says = |nodes| {
        let flow = graph(vec![fork("both", nodes)], "");
        let found = (0..2).filter_map(|branch| message(|| flow.check_branch(0, branch)));
        found.collect::<Vec<_>>()
    };
    let found = says(vec![place("first", NODE), place("second", on(OTHER))]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .starts_with("PF008: `second` works on the store `Other`, but this flow runs on `S`")
    );
    assert!(says(vec![place("first", on(OTHER)), place("second", on(OTHER))]).is_empty());
    // If the first node of a fork works on another store, the message is about the fork.
    let nodes = [0, 1].map(|_| place("second", on(OTHER)));
    let flow = graph(vec![place("first", NODE), fork("both", nodes.to_vec())], "");
    assert!(message(|| flow.check_branch(1, 0)).is_none());
    assert!(message(|| flow.check_store(1)).is_some());
    // It is unknown whether an unknown node works on another store.
    let unknown = || place("unknown", Description::UNKNOWN);
    assert!(says(vec![place("first", NODE), unknown()]).is_empty());
    assert!(says(vec![unknown(), place("second", on(OTHER))]).is_empty());
}

#[test]
fn what_is_wrong_in_a_fork_comes_with_what_to_write() {
    let does = |reads, writes| Description {
        reads,
        writes,
        ..NODE
    };
    let says = |second: Description| {
        let nodes = vec![
            place("first", does(&["c"], &["b"])),
            place("second", second),
        ];
        let flow = graph(vec![fork("both", nodes)], "");
        [0, 1].map(|branch| message(|| flow.check_fields(0, branch)).unwrap())
    };
    let both = "are in one fork, and both write `b`\nhelp: let each write a different field, and \
                let the node after the fork combine them";
    assert_eq!(
        says(does(&[], &["b"])),
        [
            format!("PF007: `first` and `second` {both}"),
            format!("PF007: `second` and `first` {both}")
        ]
    );
    let help = |order| {
        format!(
            "help: they run at the same time: let the one that reads follow the one that writes, `… >> {order}`"
        )
    };
    assert_eq!(
        says(does(&["b"], &[])),
        [
            format!(
                "PF007: `first` writes `b`, which `second` reads in the same fork\n{}",
                help("first >> second")
            ),
            format!(
                "PF007: `second` reads `b`, which `first` writes in the same fork\n{}",
                help("first >> second")
            ),
        ]
    );
    assert_eq!(
        says(does(&[], &["c"])),
        [
            format!(
                "PF007: `first` reads `c`, which `second` writes in the same fork\n{}",
                help("second >> first")
            ),
            format!(
                "PF007: `second` writes `c`, which `first` reads in the same fork\n{}",
                help("second >> first")
            ),
        ]
    );
}

#[test]
fn a_node_twice_in_one_fork_is_reported_by_another_check() {
    let node = || {
        place(
            "twice",
            Description {
                writes: &["a"],
                ..NODE
            },
        )
    };
    let flow = graph(vec![fork("both", vec![node(), node()])], "");
    assert_eq!(
        [0, 1].map(|branch| message(|| flow.check_fields(0, branch))),
        [None, None]
    );
}
