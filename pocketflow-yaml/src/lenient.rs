//! Reads a block as a type, and converts scalars to what the type needs.
//!
//! A type that states what it wants gets it: see `show`. But serde reads the content of internally
//! tagged, flattened and untagged types before it knows what they want, so it takes each value as
//! YAML defines it, and the type reports an error later. The error identifies the value: a string
//! exactly, by its address, and any other value by its content. So [`from_tree`] shows that value
//! in its other form and tries again until no error is left.

use std::cell::RefCell;
use std::fmt::{self, Display};

use serde::de::value::Error as Words;
use serde::de::{DeserializeOwned, Expected, Unexpected};

use crate::chars::Hidden;
use crate::error::parts;
use crate::tree::{Form, Node, Seen, Shape, build, line_of};
use crate::work;

/// The maximum number of nodes that all attempts together may read, unless a few attempts already
/// read more.
const MOST_WORK: usize = 400_000;

/// An error and its line.
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) line: Option<usize>,
}

/// Reads a block that parses.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str, hidden: Hidden) -> Result<T, Wrong> {
    let mut root = build(text, hidden).map_err(|error| {
        let (message, lines) = parts(&error);
        Wrong {
            message,
            line: lines.first().copied(),
        }
    })?;
    root.merge();
    let mut nodes = Vec::new();
    root.list(&mut nodes);
    let fault = match from_tree(&root, &nodes) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    let line = fault.place(&nodes).and_then(|id| line_of(text, id));
    Err(Wrong {
        message: fault.message,
        line,
    })
}

/// The maximum number of times that a tree of this size is read. A large tree is read fewer times,
/// so that the cost per node stays the same.
fn attempts(size: usize) -> usize {
    (MOST_WORK / size).clamp(64, 1_000)
}

/// Reads a tree, changing the form of as few nodes as possible.
fn from_tree<T: DeserializeOwned>(root: &Node, nodes: &[&Node]) -> Result<T, Fault> {
    let size = nodes.len();
    let mut left = attempts(size);
    let mut changed: Vec<&Node> = Vec::new();
    let mut value = loop {
        let (result, complaints) = attempt::<T>(root, size);
        let fault = match result {
            Ok(value) => break value,
            Err(fault) => fault,
        };
        left -= 1;
        if left == 0 || !change(&fault, &complaints, nodes, &mut changed) {
            return Err(fault);
        }
    };
    // If several values are equal, more of them may have been changed than necessary, and an
    // `Option` accepts a string in place of a null without an error.
    changed.retain(|node| node.form.get() == Form::Other);
    if changed.len() > 1 {
        let mut groups: Vec<&[&Node]> = Vec::new();
        groups.extend(changed.chunk_by(|one, other| one.class == other.class));
        groups.reverse();
        while let Some(group) = groups.pop().filter(|_| left > 0) {
            group.iter().for_each(|node| node.form.set(Form::Own));
            left -= 1;
            if let Ok(better) = attempt(root, size).0 {
                value = better;
                continue;
            }
            group.iter().for_each(|node| node.form.set(Form::Other));
            if group.len() > 1 {
                let (first, second) = group.split_at(group.len() / 2);
                groups.extend([second, first]);
            }
        }
    }
    Ok(value)
}

