//! Small random flows as plain data, which shrinks well.

use std::borrow::Cow;

use proptest::array::uniform3;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::brute::{After, Found, Paths, lay_out};
use crate::graph::Target;

/// A set of fields, with one bit for each.
pub(super) type Set = u8;

pub(super) const FIELDS: usize = 5;
/// All fields but the first, which always has a value.
pub(super) const LATE: Set = 0b1_1110;

pub(super) const PLACES: usize = 7;
pub(super) const EXITS: usize = 2;

#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) inputs: Set,
    pub(super) exits: usize,
    /// The node there, and where its actions lead. An edge for an action that the node does not
    /// have is an error in the flow.
    pub(super) places: Vec<(PlaceKind, [Option<Wire>; 3], Option<ErrorWire>)>,
}

/// Where a place leads if it fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct ErrorWire {
    pub(super) wire: Wire,
    /// The late field that it fills, or none.
    pub(super) field: Set,
}

#[derive(Debug, Clone)]
pub(super) enum PlaceKind {
    Node(Node),
    /// An `await` of this field, as a set, and whether it has a deadline.
    Await(Set, bool),
    Fork(Vec<Node>),
    Flow(Flow),
    On(On),
    OnFork(Vec<On>),
}

/// A flow of another store that runs on a field.
#[derive(Debug, Clone)]
pub(super) struct On {
    pub(super) flow: Flow,
    /// The field, as a set.
    pub(super) field: Set,
    /// For `each`, the late field that collects the failures, or none.
    pub(super) each: Option<Set>,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) reads: Set,
    pub(super) optional_reads: Set,
    /// A set for each action.
    pub(super) writes: Vec<Set>,
    /// The late fields that each action fills or empties.
    pub(super) maybe: Vec<Set>,
    pub(super) fails: bool,
}

/// Where an action leads. [`Flow::target`] turns any number into an exit or a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire {
    pub(super) to: u8,
    pub(super) otherwise: Option<u8>,
}

fn set(late_only: bool, most: usize) -> impl Strategy<Value = Set> {
    vec(usize::from(late_only)..FIELDS, 0..=most)
        .prop_map(|fields| fields.into_iter().fold(0, |set, field| set | 1 << field))
}

fn node(actions: usize) -> impl Strategy<Value = Node> {
    // The nodes read little and fill much, whatever they return. Otherwise hardly any flow would be
    // valid.
    let looks = || prop_oneof![1 => Just(0), 1 => set(false, 1)];
    (
        looks(),
        looks(),
        set(false, 3),
        vec(
            (set(false, 1), prop_oneof![3 => Just(0), 1 => set(true, 2)]),
            1..=actions,
        ),
        any::<bool>(),
    )
        .prop_map(|(reads, optional_reads, always, actions, fails)| Node {
            fails,
            reads,
            optional_reads,
            writes: actions
                .iter()
                .map(|(set, maybe)| (set | always) & !maybe)
                .collect(),
            maybe: actions.into_iter().map(|(_, maybe)| maybe).collect(),
        })
}

/// A flow with at most this many nodes, and with nested flows of at most this many levels.
pub(super) fn flow(most: usize, levels: usize) -> BoxedStrategy<Flow> {
    let kind = prop_oneof![
        4 => node(3).prop_map(PlaceKind::Node),
        1 => (1..FIELDS, any::<bool>()).prop_map(|(field, expires)| PlaceKind::Await(1 << field, expires)),
        1 => vec(node(1), 2..=3).prop_map(PlaceKind::Fork),
    ];
    let kind = match levels {
        0 => kind.boxed(),
        _ => prop_oneof![
            4 => kind,
            2 => flow(3, levels - 1).prop_map(PlaceKind::Flow),
            2 => on(levels - 1).prop_map(PlaceKind::On),
            1 => vec(on(levels - 1), 2..=3).prop_map(on_fork),
        ]
        .boxed(),
    };
    let to = || prop_oneof![Just(0), any::<u8>()];
    let wire = || (to(), weighted(0.2, to())).prop_map(|(to, otherwise)| Wire { to, otherwise });
    let error = (wire(), set(true, 1)).prop_map(|(wire, field)| ErrorWire { wire, field });
    let place = (kind, uniform3(weighted(0.95, wire())), weighted(0.3, error));
    let places = vec(place, 1..=most);
    (set(true, 2), 1..=EXITS, places)
        .prop_map(|(inputs, exits, places)| Flow {
            inputs,
            exits,
            places,
        })
        .boxed()
}

