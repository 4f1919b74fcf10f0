//! A block as a tree whose scalars know both their YAML type and how they are written.
//!
//! The parser gives a scalar either as the value it stands for or as its text, so the tree is built
//! in two passes: the first asks for the values, the second, led by the tree so far, for the texts.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::{Deserializer, de};

use crate::chars::Hidden;

/// How many values a block may have: a few aliases can stand for a lot of them.
const MOST_NODES: usize = 100_000;

pub(crate) struct Node {
    /// The number of the node, parents before children.
    pub(crate) id: usize,
    pub(crate) shape: Shape,
    /// How it is written, if it can be taken for a string. It has an address of its own, even if
    /// it is empty.
    pub(crate) text: Option<String>,
    pub(crate) form: Cell<Form>,
    /// Its place, whichever the items of lists on the way are.
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

/// Which of its two forms a node shows to a type that does not say what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// What YAML says it is.
    Own,
    /// A string where YAML says something else; a number or `bool` where it says string.
    Other,
    /// What YAML says it is, since the other form was refused.
    OwnAfterAll,
}

/// A value as a type gets to see it, so that its complaint can be traced back.
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

    /// The number or `bool` a text is meant for.
    fn meant_by(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => return Some(Self::Bool(true)),
            "false" | "no" | "off" => return Some(Self::Bool(false)),
            _ => {}
        }
        // Rust would take "nan" and "infinity" as well.
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
    /// What YAML says it is.
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

    /// What else it may be meant for.
    pub(crate) fn other(&self) -> Option<Seen> {
        let text = self.text.as_deref()?;
        if matches!(self.shape, Shape::Text) {
            Seen::meant_by(text)
        } else {
            Some(Seen::text(text))
        }
    }

    /// What it shows at present.
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

    /// Puts the entries of `<<: *defaults` where they belong: into the map, after its own. Whether
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

    /// Adds it and the nodes in it, in the order of the block.
    pub(crate) fn list<'t>(&'t self, found: &mut Vec<&'t Self>) {
        found.push(self);
        // What stands at the same place of another item is of the same class.
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

/// The tree of a block that parses.
pub(crate) fn build(text: &str, hidden: Hidden) -> Result<Node, serde_yaml::Error> {
    let mut root = Values(&Cell::new(0)).deserialize(serde_yaml::Deserializer::from_str(text))?;
    Texts {
        node: &mut root,
        hidden,
        stop_at: None,
    }
    .deserialize(serde_yaml::Deserializer::from_str(text))?;
    Ok(root)
}

/// The line of a node. Only errors of the parser have one, so this makes one, at that node.
pub(crate) fn line_of(text: &str, id: usize) -> Option<usize> {
    let root = &mut Values(&Cell::new(0))
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .ok()?;
    let texts = Texts {
        node: root,
        hidden: Hidden::default(),
        stop_at: Some(id),
    };
    texts
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .err()?
        .location()
        .map(|place| place.line())
}

