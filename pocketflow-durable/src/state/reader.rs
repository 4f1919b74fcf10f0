//! A state that is read as one value, by serde's own impl for the store.

use std::collections::BTreeMap;
use std::vec::IntoIter;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;
use serde_json::value::RawValue;

use super::encoding;

/// The fields of a state, by their names.
pub struct StateReader<'a>(Vec<(&'a str, &'a Text)>);

enum Text {
    Json(Box<RawValue>),
    Ron(String),
}

impl StateReader<'_> {
    /// Reads a state.
    pub fn read<S: DeserializeOwned>(state: &str) -> Result<S, Error> {
        let mut fields = Vec::new();
        for (name, text) in serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(state)? {
            match encoding::ron(text.get()) {
                Some(ron) => fields.push((name, Text::Ron(ron))),
                // The members of a field with `flatten` are members of the store.
                None if name.starts_with("..") => {
                    let members: BTreeMap<String, Box<RawValue>> =
                        serde_json::from_str(text.get())?;
                    fields.extend(
                        members
                            .into_iter()
                            .map(|(name, text)| (name, Text::Json(text))),
                    );
                }
                None => fields.push((name, Text::Json(text))),
            }
        }
        S::deserialize(StateReader(
            fields.iter().map(|(name, text)| (&**name, text)).collect(),
        ))
    }
}

impl<'de> Deserializer<'de> for StateReader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Members {
            rest: self.0.into_iter(),
            text: None,
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}

struct Members<'de> {
    rest: IntoIter<(&'de str, &'de Text)>,
    text: Option<&'de Text>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, text)) = self.rest.next() else {
            return Ok(None);
        };
        self.text = Some(text);
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.text.take() {
            Some(Text::Json(text)) => {
                seed.deserialize(&mut serde_json::Deserializer::from_str(text.get()))
            }
            Some(Text::Ron(text)) => {
                let mut ron = ron::Deserializer::from_str(text).map_err(encoding::custom)?;
                seed.deserialize(&mut ron).map_err(encoding::custom)
            }
            None => Err(encoding::custom("a value without a name")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use pocketflow::Shared;
    use serde::{Deserialize, Serialize};
    use serde_json::Value;

    use super::*;
    use crate::state::Keeper;

    #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
    struct Order {
        first_line: String,
        #[serde(rename(serialize = "a", deserialize = "b"))]
        price: Option<f64>,
        seats: HashMap<(u8, u8), String>,
        huge: u128,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
        #[serde(skip)]
        client: u8,
    }

    #[test]
    fn a_state_is_read_by_the_impl_of_the_store() {
        let mut order = Order {
            first_line: "a".into(),
            price: Some(f64::NEG_INFINITY),
            seats: [((1, 2), "b".into())].into(),
            huge: u128::MAX,
            rest: [("x".to_owned(), serde_json::json!([1]))].into(),
            client: 0,
        };
        let state = Keeper::default().write(&mut order).unwrap();
        assert_eq!(StateReader::read::<Order>(&state).unwrap(), order);
        assert_eq!(
            StateReader::read::<Value>(r#"{"b":1,"..rest":{"x":[1]}}"#).unwrap(),
            serde_json::json!({ "b": 1, "x": [1] })
        );
        let mut back = Order::default();
        Keeper::read(&state, &mut back).unwrap();
        assert_eq!(back, order);
        assert!(StateReader::read::<Vec<u8>>(&state).is_err());
    }
}