/// A flow on a field, with nested flows of at most this many levels in it.
fn on(levels: usize) -> impl Strategy<Value = On> {
    let each = weighted(0.5, set(true, 1));
    (flow(3, levels), 0..FIELDS, each).prop_map(|(flow, field, each)| On {
        flow,
        field: 1 << field,
        each,
    })
}

/// A fork of flows on fields, which have one exit each.
fn on_fork(mut branches: Vec<On>) -> PlaceKind {
    for On { flow, .. } in &mut branches {
        flow.exits = 1;
    }
    PlaceKind::OnFork(branches)
}

impl PlaceKind {
    /// The place as the flow around it sees it. A flow on a field is a node there, which reads the
    /// field.
    pub(super) fn as_seen(&self) -> Cow<'_, Self> {
        match self {
            Self::On(on) => Cow::Owned(Self::Node(on.as_node())),
            Self::Await(field, false) => Cow::Owned(Self::Node(waits(&[*field], &[0]))),
            Self::Await(field, true) => Cow::Owned(Self::Node(waits(&[*field, 0], &[0, *field]))),
            Self::OnFork(all) => Cow::Owned(Self::Fork(all.iter().map(On::as_node).collect())),
            Self::Node(_) | Self::Fork(_) | Self::Flow(_) => Cow::Borrowed(self),
        }
    }
}

/// A wait as a node: it fills its field, or leaves it empty.
fn waits(writes: &[Set], maybe: &[Set]) -> Node {
    Node {
        reads: 0,
        optional_reads: 0,
        writes: writes.to_vec(),
        maybe: maybe.to_vec(),
        fails: false,
    }
}

impl On {
    fn as_node(&self) -> Node {
        let On { flow, field, each } = self;
        let failures = each.unwrap_or(0);
        let exits = match each {
            Some(_) => 1,
            None => flow.exits,
        };
        let found = Found::new(&lay_out(flow, Paths::Known), flow.inputs, After::Read);
        Node {
            reads: *field,
            optional_reads: failures,
            writes: vec![failures; exits],
            maybe: vec![0; exits],
            // An input may be empty in the inner store.
            fails: failures == 0 && (flow.inputs != 0 || !found.failed.is_empty()),
        }
    }
}

impl Flow {
    /// Where a number leads from a place. 0 is the next place, or the way out of the flow. The
    /// exits follow, then the places.
    pub(super) fn target(&self, from: usize, number: u8) -> Target {
        let places = self.places.len();
        let number = match usize::from(number) {
            0 if from + 1 < places => return Target::Place(from + 1),
            0 => 0,
            number => (number - 1) % (self.exits + places),
        };
        if number < self.exits {
            Target::Exit(number)
        } else {
            Target::Place(number - self.exits)
        }
    }

    /// Everything that any of its nodes may read.
    pub(super) fn looks(&self) -> Set {
        let looks = self.places.iter().map(|(kind, ..)| match &*kind.as_seen() {
            PlaceKind::Node(node) => node.reads | node.optional_reads,
            PlaceKind::Fork(nodes) => union(nodes, |node| node.reads | node.optional_reads),
            PlaceKind::Flow(inner) => inner.inputs | inner.looks(),
            PlaceKind::Await(..) | PlaceKind::On(_) | PlaceKind::OnFork(_) => {
                unreachable!("they are seen as nodes")
            }
        });
        looks.fold(0, |set, looks| set | looks)
    }
}

pub(super) fn union(nodes: &[Node], of: impl Fn(&Node) -> Set) -> Set {
    nodes.iter().fold(0, |set, node| set | of(node))
}
