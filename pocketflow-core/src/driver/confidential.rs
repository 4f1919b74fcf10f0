//! Confidential texts stay out of what a driver writes and shows.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::{self, Write};
use std::ops::Range;

/// What stands for a confidential text inside another text.
const REDACTED: &str = "[redacted]";

/// A shorter text is too common to be looked for.
const SHORTEST: usize = 6;

/// All texts that are looked for have no more bytes than this.
const MOST: usize = if cfg!(test) { 1 << 16 } else { 16 << 20 };

/// How many bytes of a text decide whether a text that is looked for may begin there.
const PREFIX: usize = 4;

/// Texts that are confidential, such as the values of fields with `#[shared(redact)]`, for a driver that writes
/// or shows other texts: an error may quote them.
///
/// ```
/// use pocketflow::ConfidentialTexts;
///
/// let mut confidential = ConfidentialTexts::default();
/// confidential.add("4111-1111");
/// assert_eq!(confidential.out_of("the card 4111-1111 is refused"), "the card [redacted] is refused");
/// assert_eq!(confidential.out_of("the card is refused"), "the card is refused");
/// ```
///
/// They are found as they are, and as JSON and `{:?}` quote them, also if they are quoted repeatedly. A text of
/// fewer than 6 characters is not looked for, because it is in many texts by chance. The texts have 16 MB at most:
/// with more, the longest are forgotten.
#[derive(Clone, Default)]
pub struct ConfidentialTexts {
    texts: HashSet<String>,
    /// How many bytes these have.
    bytes: usize,
    /// The texts, and each as texts of JSON and of `{:?}` contain it, by the hash of their first bytes.
    forms: HashMap<u16, Vec<String>>,
    /// A bit for each of these hashes.
    hashes: Vec<u64>,
}

impl ConfidentialTexts {
    /// Adds a text, unless it is too short.
    pub fn add(&mut self, text: impl Into<String>) {
        let text = text.into();
        if text.chars().count() < SHORTEST || self.texts.contains(&text) {
            return;
        }
        self.bytes += text.len();
        self.add_forms(&text);
        self.texts.insert(text);
        if self.bytes > MOST {
            self.forget();
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether one of them is in the text.
    pub fn are_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// The text with `[redacted]` in place of each of them.
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

    /// Forgets the longest text, which is the least likely to be in another text as a whole.
    fn forget(&mut self) {
        let longest = self.texts.iter().max_by_key(|text| text.len()).cloned();
        let texts: Vec<_> = std::mem::take(self).texts.into_iter().collect();
        for text in texts {
            if longest.as_ref() != Some(&text) {
                self.add(text);
            }
        }
    }

    fn add_forms(&mut self, text: &str) {
        let mut forms = BTreeSet::from([text.to_owned()]);
        // A text may be quoted, and what contains it may be quoted again.
        for _ in 0..3 {
            let quoted = forms.iter().flat_map(|form| {
                let debug = format!("{form:?}");
                [in_json(form), debug[1..debug.len() - 1].to_owned()]
            });
            let quoted: Vec<_> = quoted.collect();
            forms.extend(quoted);
        }
        self.hashes.resize(1 << 10, 0);
        for form in forms {
            let hash = hash(form.as_bytes());
            self.hashes[usize::from(hash >> 6)] |= 1 << (hash & 63);
            let forms = self.forms.entry(hash).or_default();
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }

    /// Where they are. Those that overlap are one.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.texts.is_empty() {
            return found;
        }
        let bytes = text.as_bytes();
        for (at, prefix) in bytes.windows(PREFIX).enumerate() {
            let hash = hash(prefix);
            if self.hashes[usize::from(hash >> 6)] >> (hash & 63) & 1 == 0 {
                continue;
            }
            let forms = self.forms.get(&hash).into_iter().flatten();
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

/// It does not print the texts.
impl fmt::Debug for ConfidentialTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfidentialTexts")
            .field("count", &self.texts.len())
            .finish_non_exhaustive()
    }
}

/// A hash of the first bytes.
fn hash(bytes: &[u8]) -> u16 {
    let prefix = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let [_, _, low, high] = prefix.wrapping_mul(0x9e37_79b1).to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// A text as `serde_json` writes it, without the quotation marks.
fn in_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => json += "\\\"",
            '\\' => json += "\\\\",
            '\u{8}' => json += "\\b",
            '\t' => json += "\\t",
            '\n' => json += "\\n",
            '\u{c}' => json += "\\f",
            '\r' => json += "\\r",
            '\0'..='\u{1f}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidential(texts: &[&str]) -> ConfidentialTexts {
        let mut confidential = ConfidentialTexts::default();
        texts.iter().for_each(|text| confidential.add(*text));
        confidential
    }

    #[test]
    fn a_text_is_found_however_often_it_is_quoted() {
        let secret = "a \"quoted\"\n\u{1}\u{7f}ä card";
        let confidential = confidential(&[secret, "a short"]);
        let mut forms = vec![secret.to_owned()];
        for _ in 0..3 {
            let quoted = forms.iter().flat_map(|form| {
                let debug = format!("{form:?}");
                [in_json(form), debug[1..debug.len() - 1].to_owned()]
            });
            let quoted: Vec<_> = quoted.collect();
            forms.extend(quoted);
        }
        for form in forms {
            assert!(confidential.are_in(&form), "{form}");
            assert_eq!(
                confidential.out_of(&format!("ä{form}{form}, {form}")),
                "ä[redacted][redacted], [redacted]",
                "{form}"
            );
        }
    }

    #[test]
    fn texts_that_overlap_are_one() {
        let confidential = confidential(&["abcdef", "defghi", "abcdefg"]);
        assert_eq!(
            confidential.out_of("<abcdefghi> abcdef"),
            "<[redacted]> [redacted]"
        );
    }

    #[test]
    fn a_short_text_is_not_looked_for() {
        let confidential = confidential(&["12345", "äöüäö", ""]);
        assert!(confidential.is_empty());
        let text = "12345 äöüäö";
        assert!(matches!(confidential.out_of(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn the_longest_texts_are_forgotten_first() {
        let long = "long ".repeat(MOST / 8);
        let confidential = confidential(&["a short one", &long, &format!("{long}.")]);
        assert_eq!(confidential.out_of("a short one"), "[redacted]");
        assert!(confidential.bytes <= MOST);
        assert_eq!(confidential.texts.len(), 2);
    }

    #[test]
    fn debug_does_not_print_them() {
        let confidential = confidential(&["4111-1111"]);
        assert_eq!(
            format!("{confidential:?}"),
            "ConfidentialTexts { count: 1, .. }"
        );
    }
}
