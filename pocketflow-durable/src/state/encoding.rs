//! How a value is written: as JSON, if that reads back equal.
//!
//! JSON has no infinities, no `Some(None)`, and only strings as keys. A value that it cannot hold
//! is written as [RON](https://docs.rs/ron), in a marked object: `{"$ron":"{(1,2):NaN}"}`. Each
//! text is read back before it counts as written.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Error;

use super::confidential::without_values;
use super::hash::{HashError, OrderMatters, hash};

/// A value that JSON cannot hold.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ron {
    #[serde(rename = "$ron")]
    text: String,
}

/// An error with this message.
pub fn custom(message: impl std::fmt::Display) -> Error {
    serde::de::Error::custom(message)
}

/// Writes the value as a text that [`read`] reads back equal: everything that serde serializes is
/// compared, floats bit for bit.
///
/// `R` is the type that it is read back as. It differs from the value's type only if a serde
/// attribute says so.
pub fn write<W, R>(
    value: &W,
    seen: impl Fn(&R, OrderMatters) -> Result<u128, HashError>,
) -> Result<String, Error>
where
    W: Serialize + ?Sized,
    R: DeserializeOwned,
{
    let check = |text: String| {
        let back = read::<R>(&text)?;
        for order in [OrderMatters::Everywhere, OrderMatters::Nowhere] {
            if hash(value, order).map_err(custom)? == seen(&back, order).map_err(custom)? {
                return Ok(text);
            }
        }
        Err(custom("it would not be read back as it is"))
    };
    let why = match serde_json::to_string(value).and_then(&check) {
        Ok(text) => return Ok(text),
        Err(why) => why,
    };
    let ron = ron::to_string(value)
        .ok()
        .and_then(|text| serde_json::to_string(&Ron { text }).ok());
    ron.and_then(|text| check(text).ok()).ok_or(why)
}

/// [`write()`] for a type without such an attribute.
pub fn write_value<T: Serialize + DeserializeOwned>(value: &T) -> Result<String, Error> {
    write::<T, T>(value, |value, order| hash(value, order))
}

/// Reads a text that [`write()`] wrote, or other JSON. The error does not contain the value.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    match ron(text) {
        Some(text) => ron::from_str(&text).map_err(custom),
        None => serde_json::from_str(text),
    }
    .map_err(|error| without_values(error, text))
}

/// The RON in a text, if the text contains RON.
pub fn ron(text: &str) -> Option<String> {
    let inner = text.trim_start().strip_prefix('{')?.trim_start();
    if !inner.starts_with("\"$ron\"") {
        return None;
    }
    let ron: Ron = serde_json::from_str(text).ok()?;
    Some(ron.text)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};
    use std::fmt::Debug;

    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    /// What is written, after it was read back and found equal.
    fn written<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) -> String {
        let text = write_value(&value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        assert_eq!(read::<T>(&text).unwrap(), value);
        text
    }

    #[test]
    fn what_json_holds_is_json() {
        assert_eq!(
            written((0.1_f64, -0.0_f32, u128::MAX, i128::MIN)),
            format!("[0.1,-0.0,{},{}]", u128::MAX, i128::MIN)
        );
        assert_eq!(written(HashMap::from([(7_u64, true)])), r#"{"7":true}"#);
        assert_eq!(written(vec![Some("a".to_owned()), None]), r#"["a",null]"#);
        assert_eq!(
            written(json!({ "a": [1, null, 2.5] })),
            r#"{"a":[1,null,2.5]}"#
        );
        for _ in 0..20_000 {
            let number = f64::from_bits(fastrand::u64(..));
            if number.is_finite() {
                assert_eq!(
                    read::<f64>(&written(number)).unwrap().to_bits(),
                    number.to_bits()
                );
            }
            let number = f32::from_bits(fastrand::u32(..));
            if number.is_finite() {
                assert_eq!(
                    read::<f32>(&written(number)).unwrap().to_bits(),
                    number.to_bits()
                );
            }
        }
    }

    #[test]
    fn a_raw_text_stays_as_it_was_written() {
        let raw: Box<RawValue> = serde_json::from_str(r#"{ "b": 1.50, "a": 1e2 }"#).unwrap();
        assert_eq!(
            read::<Box<RawValue>>(&write_value(&raw).unwrap())
                .unwrap()
                .get(),
            raw.get()
        );
    }

    #[test]
    fn what_json_does_not_hold_is_ron() {
        assert_eq!(
            written(BTreeMap::from([((1_u8, 2_u8), "a".to_owned())])),
            r#"{"$ron":"{(1,2):\"a\"}"}"#
        );
        assert_eq!(
            written(Some(Some(None::<u8>))),
            r#"{"$ron":"Some(Some(None))"}"#
        );
        assert_eq!(written(Some(None::<u8>)), r#"{"$ron":"Some(None)"}"#);
        assert_eq!(written(Some(())), r#"{"$ron":"Some(())"}"#);
        assert_eq!(written(f64::NEG_INFINITY), r#"{"$ron":"-inf"}"#);
        written(Some(f32::INFINITY));
        written(HashMap::from([
            (Some(1_u8), vec![None, Some(())]),
            (None, Vec::new()),
        ]));
        written(BTreeMap::from([(
            vec!['a'],
            [Some(None), Some(Some(1_i128)), None],
        )]));
        written(Some(json!(null)));
        // Values that look like marked objects.
        written(json!({ "$ron": "12" }));
        written(Some(HashMap::from([("$ron".to_owned(), "x".to_owned())])));
        for nan in [f64::NAN, -f64::NAN] {
            let text = write_value(&[nan]).unwrap();
            assert_eq!(
                read::<[f64; 1]>(&text).unwrap()[0].to_bits(),
                nan.to_bits(),
                "{text}"
            );
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Chain(Option<Box<Chain>>);

    #[test]
    fn a_chain_of_options_is_as_long_as_it_was() {
        for length in [1, 2, 5, 50] {
            let mut chain = Chain(None);
            for _ in 0..length {
                chain = Chain(Some(Box::new(chain)));
            }
            written(Some(Box::new(chain)));
        }
    }

    #[test]
    fn sets_may_come_back_in_another_order() {
        let set: HashSet<u32> = (0..100).collect();
        written(set.clone());
        written(HashMap::from([(1_u8, set)]));
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(i64),
        Real(f64),
    }

    #[derive(Debug, PartialEq)]
    struct Trimmed(String);

    impl Serialize for Trimmed {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&self.0)
        }
    }

    impl<'de> Deserialize<'de> for Trimmed {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Self(String::deserialize(deserializer)?.trim().to_owned()))
        }
    }

    fn nested(depth: u32) -> Value {
        (0..depth).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn what_neither_holds_is_refused() {
        assert_eq!(
            write_value(&Trimmed(" a".into())).unwrap_err().to_string(),
            "it would not be read back as it is"
        );
        written(Trimmed("a".into()));
        written(Number::Real(1.5));
        written(nested(100));
        let error = write_value(&nested(200)).unwrap_err();
        assert!(
            error.to_string().starts_with("recursion limit exceeded"),
            "{error}"
        );
        let odd = f64::from_bits(f64::NAN.to_bits() | 1);
        assert!(
            write_value(&odd).is_err(),
            "the bits of this one are in no text"
        );
    }
}
