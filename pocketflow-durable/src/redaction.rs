//! Confidential values stay out of the texts that a driver shows: a store holds them, and an error may
//! quote them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use pocketflow::{InnerStore, Shared};
use serde_json::value::RawValue;

use crate::definition::Definition;

/// What stands for a confidential text inside another text. A record of a run has the same.
const REDACTED: &str = "[redacted]";

/// A shorter text is too common to be looked for.
const SHORTEST: usize = 6;

/// How many bytes of a text decide whether it is compared as a whole.
const PREFIX: usize = 4;

/// The confidential fields of stores: those with `#[shared(redact)]`, also in stores in a store.
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confidential {
    /// Their names, in programs and in what is stored.
    names: BTreeSet<Cow<'static, str>>,
}

impl Confidential {
    /// Adds those of a store.
    pub fn add<S: Shared>(&mut self) {
        let mut names = BTreeSet::new();
        add(&InnerStore::of::<S>(), &mut names, &mut Vec::new());
        self.names.extend(names.into_iter().map(Cow::Borrowed));
    }

    /// Adds those of the stores of a flow as it was when a run was [stored](Definition). They may have other names in this
    /// program.
    pub fn add_stored(&mut self, definition: &Definition) {
        let names = definition.redacted().map(str::to_owned);
        self.names.extend(names.map(Cow::Owned));
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
        let mut texts = BTreeSet::new();
        if !self.is_empty() {
            for (name, json) in fields {
                self.collect(name, json, &mut texts);
            }
        }
        texts.retain(|text| text.chars().count() >= SHORTEST);
        ConfidentialTexts::new(texts)
    }

    /// Adds the texts of a member, or of confidential members in it.
    fn collect(&self, name: &str, json: &str, texts: &mut BTreeSet<String>) {
        if self.names.contains(name) {
            return scan(json, texts);
        }
        if !self.names.iter().any(|name| json.contains(&**name)) {
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

/// Adds the names of confidential fields. Returns whether one of them has no name in what is stored, because
/// serde flattens it.
fn add(
    store: &InnerStore,
    names: &mut BTreeSet<&'static str>,
    known: &mut Vec<&'static str>,
) -> bool {
    // A store may contain stores of its own type.
    if known.contains(&store.store.id) {
        return false;
    }
    let outermost = known.is_empty();
    known.push(store.store.id);
    let mut flattened = false;
    for (index, field) in store.store.fields.iter().enumerate() {
        if field.skipped {
            continue;
        }
        if field.redacted {
            names.extend(field.names());
            flattened |= field.stored.starts_with("..");
            continue;
        }
        let inner = (store.inner)(index);
        let has_flattened = inner.is_some_and(|inner| add(&inner, names, known));
        match outermost {
            // The whole field counts as confidential.
            true if has_flattened => names.extend(field.names()),
            _ => flattened |= has_flattened,
        }
    }
    flattened
}

/// Adds the texts and numbers of a value, which is JSON, or RON as the text of a member `$ron`.
fn scan(text: &str, texts: &mut BTreeSet<String>) {
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
                texts.insert(value);
            }
        } else if byte.is_ascii_digit() || *byte == b'-' {
            while bytes.get(at).is_some_and(is_number) {
                at += 1;
            }
            let number = &text[start..at];
            texts.insert(number.to_owned());
            // Rust writes some numbers with a fraction in another way than JSON.
            if number.contains(['.', 'e', 'E']) {
                texts.extend(number.parse::<f64>().map(|number| number.to_string()));
            }
        }
    }
}

/// The confidential texts and numbers of a state.
///
/// A text of fewer than 6 characters is not among them, because it is too common. Neither is a value that a
/// node has made of a confidential one, such as its last four digits.
#[derive(Debug, Clone, Default)]
pub struct ConfidentialTexts {
    /// The texts, and each as texts of JSON and of `{:?}` contain it, by their first bytes.
    forms: HashMap<[u8; PREFIX], Vec<String>>,
}

impl ConfidentialTexts {
    fn new(texts: BTreeSet<String>) -> Self {
        let mut all = Self::default();
        for text in texts {
            let mut forms = BTreeSet::from([text]);
            // A text may be quoted, and what contains it may be quoted again.
            for _ in 0..2 {
                let quoted: Vec<_> = forms
                    .iter()
                    .flat_map(|form| {
                        let json = serde_json::to_string(form).expect("a text is JSON");
                        [json, format!("{form:?}")]
                    })
                    .collect();
                forms.extend(quoted.iter().map(|it| it[1..it.len() - 1].to_owned()));
            }
            for form in forms {
                if let Some(first) = form.as_bytes().first_chunk() {
                    all.forms.entry(*first).or_default().push(form);
                }
            }
        }
        all
    }

    /// The text without them.
    pub fn out_of<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut without, mut from) = (String::new(), 0);
        for range in found {
            without += &text[from..range.start];
            without += REDACTED;
            from = range.end;
        }
        Cow::Owned(without + &text[from..])
    }

    /// Where they are. Those that overlap are one.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.forms.is_empty() {
            return found;
        }
        let bytes = text.as_bytes();
        for (at, prefix) in bytes.windows(PREFIX).enumerate() {
            let forms = self.forms.get(prefix).into_iter().flatten();
            let here = forms.filter(|form| bytes[at..].starts_with(form.as_bytes()));
            let Some(longest) = here.map(String::len).max() else {
                continue;
            };
            match found.last_mut() {
                Some(last) if at < last.end => last.end = last.end.max(at + longest),
                _ => found.push(at..at + longest),
            }
        }
        found
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

    #[test]
    fn texts_that_overlap_are_one() {
        let mut confidential = Confidential::default();
        confidential.add::<Order>();
        let texts = confidential.texts([("theCard", r#"["abcdef", "defghi", "abcdefg"]"#)]);
        assert_eq!(
            texts.out_of("<abcdefghi> abcdef"),
            "<[redacted]> [redacted]"
        );
    }
}
