//! Finds the confidential texts in a value, and the numbers that JSON cannot represent, in every form in which
//! serde can write the value.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Value;

/// The name of the struct as which a text that is JSON already is serialized.
const RAW: &str = "$serde_json::private::RawValue";

/// Which parts of a value are confidential.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parts<'n> {
    All,
    /// The members with these names, wherever they are.
    Members(&'n BTreeSet<&'static str>),
}

/// All texts and numbers in the confidential parts of a value. A value that JSON cannot hold has some as
/// well.
pub(super) fn texts<T: Serialize + ?Sized>(value: &T, parts: Parts<'_>) -> Vec<String> {
    let mut collector = Collector {
        names: match parts {
            Parts::All => None,
            Parts::Members(names) => Some(names),
        },
        inside: matches!(parts, Parts::All),
        ..Collector::default()
    };
    // A value that cannot be serialized to its end has shown its first parts.
    let _ = value.serialize(&mut collector);
    collector.texts
}

/// Whether a value has a number that JSON does not have: `NaN`, or an infinity.
pub(super) fn has_infinite<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut collector = Collector::default();
    let _ = value.serialize(&mut collector);
    collector.infinite
}

/// A serializer that keeps the texts and numbers.
#[derive(Default)]
struct Collector<'n> {
    names: Option<&'n BTreeSet<&'static str>>,
    /// Whether the current value is in a confidential part.
    inside: bool,
    /// Whether the value of the current key of a map is.
    next_inside: bool,
    /// Whether the next text is JSON.
    raw: bool,
    texts: Vec<String>,
    /// Whether there is a number that JSON does not have.
    infinite: bool,
}

impl Collector<'_> {
    fn add(&mut self, text: impl Display) {
        if self.inside {
            self.texts.push(text.to_string());
        }
    }

    /// A number with a fraction, as JSON and as Rust write it.
    fn add_float<F: Display + Serialize>(&mut self, number: F) {
        if self.inside {
            self.texts.extend(serde_json::to_string(&number));
            self.add(number);
        }
    }

    fn is_name(&self, name: &str) -> bool {
        self.names.is_some_and(|names| names.contains(name))
    }

    /// A value that is in a confidential part, or not.
    fn part<T: Serialize + ?Sized>(&mut self, inside: bool, value: &T) -> Result<(), Stop> {
        let around = self.inside;
        self.inside |= inside;
        let result = value.serialize(&mut *self);
        self.inside = around;
        result
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) {
        let texts = texts(key, Parts::All);
        self.next_inside = texts.iter().any(|text| self.is_name(text));
        for text in texts {
            // Such a key may be the name of a member of a struct, which is not confidential.
            let letters = |byte: u8| byte.is_ascii_alphabetic() || b"_-".contains(&byte);
            if !text.bytes().all(letters) {
                self.add(text);
            }
        }
    }
}

/// Why a value stops to be serialized: it says so itself.
#[derive(Debug)]
struct Stop;

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value cannot be serialized")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// The methods for integers.
macro_rules! integers {
    ($($method:ident $number:ty)*) => {
        $(fn $method(self, number: $number) -> Result<(), Stop> {
            self.add(number);
            Ok(())
        })*
    };
}

impl Serializer for &mut Collector<'_> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    integers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    }

    fn serialize_bool(self, _: bool) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_f32(self, number: f32) -> Result<(), Stop> {
        self.infinite |= !number.is_finite();
        self.add_float(number);
        Ok(())
    }

    fn serialize_f64(self, number: f64) -> Result<(), Stop> {
        self.infinite |= !number.is_finite();
        self.add_float(number);
        Ok(())
    }

    fn serialize_char(self, _: char) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Stop> {
        match std::mem::take(&mut self.raw) {
            true => match serde_json::from_str::<Value>(text) {
                Ok(value) => value.serialize(self),
                Err(_) => self.part(true, text),
            },
            false => {
                self.add(text);
                Ok(())
            }
        }
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Stop> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.add(text);
        }
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Stop> {
        self.add(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        // JSON has a member for it.
        let inside = self.is_name(variant);
        self.part(inside, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Stop> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Stop> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Stop> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Stop> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Stop> {
        Ok(self)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, Stop> {
        self.raw = name == RAW;
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Stop> {
        Ok(self)
    }
}

/// The parts of a value that are one after the other.
macro_rules! sequences {
    ($($sequence:ident $method:ident)*) => {
        $(impl $sequence for &mut Collector<'_> {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                self.part(false, value)
            }

            fn end(self) -> Result<(), Stop> {
                Ok(())
            }
        })*
    };
}

sequences! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// The parts of a value that have names.
macro_rules! structs {
    ($($structure:ident)*) => {
        $(impl $structure for &mut Collector<'_> {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Stop> {
                let inside = self.is_name(name);
                self.part(inside, value)
            }

            fn end(self) -> Result<(), Stop> {
                Ok(())
            }
        })*
    };
}

structs! { SerializeStruct SerializeStructVariant }

impl SerializeMap for &mut Collector<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        self.key(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let inside = self.next_inside;
        self.part(inside, value)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}
