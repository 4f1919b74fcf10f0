//! A block as a tree, in which each scalar has both its YAML type and its original text.

mod build;

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) use build::{build, line_of};
use serde::de::Unexpected;

pub(crate) struct Node {
    /// The number of the node. Parents come before children.
    pub(crate) id: usize,
    pub(crate) shape: Shape,
    /// The original text, if it can be read as a string. It has a unique address, even if it is
    /// empty.
    pub(crate) text: Option<String>,
    pub(crate) form: Cell<Form>,
    /// Its path in the tree, which is the same for all items of a list.
    pub(crate) class: Cell<u64>,
}

pub(crate) enum Shape {
    Unit,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text,
    Seq(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Tagged(String, Box<Node>),
}

/// Which of its two forms a node shows to a type that does not state what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The type that YAML gives it.
    Own,
    /// A string if YAML gives it another type; a number or `bool` if YAML says that it is a string.
    Other,
    /// The type that YAML gives it, because the other form was rejected.
    OwnAfterAll,
}

/// A value as a type sees it, so that an error of the type can be traced back to a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Seen {
    Unit,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// A text by its address and length.
    Text(usize, usize),
    Map,
    Seq,
    Else,
}

impl Seen {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.as_ptr().addr(), text.len())
    }

    pub(crate) fn of(unexpected: &Unexpected<'_>) -> Self {
        match *unexpected {
            Unexpected::Unit => Self::Unit,
            Unexpected::Bool(value) => Self::Bool(value),
            Unexpected::Unsigned(value) => Self::Unsigned(value),
            Unexpected::Signed(value) => Self::Signed(value),
            Unexpected::Float(value) => Self::Float(value),
            Unexpected::Str(text) => Self::text(text),
            Unexpected::Map => Self::Map,
            Unexpected::Seq => Self::Seq,
            _ => Self::Else,
        }
    }

    /// The number or `bool` that a text may stand for.
    fn meant_by(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => return Some(Self::Bool(true)),
            "false" | "no" | "off" => return Some(Self::Bool(false)),
            _ => {}
        }
        // Rust would accept "nan" and "infinity" as well.
        text.ends_with(|c: char| c.is_ascii_digit() || c == '.')
            .then_some(())?;
        let float = || {
            text.parse()
                .ok()
                .filter(|value: &f64| value.is_finite())
                .map(Self::Float)
        };
        text.parse()
            .map(Self::Unsigned)
            .or_else(|_| text.parse().map(Self::Signed))
            .ok()
            .or_else(float)
    }
}

impl Node {
    /// The value that YAML gives it.
    pub(crate) fn own(&self) -> Seen {
        match self.shape {
            Shape::Unit => Seen::Unit,
            Shape::Bool(value) => Seen::Bool(value),
            Shape::Unsigned(value) => Seen::Unsigned(value),
            Shape::Signed(value) => Seen::Signed(value),
            Shape::Float(value) => Seen::Float(value),
            Shape::Text => self.text.as_deref().map_or(Seen::Else, Seen::text),
            Shape::Map(_) => Seen::Map,
            Shape::Seq(_) => Seen::Seq,
            Shape::Tagged(..) => Seen::Else,
        }
    }

    /// The other value that it may stand for.
    pub(crate) fn other(&self) -> Option<Seen> {
        let text = self.text.as_deref()?;
        if matches!(self.shape, Shape::Text) {
            Seen::meant_by(text)
        } else {
            Some(Seen::text(text))
        }
    }

    /// The value that it shows at present.
    pub(crate) fn seen(&self) -> Seen {
        let other = (self.form.get() == Form::Other).then(|| self.other());
        other.flatten().unwrap_or_else(|| self.own())
    }

    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(
            self.shape,
            Shape::Seq(_) | Shape::Map(_) | Shape::Tagged(..)
        )
    }

    /// An item such as `- Note: the text`, which may be meant as a string.
    fn set_text_of_item(&mut self) {
        let Shape::Map(entries) = &self.shape else {
            return;
        };
        let [(key, value)] = &entries[..] else {
            return;
        };
        if !key.is_scalar() || !value.is_scalar() {
            return;
        }
        match (&key.text, &value.text) {
            (Some(key), Some(value)) if !value.contains('\n') => {
                self.text = Some(format!("{key}: {value}").trim_end().into());
            }
            _ => {}
        }
    }

    /// Merges the entries of `<<: *defaults` into the map, after its own entries. Returns whether
    /// there were any.
    pub(crate) fn merge(&mut self) -> bool {
        let mut merged = false;
        match &mut self.shape {
            Shape::Seq(items) => items.iter_mut().for_each(|item| merged |= item.merge()),
            Shape::Tagged(_, content) => merged |= content.merge(),
            Shape::Map(entries) => {
                entries
                    .iter_mut()
                    .for_each(|(_, value)| merged |= value.merge());
                let given = |(key, value): &(Node, Node)| {
                    let maps = |items: &[Node]| {
                        items.iter().all(|item| matches!(item.shape, Shape::Map(_)))
                    };
                    let fits = match &value.shape {
                        Shape::Map(_) => true,
                        Shape::Seq(items) => maps(items),
                        _ => false,
                    };
                    fits && key.text.as_deref() == Some("<<")
                };
                if !entries.iter().any(given) {
                    return merged;
                }
                let (sources, own): (Vec<_>, Vec<_>) =
                    std::mem::take(entries).into_iter().partition(given);
                *entries = own;
                let key = |(key, _): &(Node, Node)| key.text.clone();
                let mut known: HashSet<_> = entries.iter().map(key).collect();
                for (_, source) in sources {
                    let maps = match source.shape {
                        Shape::Seq(items) => items.into_iter().map(|item| item.shape).collect(),
                        map => vec![map],
                    };
                    for map in maps {
                        if let Shape::Map(more) = map {
                            entries
                                .extend(more.into_iter().filter(|entry| known.insert(key(entry))));
                        }
                    }
                }
                merged = true;
            }
            _ => {}
        }
        merged
    }

    /// Adds the node and the nodes inside it, in the order of the block.
    pub(crate) fn list<'t>(&'t self, found: &mut Vec<&'t Self>) {
        found.push(self);
        // The nodes at the same path in other items are of the same class.
        let below = |node: &'t Self, part: u8, key: Option<&str>, found: &mut Vec<&'t Self>| {
            let mut hasher = DefaultHasher::new();
            (self.class.get(), part, key).hash(&mut hasher);
            node.class.set(hasher.finish());
            node.list(found);
        };
        match &self.shape {
            Shape::Seq(items) => items.iter().for_each(|item| below(item, 0, None, found)),
            Shape::Map(entries) => entries.iter().for_each(|(key, value)| {
                below(key, 1, key.text.as_deref(), found);
                below(value, 2, key.text.as_deref(), found);
            }),
            Shape::Tagged(tag, content) => below(content, 3, Some(tag), found),
            _ => {}
        }
    }
}
