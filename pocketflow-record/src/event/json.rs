//! Values of fields and of execs.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A value as JSON text, just as it is in the record. Two values are equal if their texts are.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Writes a value.
    ///
    /// # Errors
    ///
    /// If JSON cannot hold it.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// Takes a text.
    ///
    /// # Errors
    ///
    /// If it is not JSON.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// `null`
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The mark of a value that is confidential.
    pub fn redacted() -> Self {
        Self::of(&Mark { redacted: true }).expect("it is JSON")
    }

    /// The mark of a value that JSON cannot hold.
    pub fn unwritable(why: &str) -> Self {
        Self::of(&Unwritable { why: why.into() }).expect("it is JSON")
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Reads the value as a type.
    ///
    /// # Errors
    ///
    /// If it is not a value of this type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// The value as a tree.
    ///
    /// # Errors
    ///
    /// If a tree cannot hold it: it is nested too deep, or a number is too large.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        self.read()
    }

    /// Whether this is the [mark](Self::redacted) of a confidential value.
    pub fn is_redacted(&self) -> bool {
        self.text().starts_with('{') && self.read().is_ok_and(|mark: Mark| mark.redacted)
    }

    /// Why JSON cannot hold the value, if this is [such a mark](Self::unwritable).
    pub fn why_unwritable(&self) -> Option<String> {
        if !self.text().starts_with('{') {
            return None;
        }
        self.read().ok().map(|mark: Unwritable| mark.why)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    #[serde(rename = "$redacted")]
    redacted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unwritable {
    #[serde(rename = "$unwritable")]
    why: String,
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Values by the names of their fields, in the order of the store. In the record, it is an object.
#[derive(Clone, Default, PartialEq)]
pub struct Values(Vec<(String, Json)>);

impl Values {
    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&Json> {
        let mut values = self.0.iter();
        values.find_map(|(name, value)| (name == field).then_some(value))
    }

    /// Sets the value of a field. A new field comes last.
    pub fn set(&mut self, field: impl Into<String>, value: Json) {
        let field = field.into();
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, known)) => *known = value,
            None => self.0.push((field, value)),
        }
    }

    /// The fields and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Json)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the values of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