/// The first pass. It counts the nodes.
#[derive(Clone, Copy)]
struct Values<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let id = self.0.replace(self.0.get() + 1);
        if id >= MOST_NODES {
            return Err(D::Error::custom(format_args!(
                "more than {MOST_NODES} values"
            )));
        }
        let shape = deserializer.deserialize_any(self)?;
        Ok(Node {
            id,
            shape,
            text: None,
            form: Cell::new(Form::Own),
            class: Cell::new(0),
        })
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Unit)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Unit)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        Ok(Shape::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shape, E> {
        Ok(Shape::Signed(value))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Shape, E> {
        Ok(Shape::Text)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Shape, E> {
        Ok(Shape::Text)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Shape, E> {
        Ok(Shape::Float(value))
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Shape::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry_seed(self, self)? {
            entries.push(entry);
        }
        Ok(Shape::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Shape, A::Error> {
        let (tag, content) = tagged.variant()?;
        Ok(Shape::Tagged(
            tag,
            Box::new(content.newtype_variant_seed(self)?),
        ))
    }
}

/// The second pass. It fails at the node where it is to stop.
struct Texts<'n> {
    node: &'n mut Node,
    hidden: Hidden,
    stop_at: Option<usize>,
}

impl Texts<'_> {
    fn check<E: de::Error>(&self) -> Result<(), E> {
        if self.stop_at == Some(self.node.id) {
            Err(E::custom("here"))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.node.is_scalar() {
            deserializer.deserialize_str(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same YAML as before")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.check()?;
        let text = self.hidden.show(text);
        // An empty `String` without room has no address of its own.
        let mut own = String::with_capacity(text.len().max(1));
        own.push_str(&text);
        self.node.text = Some(own);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.check()?;
        let Shape::Seq(items) = &mut self.node.shape else {
            return Ok(());
        };
        for node in items {
            seq.next_element_seed(Texts {
                node,
                hidden: self.hidden,
                stop_at: self.stop_at,
            })?;
            node.set_text_of_item();
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.check()?;
        let Shape::Map(entries) = &mut self.node.shape else {
            return Ok(());
        };
        for (key, value) in entries {
            let key = Texts {
                node: key,
                hidden: self.hidden,
                stop_at: self.stop_at,
            };
            map.next_entry_seed(
                key,
                Texts {
                    node: value,
                    hidden: self.hidden,
                    stop_at: self.stop_at,
                },
            )?;
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        self.check()?;
        let Shape::Tagged(tag, node) = &mut self.node.shape else {
            return Ok(());
        };
        let (_, content) = tagged.variant::<de::IgnoredAny>()?;
        content.newtype_variant_seed(Texts {
            node,
            hidden: self.hidden,
            stop_at: self.stop_at,
        })?;
        // A tag on nothing is text as well: `a: !important`.
        if matches!(node.shape, Shape::Unit) && node.text.as_deref() == Some("") {
            self.node.text = Some(format!("!{tag}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of a block with what they are, in order.
    fn texts(block: &str) -> Vec<(String, &'static str)> {
        let root = build(block, Hidden::default()).unwrap();
        let mut found = Vec::new();
        root.list(&mut found);
        found.retain(|node| node.text.is_some());
        let name = |node: &&Node| match node.shape {
            Shape::Unit => "null",
            Shape::Bool(_) => "bool",
            Shape::Unsigned(_) | Shape::Signed(_) => "int",
            Shape::Float(_) => "float",
            Shape::Text => "text",
            _ => "map",
        };
        found
            .iter()
            .map(|node| (node.text.clone().unwrap(), name(node)))
            .collect()
    }

    #[test]
    fn a_scalar_keeps_how_it_is_written() {
        let cases = [
            ("2024", "2024", "int"),
            ("-0x1F", "-0x1F", "int"),
            ("01234", "01234", "text"),
            ("1.10", "1.10", "float"),
            ("1e3", "1e3", "float"),
            ("True", "True", "bool"),
            ("yes", "yes", "text"),
            ("~", "~", "null"),
            ("NULL", "NULL", "null"),
            ("'5'", "5", "text"),
            ("\"a\\n\\u00e9\"", "a\né", "text"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
                "text",
            ),
            (
                "-123456789012345678901234567890",
                "-123456789012345678901234567890",
                "text",
            ),
            ("!x 5", "5", "int"),
            ("", "", "null"),
        ];
        for (yaml, text, kind) in cases {
            assert_eq!(
                texts(&format!("- {yaml}\n")),
                [(text.to_owned(), kind)],
                "{yaml}"
            );
        }
    }

    #[test]
    fn the_order_is_the_blocks_and_an_item_with_a_colon_may_be_a_text() {
        let found = texts("a: &x [1, {b: 2}]\nc: *x\nd:\n  - e: f\n    g: h\n  - {i: }\n");
        let names: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        let shared = ["1", "b: 2", "b", "2"];
        let expected = [
            &["a"],
            &shared[..],
            &["c"],
            &shared,
            &["d", "e", "f", "g", "h", "i:", "i", ""],
        ]
        .concat();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_node_has_a_line() {
        let block = "a: |\n  x\n  y\nb:\n  - \"q\\\"\"\n  - c: 1\n";
        let lines: Vec<_> = (0..10).map(|id| line_of(block, id)).collect();
        // The map, a, its text, b, the list, "q", the map, c, 1.
        assert_eq!(
            lines,
            [1, 1, 1, 4, 5, 5, 6, 6, 6]
                .map(Some)
                .into_iter()
                .chain([None])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_block_that_grows_too_large_is_refused() {
        let mut block = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for level in 1..7 {
            let below = format!("*a{},", level - 1).repeat(10);
            block += &format!("a{level}: &a{level} [{below}]\n");
        }
        assert!(build(&block, Hidden::default()).is_err());
        assert!(build(&"[".repeat(300), Hidden::default()).is_err());
    }
}
