//! Builds a tree.
//!
//! The parser gives a scalar either as its value or as its text, so there are two passes: the first
//! reads the values, and the second follows the tree and reads the texts.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserializer, de};

use super::{Form, Node, Shape};
use crate::chars::Hidden;

/// The maximum number of values in a block. A few aliases can stand for many values.
const MOST_NODES: usize = 100_000;

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

/// The line of a node. Only parser errors have a line, so this causes an error at the node.
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

/// The second pass. It fails at the node where it should stop.
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
        // An empty `String` without capacity has no unique address.
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
        // A tag without a value is text as well: `a: !important`.
        if matches!(node.shape, Shape::Unit) && node.text.as_deref() == Some("") {
            self.node.text = Some(format!("!{tag}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of a block with their kinds, in order.
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
        // The nodes are: the map, a, its text, b, the list, "q", the map, c, 1.
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