/// Changes the form of the value that the type rejected. Returns whether there was a value to
/// change.
fn change<'n>(
    fault: &Fault,
    complaints: &[Seen],
    nodes: &[&'n Node],
    changed: &mut Vec<&'n Node>,
) -> bool {
    // serde's buffer for content of a type that it does not know yet cannot hold tagged values.
    if fault.message.ends_with("do not support enum input") {
        let tagged =
            |node: &&&Node| matches!(node.shape, Shape::Tagged(..)) && node.form.get() == Form::Own;
        let tagged = nodes
            .iter()
            .filter(tagged)
            .map(|node| node.form.set(Form::Other))
            .count();
        return tagged > 0;
    }
    // The rejected value is inside the node that was being read.
    let mut inside = Vec::new();
    let read = fault
        .node
        .and_then(|id| nodes.iter().find(|node| node.id == id));
    match read {
        Some(node) => node.list(&mut inside),
        None => inside.extend_from_slice(nodes),
    }
    inside.retain(|node| node.other().is_some());
    // The last complaint either ended the attempt or comes from the last variant of an untagged
    // enum.
    let blamed = |form: Form| {
        let blamed = |seen: &Seen| {
            inside
                .iter()
                .copied()
                .find(|node| node.form.get() == form && node.seen() == *seen)
        };
        complaints.iter().rev().find_map(blamed)
    };
    if let Some(node) = blamed(Form::Own) {
        // What one item needs, each similar item most likely needs too.
        let kind = std::mem::discriminant(&node.shape);
        let alike = |other: &&&Node| {
            let same = other.class == node.class && std::mem::discriminant(&other.shape) == kind;
            same && other.form.get() == Form::Own && other.other().is_some()
        };
        for other in nodes.iter().filter(alike) {
            other.form.set(Form::Other);
            changed.push(other);
        }
        return true;
    }
    blamed(Form::Other).is_some_and(|node| {
        node.form.set(Form::OwnAfterAll);
        true
    })
}

thread_local! {
    /// The values that types did not accept. An untagged enum drops the errors of its variants, so
    /// the errors cannot carry these values.
    static COMPLAINTS: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

fn attempt<T: DeserializeOwned>(root: &Node, size: usize) -> (Result<T, Fault>, Vec<Seen>) {
    work::add(size);
    let outer = COMPLAINTS.take();
    let result = T::deserialize(root);
    (result, COMPLAINTS.replace(outer))
}

/// Why a tree does not fit a type.
#[derive(Debug)]
pub(crate) struct Fault {
    message: String,
    /// The value or key that the error is about.
    seen: Seen,
    /// The innermost node that was being read, or `None` for the whole block.
    node: Option<usize>,
}

impl Fault {
    fn new(words: Words, seen: Seen) -> Self {
        Self {
            message: words.to_string(),
            seen,
            node: None,
        }
    }

    fn refused<'u>(
        unexpected: Unexpected<'u>,
        words: impl FnOnce(Unexpected<'u>) -> Words,
    ) -> Self {
        let seen = Seen::of(&unexpected);
        COMPLAINTS.with_borrow_mut(|complaints| complaints.push(seen));
        // serde calls it "unit value", which is a Rust term.
        Self::new(
            words(if seen == Seen::Unit {
                Unexpected::Other("null")
            } else {
                unexpected
            }),
            seen,
        )
    }

    pub(crate) fn within(mut self, node: &Node) -> Self {
        self.node.get_or_insert(node.id);
        self
    }

    /// The node that the error is about, as far as it can be determined.
    fn place(&self, nodes: &[&Node]) -> Option<usize> {
        let from = self.node.unwrap_or(0);
        let inside = || nodes.iter().filter(|node| node.id >= from);
        let by_text = || {
            nodes
                .iter()
                .find(|node| node.text.as_deref().map(Seen::text) == Some(self.seen))
        };
        let exact = || {
            nodes.iter().find(|node| {
                Some(node.id) == self.node && (node.is_scalar() || node.own() == self.seen)
            })
        };
        let by_value = || {
            let mut same = inside()
                .filter(|node| node.id > 0 && self.seen != Seen::Else && node.own() == self.seen);
            // Lists and maps have no content to compare, so there must be only one.
            same.next()
                .filter(|node| node.is_scalar() || same.next().is_none())
        };
        let by_name = || {
            let name = self
                .message
                .split('`')
                .nth(1)
                .filter(|_| !self.message.starts_with("missing field"))?;
            let second = usize::from(self.message.starts_with("duplicate field"));
            inside()
                .filter(|node| node.text.as_deref() == Some(name))
                .nth(second)
        };
        let node = by_text().or_else(exact).or_else(by_value).or_else(by_name);
        node.map(|node| node.id).or(self.node)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<M: Display>(message: M) -> Self {
        Self::new(Words::custom(message), Seen::Else)
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::refused(unexpected, |unexpected| {
            Words::invalid_type(unexpected, expected)
        })
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::refused(unexpected, |unexpected| {
            Words::invalid_value(unexpected, expected)
        })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            Words::unknown_variant(variant, expected),
            Seen::text(variant),
        )
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Words::unknown_field(field, expected), Seen::text(field))
    }
}
