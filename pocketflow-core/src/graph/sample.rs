//! Sample graphs for the unit tests. A graph refers to `'static` data, so the tests leak a little
//! memory.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    Bound, Description, ERROR, Each, Edge, ErrorEdge, FieldSets, ForkSets, Graph, NodeInfo, Place,
    Target,
};
use crate::action::ActionInfo;
use crate::store::{Field, Store};

/// The number of words in a set of the fields of [`STORE`].
pub(crate) const WORDS: usize = 2;

const FIELDS: [Field; 64 * WORDS] = {
    let mut fields = [Field::new("unused", false); 64 * WORDS];
    fields[0] = Field::new("plain", false);
    fields[1] = Field::new("a", true);
    fields[63] = Field::new("b", true);
    fields[64] = Field::new("c", true);
    fields[127] = Field::new("d", true);
    fields
};

/// A store whose fields fill several words of a set. The late fields `a`, `b`, `c` and `d` are at
/// the edges of the words.
pub(crate) const STORE: &Store = &Store::new("S", "src/s.rs:1", &FIELDS);

/// Another store, with another name.
pub(crate) const OTHER: &Store = &Store::new("Other", "src/other.rs:1", &FIELDS);

/// A node without fields and without a choice of actions.
pub(crate) const NODE: Description = Description {
    name: "node",
    store: STORE,
    actions: &[ActionInfo::DEFAULT],
    ..Description::UNKNOWN
};

pub(crate) fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The node that a description describes.
pub(crate) fn node(description: Description) -> NodeInfo {
    let description = leak(description);
    leak(FieldSets::<1, { 8 * WORDS }, WORDS>::of(&[description])).nodes(&[description])[0]
}

/// A node that is a flow: it also has sets of fields for its failure, which are empty.
pub(crate) fn as_flow(node: NodeInfo, flow: &'static Graph) -> NodeInfo {
    let with_failure = |sets: &[u64]| -> &'static [u64] { [sets, &[0; WORDS]].concat().leak() };
    NodeInfo {
        writes: with_failure(node.writes),
        assigns: with_failure(node.assigns),
        flow: Some(flow),
        ..node
    }
}

/// A place at which a flow runs on a field, or, with `each`, on its items.
pub(crate) fn on(
    name: &'static str,
    graph: &'static Graph,
    field: &'static str,
    each: Option<Each>,
) -> Place {
    let exits: Vec<ActionInfo> = graph.exits.iter().map(|name| action(name, &[])).collect();
    let described = Description {
        name: "Inner",
        actions: exits.leak(),
        ..NODE
    };
    let flow = Description::of_flow(as_flow(self::node(described), graph));
    let node = leak(self::node(Description::on(&flow, STORE, field, each)));
    let fork = &[];
    Place { name, node, fork }
}

/// An action that writes some fields.
pub(crate) const fn action(name: &'static str, writes: &'static [&'static str]) -> ActionInfo {
    ActionInfo {
        writes,
        ..ActionInfo::named(name)
    }
}

pub(crate) fn place(name: &'static str, description: Description) -> Place {
    let node = leak(node(Description {
        name,
        ..description
    }));
    let fork = &[];
    Place { name, node, fork }
}

pub(crate) fn fork(name: &'static str, nodes: Vec<Place>) -> Place {
    let fork: &'static [Place] = nodes.leak();
    let sets = leak(ForkSets::<WORDS>::of(fork));
    let node = leak(NodeInfo::of_fork(name, fork, sets));
    Place { name, node, fork }
}

/// A flow `F` with two exits, `default` and `other`. The edges are written as in `flow!`, but
/// without quotes, and the exits are called `end` and `other`. An error edge is `- error() >>` or
/// `- error(b) >>`.
pub(crate) fn graph(places: Vec<Place>, edges: &'static str) -> Graph {
    let exits: &'static [&'static str] = &["default", "other"];
    let target = |name: &str| match name {
        "end" => Target::Exit(0),
        "other" => Target::Exit(1),
        name => Target::Place(position(&places, name)),
    };
    let edge = |text: &'static str| {
        let mut words = text.split_whitespace();
        let from = position(&places, words.next().unwrap());
        let (mut action, mut error) = ("default", None);
        if words.next() == Some("-") {
            action = words.next().unwrap();
            assert_eq!(words.next(), Some(">>"));
        }
        if let Some(field) = action.strip_prefix("error(") {
            let field = field.strip_suffix(')').filter(|field| !field.is_empty());
            (action, error) = (ERROR, Some(ErrorEdge { field }));
        }
        let to = target(words.next().unwrap());
        let bound = words.next().map(|word| {
            assert_eq!(word, "max");
            let max = words.next().unwrap().parse().unwrap();
            assert_eq!(words.next(), Some("else"));
            let otherwise = target(words.next().unwrap());
            Bound { max, otherwise }
        });
        Edge {
            from,
            action,
            to,
            bound,
            error,
            written: true,
        }
    };
    let edges = edges
        .split(';')
        .filter(|edge| !edge.trim().is_empty())
        .map(edge);
    Graph {
        name: "F",
        edges: edges.collect::<Vec<_>>().leak(),
        places: places.leak(),
        exits,
        inputs: &[],
    }
}

fn position(places: &[Place], name: &str) -> usize {
    let place = places.iter().position(|place| place.name == name);
    place.unwrap_or_else(|| panic!("there is no place {name}"))
}

/// The message of a check, if it panics.
pub(crate) fn message<T>(check: impl FnOnce() -> T) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
    let text = panic.downcast::<String>().expect("a message is a `String`");
    // The text for the code's page is the same for all messages.
    Some(match text.split_once("\nnote: see `pocketflow::errors::") {
        Some((text, code)) => {
            assert_eq!(text.split(':').next(), code.strip_suffix('`'));
            text.to_owned()
        }
        None => {
            assert!(!text.starts_with("PF"), "{text}");
            *text
        }
    })
}
