//! Deserializes a tree so that a type gets the values that it asks for.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};

use crate::lenient::Fault;
use crate::tree::{Form, Node, Seen, Shape};

impl Node {
    /// The node without the tags that a type did not ask for.
    fn untagged(&self) -> &Self {
        let mut node = self;
        while let Shape::Tagged(_, content) = &node.shape {
            node = content;
        }
        node
    }

    fn show<'de, V: Visitor<'de>>(&'de self, seen: Seen, visitor: V) -> Result<V::Value, Fault> {
        match (seen, &self.shape) {
            (Seen::Unit, _) => visitor.visit_unit(),
            (Seen::Bool(value), _) => visitor.visit_bool(value),
            (Seen::Unsigned(value), _) => visitor.visit_u64(value),
            (Seen::Signed(value), _) => visitor.visit_i64(value),
            (Seen::Float(value), _) => visitor.visit_f64(value),
            (Seen::Text(..), _) => {
                visitor.visit_borrowed_str(self.text.as_deref().unwrap_or_default())
            }
            (_, Shape::Seq(items)) => {
                let mut items = items.iter();
                let value = visitor.visit_seq(Items(&mut items))?;
                match items.len() {
                    0 => Ok(value),
                    more => Err(Fault::custom(format_args!(
                        "more items than expected, by {more}"
                    ))),
                }
            }
            (_, Shape::Map(entries)) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
            }),
            (_, Shape::Tagged(tag, content)) => visitor.visit_enum(Tagged(tag, content)),
            _ => visitor.visit_unit(),
        }
    }

    /// For a type that wants a number or a `bool`.
    fn meant<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, Fault> {
        let node = self.untagged();
        match node.shape {
            Shape::Text => node.show(node.other().unwrap_or_else(|| node.own()), visitor),
            _ => node.show(node.own(), visitor),
        }
    }
}

macro_rules! as_meant {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.meant(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let (Shape::Tagged(_, content), Form::Other, None) =
            (&self.shape, self.form.get(), &self.text)
        {
            return content.deserialize_any(visitor);
        }
        self.show(self.seen(), visitor)
    }

    as_meant! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self
            .untagged()
            .text
            .as_ref()
            .and_then(|text| text.parse().ok())
        {
            Some(value) => visitor.visit_i128(value),
            None => self.meant(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self
            .untagged()
            .text
            .as_ref()
            .and_then(|text| text.parse().ok())
        {
            Some(value) => visitor.visit_u128(value),
            None => self.meant(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let node = if self.text.is_some() {
            self
        } else {
            self.untagged()
        };
        node.show(
            node.text.as_deref().map_or_else(|| node.own(), Seen::text),
            visitor,
        )
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.untagged().shape {
            Shape::Unit => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let node = self.untagged();
        match node.shape {
            Shape::Unit => visitor.visit_seq(Items(&mut [].iter())),
            _ => node.show(node.own(), visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let node = self.untagged();
        match node.shape {
            Shape::Unit => visitor.visit_map(Entries {
                rest: [].iter(),
                value: None,
            }),
            _ => node.show(node.own(), visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match (&self.shape, &self.text) {
            (Shape::Tagged(tag, content), _) => visitor.visit_enum(Tagged(tag, content)),
            (Shape::Map(entries), _) if entries.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries {
                    rest: entries.iter(),
                    value: None,
                }))
            }
            (Shape::Map(_) | Shape::Seq(_), _) => {
                let what = if matches!(self.shape, Shape::Map(_)) {
                    Unexpected::Map
                } else {
                    Unexpected::Seq
                };
                Err(Fault::invalid_type(
                    what,
                    &"the name of a variant, alone or as the only key of a map",
                ))
            }
            (_, text) => visitor.visit_enum(BorrowedStrDeserializer::new(
                text.as_deref().unwrap_or_default(),
            )),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bytes byte_buf unit unit_struct }
}

struct Items<'de, 'i>(&'i mut std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.0
            .next()
            .map(|node| seed.deserialize(node).map_err(|fault| fault.within(node)))
            .transpose()
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (Node, Node)>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(key)
            .map(Some)
            .map_err(|fault| fault.within(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let value = self
            .value
            .take()
            .ok_or_else(|| Fault::custom("a value without its key"))?;
        seed.deserialize(value).map_err(|fault| fault.within(value))
    }
}

struct Tagged<'de>(&'de str, &'de Node);

impl<'de> EnumAccess<'de> for Tagged<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        Ok((
            seed.deserialize(BorrowedStrDeserializer::new(self.0))?,
            self,
        ))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        seed.deserialize(self.1)
            .map_err(|fault| fault.within(self.1))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.1
            .deserialize_tuple(len, visitor)
            .map_err(|fault| fault.within(self.1))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.1
            .deserialize_map(visitor)
            .map_err(|fault| fault.within(self.1))
    }
}
