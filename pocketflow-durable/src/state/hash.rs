//! A hash of what serde serializes of a value: the same in every process, on every machine, with
//! every version of Rust.

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::hash::Hasher;

use serde::ser::{self, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

/// Where the order of elements changes the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderMatters {
    /// Everywhere, so that values with equal hashes are written as equal texts.
    Everywhere,
    /// In sequences: the elements of a `HashMap` or a `HashSet` have no order.
    InSequences,
    /// Only in tuples and structs: sequences are equal in any order.
    Nowhere,
}

/// The hash of a value, or why serde cannot serialize it.
pub fn hash<T: Serialize + ?Sized>(value: &T, order: OrderMatters) -> Result<u128, HashError> {
    let mut sink = HashSerializer::new(order);
    sink.see(value)?;
    Ok(sink.finish())
}

/// Whether a type is a `HashSet`, which serde writes as a sequence. Only the name of the type
/// shows that. If another compiler names it differently, the order counts, and an item that contains
/// a set may run again.
fn is_set<T: ?Sized>() -> bool {
    let mut name = std::any::type_name::<T>();
    loop {
        let (path, arguments) = name.split_once('<').unwrap_or((name, ""));
        let path = path.trim_start_matches('&');
        match path.rsplit("::").next() {
            Some("HashSet") => return true,
            // Serde does not serialize these wrappers.
            Some("Box" | "Arc" | "Rc" | "Cow") => name = arguments,
            _ => return false,
        }
    }
}

/// Why serde cannot serialize a value: the message of its `Serialize`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HashError(String);

impl ser::Error for HashError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct HashSerializer {
    hasher: SipHasher13,
    order: OrderMatters,
    /// The next sequence is a set.
    set: bool,
}

impl HashSerializer {
    fn new(order: OrderMatters) -> Self {
        Self {
            hasher: SipHasher13::new(),
            order,
            set: false,
        }
    }

    fn see<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), HashError> {
        self.set = self.order == OrderMatters::InSequences && is_set::<T>();
        value.serialize(self)
    }

    fn finish(self) -> u128 {
        self.hasher.finish128().as_u128()
    }

    /// A tag before every value, so that values of two kinds never look the same.
    fn tag(&mut self, tag: u8) {
        self.hasher.write(&[tag]);
    }

    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.tag(tag);
        self.hasher.write(&(bytes.len() as u64).to_le_bytes());
        self.hasher.write(bytes);
    }

    /// An integer has the same hash in any width, so that a field may become wider.
    fn integer(&mut self, value: i128) {
        self.tag(b'i');
        self.hasher.write(&value.to_le_bytes());
    }

    fn many(&mut self, tag: u8, free: bool) -> Many<'_> {
        self.tag(tag);
        let entry = HashSerializer::new(self.order);
        Many {
            sink: self,
            free,
            sum: 0,
            count: 0,
            entry,
        }
    }

    fn variant(&mut self, variant: &str) {
        self.bytes(b'v', variant.as_bytes());
    }
}

/// Several values. If their order does not matter, each is hashed separately.
struct Many<'a> {
    sink: &'a mut HashSerializer,
    free: bool,
    sum: u128,
    count: u64,
    /// The current element or entry, if the order does not matter.
    entry: HashSerializer,
}

impl Many<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), HashError> {
        if self.free {
            self.entry.see(value)
        } else {
            self.sink.see(value)
        }
    }

    fn next(&mut self) {
        self.count += 1;
        if self.free {
            // A sum, because with an exclusive or, two equal values would cancel out.
            self.sum = self
                .sum
                .wrapping_add(self.entry.hasher.finish128().as_u128());
            self.entry.hasher = SipHasher13::new();
        }
    }

    fn done(self) {
        self.sink.hasher.write(&self.sum.to_le_bytes());
        self.sink.hasher.write(&self.count.to_le_bytes());
    }
}

macro_rules! integers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, value: $type) -> Result<(), HashError> {
            self.integer(i128::from(value));
            Ok(())
        })*
    };
}

impl<'a> ser::Serializer for &'a mut HashSerializer {
    type Ok = ();
    type Error = HashError;
    type SerializeSeq = Many<'a>;
    type SerializeTuple = Many<'a>;
    type SerializeTupleStruct = Many<'a>;
    type SerializeTupleVariant = Many<'a>;
    type SerializeMap = Many<'a>;
    type SerializeStruct = Many<'a>;
    type SerializeStructVariant = Many<'a>;

    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128);
    integers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_u128(self, value: u128) -> Result<(), HashError> {
        match i128::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.bytes(b'u', &value.to_le_bytes()),
        }
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), HashError> {
        self.tag(if value { b't' } else { b'f' });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), HashError> {
        self.bytes(b'e', &value.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), HashError> {
        self.bytes(b'd', &value.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), HashError> {
        self.bytes(b'c', &u32::from(value).to_le_bytes());
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), HashError> {
        self.bytes(b's', value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), HashError> {
        self.bytes(b'y', value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), HashError> {
        self.tag(b'n');
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), HashError> {
        self.tag(b'o');
        self.see(value)
    }

    fn serialize_unit(self) -> Result<(), HashError> {
        self.tag(b'0');
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), HashError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), HashError> {
        self.variant(variant);
        self.serialize_unit()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), HashError> {
        self.see(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), HashError> {
        self.variant(variant);
        self.see(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Many<'a>, HashError> {
        let free = self.order == OrderMatters::Nowhere || self.set;
        Ok(self.many(b'[', free))
    }

    fn serialize_tuple(self, _: usize) -> Result<Many<'a>, HashError> {
        Ok(self.many(b'(', false))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Many<'a>, HashError> {
        Ok(self.many(b'(', false))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Many<'a>, HashError> {
        self.variant(variant);
        Ok(self.many(b'(', false))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Many<'a>, HashError> {
        let free = self.order != OrderMatters::Everywhere;
        Ok(self.many(b'{', free))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Many<'a>, HashError> {
        Ok(self.many(b'.', false))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Many<'a>, HashError> {
        self.variant(variant);
        Ok(self.many(b'.', false))
    }
}

macro_rules! elements {
    ($($trait:ident::$element:ident),*) => {
        $(impl ser::$trait for Many<'_> {
            type Ok = ();
            type Error = HashError;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), HashError> {
                self.part(value)?;
                self.next();
                Ok(())
            }

            fn end(self) -> Result<(), HashError> {
                self.done();
                Ok(())
            }
        })*
    };
}

elements!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Many<'_> {
            type Ok = ();
            type Error = HashError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), HashError> {
                self.part(name)?;
                self.part(value)?;
                self.next();
                Ok(())
            }

            fn end(self) -> Result<(), HashError> {
                self.done();
                Ok(())
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Many<'_> {
    type Ok = ();
    type Error = HashError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), HashError> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), HashError> {
        self.part(value)?;
        self.next();
        Ok(())
    }

    fn end(self) -> Result<(), HashError> {
        self.done();
        Ok(())
    }
}
