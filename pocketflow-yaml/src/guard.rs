//! Limits what a block may cost.

use std::cell::Cell;
use std::fmt;

use serde::Deserializer;
use serde::de::{
    self, DeserializeSeed, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::line::{Head, begins_string, indent, is_blank, properties};

/// The maximum nesting of collections. The parser has the same limit, but it checks it only after
/// it has read everything, and for brackets that takes quadratic time in the depth.
pub(crate) const DEEPEST: usize = 128;

/// The maximum number of values, and of bytes, that the aliases of a block may stand for.
const MOST_VALUES: usize = 100_000;
const MOST_BYTES: usize = 16 << 20;

/// The line, counted from 1, in which brackets are nested too deeply.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut string: Option<usize> = None;
    let mut open = 0_usize;
    let mut quoted: Option<char> = None;
    for (number, line) in text.lines().enumerate() {
        let mut from = 0;
        if open == 0 {
            if string.is_some_and(|column| line.trim().is_empty() || indent(line) > column) {
                continue;
            }
            string = None;
            if is_blank(line) {
                continue;
            }
            let head = Head::of(line);
            from = head.map_or(indent(line), |head| head.start).min(line.len());
            let value = line[from..].trim_end();
            if let Some(head) = head.filter(|_| begins_string(value)) {
                string = Some(head.column);
                continue;
            }
            from += properties(value);
            if !line[from..].starts_with(['{', '[']) {
                continue;
            }
        }
        let mut chars = line[from..].chars();
        let mut last = ',';
        while let Some(c) = chars.next() {
            match (quoted, c) {
                (Some('"'), '\\') => drop(chars.next()),
                (Some(quote), c) if quote == c => quoted = None,
                (Some(_), _) => {}
                (None, '"' | '\'') if "{[,:? ".contains(last) => quoted = Some(c),
                (None, '#') if last == ' ' => break,
                (None, '{' | '[') => open += 1,
                (None, '}' | ']') => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        break;
                    }
                }
                _ => {}
            }
            if open > DEEPEST {
                return Some(number + 1);
            }
            last = c;
        }
    }
    None
}

/// Whether the aliases of the text stand for more values or bytes than allowed.
pub(crate) fn too_large(text: &str) -> bool {
    if !(text.contains('&') && text.contains('*')) {
        return false;
    }
    let sum = Sum {
        values: Cell::new(0),
        bytes: Cell::new(0),
    };
    let result = (&sum).deserialize(serde_yaml::Deserializer::from_str(text));
    result.is_err()
        && (sum.exceeded()
            || result.is_err_and(|error| error.to_string().contains("repetition limit")))
}

/// Adds up the values and bytes that aliases stand for.
struct Sum {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Sum {
    fn exceeded(&self) -> bool {
        self.values.get() > MOST_VALUES || self.bytes.get() > MOST_BYTES
    }

    fn add<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        if self.exceeded() {
            Err(E::custom("too large"))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Sum {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! add {
    ($($method:ident: $type:ty),*) => {$(
        fn $method<E: de::Error>(self, _: $type) -> Result<(), E> {
            self.add(1)
        }
    )*};
}

impl<'de> Visitor<'de> for &Sum {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    add!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128, visit_f64: f64);

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.add(1)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.add(text.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.add(1)?;
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.add(1)?;
        while map.next_entry_seed(self, self)?.is_some() {}
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        tagged.variant::<IgnoredAny>()?.1.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_that_of_brackets_alone() {
        let deep = |n: usize| "[".repeat(n);
        assert_eq!(too_deep(&deep(128)), None);
        assert_eq!(too_deep(&deep(129)), Some(1));
        assert_eq!(
            too_deep(&format!("a: 1\nb: &x !t {}", "{a: ".repeat(129))),
            Some(2)
        );
        assert_eq!(too_deep(&format!("- - {}", "[\n".repeat(200))), Some(129));
        for fine in [
            format!("a: |\n  {}\n", deep(300)),
            format!("- b: >-\n    {}\n", deep(300)),
            format!("a: x {}", deep(300)),
            format!("a: [\"{}\"]", deep(300)),
            format!("a: ['{}']", deep(300)),
            "a: [x]\n".repeat(300),
            format!("# {}", deep(300)),
        ] {
            assert_eq!(too_deep(&fine), None, "{fine}");
        }
    }

    #[test]
    fn aliases_are_added_up() {
        let mut laughs = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for level in 1..7 {
            let below = format!("*a{},", level - 1).repeat(10);
            laughs += &format!("a{level}: &a{level} [{below}]\n");
        }
        assert!(too_large(&laughs));
        let long = format!("- &x {}\n{}", "x".repeat(100_000), "- *x\n".repeat(1000));
        assert!(too_large(&long));
        assert!(!too_large("a: &x [1, 2]\nb: *x\n"));
        assert!(!too_large("a: *x & y"));
    }
}
