//! Confidential values stay out of the texts that a driver shows: a store holds them, and an error may
//! quote them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use pocketflow::{ConfidentialPart, ConfidentialTexts, Shared};
use serde_json::value::RawValue;

use crate::definition::Definition;

/// The confidential fields of stores: those with `#[shared(redact)]`, also in stores in a store, whether a flow
/// runs on them or not.
///
/// ```
/// use pocketflow::Shared;
/// use pocketflow_durable::Confidential;
///
/// #[derive(Shared)]
/// struct Order {
///     #[shared(redact)]
///     card: String,
///     receipt: Option<String>,
/// }
///
/// let mut confidential = Confidential::default();
/// confidential.add::<Order>();
/// let texts = confidential.texts([("card", r#""4111-1111""#), ("receipt", "null")]);
/// assert_eq!(texts.out_of("the card 4111-1111 is refused"), "the card [redacted] is refused");
/// ```
///
/// A value that a node has made of a confidential one, such as its last four digits, is not among the texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confidential {
    /// Their names, in programs and in what is stored.
    names: BTreeSet<Cow<'static, str>>,
}

impl Confidential {
    /// Adds those of a store.
    pub fn add<S: Shared>(&mut self) {
        for (field, part) in S::STORE.fields.iter().zip(ConfidentialPart::of::<S>()) {
            match part {
                ConfidentialPart::All if !field.skipped => {
                    self.names.extend(field.names().map(Cow::Borrowed));
                }
                ConfidentialPart::Members(names) => {
                    self.names.extend(names.iter().copied().map(Cow::Borrowed));
                }
                _ => {}
            }
        }
    }

    /// Adds those of the stores of a flow as it was when a run was [stored](Definition). They may have other names in this
    /// program.
    pub fn add_stored(&mut self, definition: &Definition) {
        let names = definition.redacted().map(str::to_owned);
        self.names.extend(names.map(Cow::Owned));
    }

    /// The names of the fields, in programs and in what is stored.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The texts and numbers in the confidential fields of a state. `fields` are the names of its fields,
    /// each with its JSON.
    pub fn texts<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> ConfidentialTexts {
        let mut texts = ConfidentialTexts::default();
        self.add_texts(fields, &mut texts);
        texts
    }

    /// Adds the [texts](Self::texts) of a state to others.
    pub fn add_texts<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        texts: &mut ConfidentialTexts,
    ) {
        if !self.is_empty() {
            for (name, json) in fields {
                self.collect(name, json, texts);
            }
        }
    }

    /// Adds the texts of a member, or of confidential members in it.
    fn collect(&self, name: &str, json: &str, texts: &mut ConfidentialTexts) {
        if self.names.contains(name) {
            return scan(json, texts);
        }
        if !self.names().any(|name| json.contains(name)) {
            return;
        }
        if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
            match members.get("$ron") {
                // The members of this text are not told apart.
                Some(_) if members.len() == 1 => scan(json, texts),
                _ => members
                    .iter()
                    .for_each(|(name, value)| self.collect(name, value.get(), texts)),
            }
        } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
            items
                .iter()
                .for_each(|item| self.collect("", item.get(), texts));
        }
    }
}

/// Adds the texts and numbers of a value, which is JSON, or RON as the text of a member `$ron`.
fn scan(text: &str, texts: &mut ConfidentialTexts) {
    let bytes = text.as_bytes();
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let (mut at, mut is_ron) = (0, false);
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        if *byte == b'"' {
            while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at = bytes.len().min(at + 1);
            let literal = &text[start..at];
            let value = serde_json::from_str::<String>(literal);
            let value = value.unwrap_or_else(|_| literal.trim_matches('"').to_owned());
            if std::mem::take(&mut is_ron) {
                scan(&value, texts);
                continue;
            }
            // Such a key may be the name of a member of a struct, which is not confidential.
            let letters = |byte: u8| byte.is_ascii_alphabetic() || b"_-".contains(&byte);
            let is_key = text[at..].trim_start().starts_with(':');
            is_ron = is_key && value == "$ron";
            if !is_key || !value.bytes().all(letters) {
                texts.add(value);
            }
        } else if byte.is_ascii_digit() || *byte == b'-' {
            while bytes.get(at).is_some_and(is_number) {
                at += 1;
            }
            let number = &text[start..at];
            texts.add(number);
            // Rust writes some numbers with a fraction in another way than JSON.
            if number.contains(['.', 'e', 'E']) {
                if let Ok(number) = number.parse::<f64>() {
                    texts.add(number.to_string());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::state::Keeper;

    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Order {
        #[shared(redact)]
        #[serde(rename = "theCard")]
        card: String,
        note: String,
    }

    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Shop {
        #[shared(redact)]
        tokens: HashMap<String, f64>,
        #[shared(redact)]
        number: u128,
        #[shared(redact)]
        limits: Vec<f64>,
        orders: Vec<Order>,
        by_place: HashMap<(u8, u8), Order>,
        owner: String,
    }

    fn shop() -> Shop {
        let order = |card: &str| Order {
            card: card.into(),
            note: "written on a note".into(),
        };
        let placed = Order {
            card: "placed card".into(),
            note: "beside a card".into(),
        };
        Shop {
            tokens: HashMap::from([("token-1234".into(), 12_345_678.0), ("letters".into(), 0.5)]),
            number: u128::MAX,
            limits: vec![f64::NAN, 87_654_321.5],
            orders: vec![
                order("card of gold"),
                order("short"),
                order("a \"quoted\"\ncard"),
            ],
            // JSON has no such keys.
            by_place: HashMap::from([((1, 2), placed)]),
            owner: "the owner".into(),
        }
    }

    fn scrubbed(text: &str) -> String {
        let state = Keeper::default().write(&mut shop()).unwrap();
        let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(&state).unwrap();
        let mut confidential = Confidential::default();
        confidential.add::<Shop>();
        let fields = fields.iter().map(|(name, json)| (*name, json.get()));
        confidential.texts(fields).out_of(text).into_owned()
    }

    #[test]
    fn what_confidential_fields_contain_is_left_out_wherever_it_is() {
        for secret in [
            "token-1234",
            "12345678",
            "12345678.0",
            "340282366920938463463374607431768211455",
            "87654321.5",
            "card of gold",
            "placed card",
            // The members of such a value are not told apart.
            "beside a card",
            "a \"quoted\"\ncard",
            r#"a \"quoted\"\ncard"#,
            r#"a \\\"quoted\\\"\\ncard"#,
        ] {
            let text = format!("before {secret}{secret}, after ä{secret}");
            let without = "before [redacted][redacted], after ä[redacted]";
            assert_eq!(scrubbed(&text), without, "{secret}");
        }
    }

    #[test]
    fn all_else_stays() {
        for text in [
            "",
            "car",
            "short",
            "letters",
            "the owner",
            "written on a note",
            "theCard",
        ] {
            assert_eq!(scrubbed(text), text);
        }
        assert!(Confidential::default().is_empty());
        let texts = Confidential::default().texts([("card", r#""4111-1111""#)]);
        assert_eq!(texts.out_of("4111-1111"), "4111-1111");
    }
}
