//! Characters that the parser rejects or treats as the end of a line.
//!
//! A model's text may contain any character, but YAML allows control characters only as escapes,
//! and the parser ends lines at U+0085, U+2028 and U+2029, as in YAML 1.1. So private characters
//! replace all of these while the text is parsed.

use std::borrow::Cow;

/// The characters from U+00A0 on. The others keep their own number.
const OTHERS: [char; 5] = ['\u{2028}', '\u{2029}', '\u{feff}', '\u{fffe}', '\u{ffff}'];

/// The last private ranges of the planes, with 256 characters each.
const FIRST: u32 = 0x10_0000;
const RANGES: u32 = 0xff;

/// How to restore the original characters of a hidden text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hidden {
    /// The first private character that is used.
    base: Option<u32>,
}

/// The index of a character in a range, if the parser does not accept the character as it is.
fn number(c: char) -> Option<u32> {
    match c {
        '\t' | '\n' => None,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Some(u32::from(c)),
        '\u{2028}'.. => OTHERS
            .iter()
            .position(|other| *other == c)
            .map(|at| 0xa0 + at as u32),
        _ => None,
    }
}

/// Replaces the characters that the parser does not accept with private ones.
pub(crate) fn hide(text: &str) -> (Cow<'_, str>, Hidden) {
    if !text.chars().any(|c| number(c).is_some()) {
        return (text.into(), Hidden::default());
    }
    let mut used = [false; RANGES as usize];
    for c in text.chars().map(u32::from).filter(|&c| c >= FIRST) {
        if let Some(used) = used.get_mut(((c - FIRST) >> 8) as usize) {
            *used = true;
        }
    }
    let Some(range) = used.iter().position(|used| !used) else {
        return (text.into(), Hidden::default());
    };
    let base = FIRST + ((range as u32) << 8);
    let private = |c| {
        number(c)
            .and_then(|number| char::from_u32(base + number))
            .unwrap_or(c)
    };
    (
        text.chars().map(private).collect::<String>().into(),
        Hidden { base: Some(base) },
    )
}

/// Whether the text is JSON, in which such characters stand for themselves although the parser
/// treats them as the end of a line.
pub(crate) fn ends_lines_of_json(text: &str) -> bool {
    let trimmed = text.trim();
    let string = trimmed.starts_with('"') && trimmed.ends_with('"');
    (string || trimmed.starts_with(['{', '['])) && text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
}

impl Hidden {
    /// The original text.
    pub(crate) fn show(self, text: &str) -> Cow<'_, str> {
        let Some(base) = self.base else {
            return text.into();
        };
        let original = |c: char| match u32::from(c).checked_sub(base) {
            Some(number @ 0..0xa0) => char::from_u32(number).unwrap_or(c),
            Some(number) => OTHERS.get((number - 0xa0) as usize).copied().unwrap_or(c),
            None => c,
        };
        text.chars().map(original).collect::<String>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_back_and_the_parser_takes_it() {
        let all: String = ('\0'..=char::MAX)
            .filter(|c| !matches!(c, '\u{100000}'..))
            .collect();
        let (hidden, how) = hide(&all);
        assert!(how.base.is_some());
        assert_eq!(how.show(&hidden), all);
        assert!(hidden.chars().all(|c| number(c).is_none()));
        let quoted = format!("'{}'", hidden.replace('\'', "''"));
        assert!(serde_yaml::from_str::<String>(&quoted).is_ok());
    }

    #[test]
    fn a_private_character_of_the_text_stays_itself() {
        let text = "a\u{1}\u{100001}\u{100105}";
        let (hidden, how) = hide(text);
        assert_eq!(how.show(&hidden), text);
        assert!(matches!(
            hide("größe 🦀\t\n"),
            (Cow::Borrowed(_), Hidden { base: None })
        ));
    }
}
