//! Repairs quoted strings.

use std::borrow::Cow;

use crate::line::quotes;

/// The text in single quotes.
pub(super) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The text between two double quotes, with only the escapes that YAML has. `None` if the
/// backslashes are meant literally, as in `"\d+"`.
pub(super) fn escapes(inner: &str) -> Option<Cow<'_, str>> {
    if !inner.contains('\\') {
        return Some(inner.into());
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    let mut changed = false;
    while let Some(at) = rest.find('\\') {
        out += &rest[..at];
        rest = &rest[at..];
        let c = rest[1..].chars().next()?;
        let hex = |digits: usize| {
            rest.get(2..2 + digits)
                .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))
                .and_then(|text| u32::from_str_radix(text, 16).ok())
        };
        let mut taken = 1 + c.len_utf8();
        match c {
            'x' => {
                hex(2)?;
                out += &rest[..taken];
            }
            'u' | 'U' => {
                let digits = if c == 'u' { 4 } else { 8 };
                let code = hex(digits)?;
                taken += digits;
                match char::from_u32(code) {
                    Some(_) => out += &rest[..taken],
                    None => {
                        let low = rest
                            .get(taken..taken + 6)
                            .and_then(|low| low.strip_prefix("\\u"));
                        let low = low.and_then(|low| u32::from_str_radix(low, 16).ok());
                        let low = low.filter(|low| code < 0xdc00 && (0xdc00..0xe000).contains(low));
                        let pair =
                            low.map(|low| 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00));
                        out.push(
                            pair.and_then(char::from_u32)
                                .unwrap_or(char::REPLACEMENT_CHARACTER),
                        );
                        taken += if pair.is_some() { 6 } else { 0 };
                        changed = true;
                    }
                }
            }
            '0' | 'a' | 'b' | 't' | '\t' | '\n' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '/'
            | '\\' | 'N' | '_' | 'L' | 'P' => out += &rest[..taken],
            '\'' => {
                out.push(c);
                changed = true;
            }
            c if c.is_alphanumeric() => return None,
            _ => {
                out += "\\";
                out += &rest[..taken];
                changed = true;
            }
        }
        rest = &rest[taken..];
    }
    out += rest;
    Some(if changed { out.into() } else { inner.into() })
}

/// Repairs a double-quoted string.
pub(super) fn double(inner: &str) -> String {
    match escapes(inner) {
        Some(inner) => format!("\"{inner}\""),
        None => single(&inner.replace("\\\"", "\"")),
    }
}

/// The value without the quotes around it, if it has any. The quotes in `"this" and "that"` are not
/// around the value, but the outer quotes in `"he said "no""` are.
pub(super) fn bare(value: &str) -> Cow<'_, str> {
    let Some(quote) = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    else {
        return value.into();
    };
    let three = &value[..value.chars().take_while(|c| *c == quote).count().min(3)];
    if three.len() == 3 && value.len() >= 6 && value.ends_with(three) {
        return value[3..value.len() - 3].into();
    }
    let found: Vec<usize> = quotes(value, quote).collect();
    let inner = match found[..] {
        [_] => &value[1..],
        [_, second, ..] if found.last() == Some(&(value.len() - 1)) => {
            let opens_inside = !value[second + 1..].starts_with([' ', '\t']);
            match opens_inside || found.len() % 2 == 1 {
                true => &value[1..value.len() - 1],
                false => return value.into(),
            }
        }
        _ => return value.into(),
    };
    match quote {
        '"' => inner.replace("\\\"", "\"").into(),
        _ => inner.replace("''", "'").into(),
    }
}

/// Writes the lines of a text as a double-quoted string over the same number of lines, each
/// indented by this many spaces.
pub(super) fn lines(text: &[&str], indent: usize, ended: bool) -> String {
    let margin = text
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| crate::line::indent(line));
    let margin = margin.min().unwrap_or(0);
    let mut out = String::from("\"");
    for (at, line) in text.iter().enumerate() {
        if at > 0 {
            out += &format!("\\n\\\n{:indent$}", "");
        }
        let line = line.get(margin..).unwrap_or_default().trim_end();
        let line = line
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\t', "\\t");
        let blank = if line.starts_with(' ') { "\\" } else { "" };
        out += &format!("{blank}{line}");
    }
    out += if ended { "\\n\"" } else { "\"" };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_json_and_of_no_one() {
        let read = |inner: &str| serde_yaml::from_str::<String>(&double(inner)).unwrap();
        let cases = [
            (r"\ud83d\ude00", "😀"),
            (r"a\uD83D\uDE00b\u00e9", "a😀bé"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00\ud83d x", "\u{fffd}\u{fffd} x"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"It\'s\n", "It's\n"),
            (r"\d+\n", r"\d+\n"),
            (r"C:\users\new", r"C:\users\new"),
            (r"C:\xy", r"C:\xy"),
            (r"\*a\*\n", "\\*a\\*\n"),
            (r#"\d \"x\" it's"#, r#"\d "x" it's"#),
            (r"\u12", r"\u12"),
            ("\\é", "\\é"),
        ];
        for (inner, expected) in cases {
            assert_eq!(read(inner), expected, "{inner}");
        }
    }

    #[test]
    fn quotes_around_the_value() {
        let cases = [
            ("\"he said \"no\"\"", "he said \"no\""),
            ("\"this\" and \"that\"", "\"this\" and \"that\""),
            ("\"this\" and that", "\"this\" and that"),
            ("'it's fine'", "it's fine"),
            ("\"open", "open"),
            ("\"\"\"one\"\"\"", "one"),
            ("'''one'''", "one"),
            ("\"\"\"\"\"\"", ""),
            ("\"\"quoted\"\"", "\"quoted\""),
            ("plain", "plain"),
        ];
        for (value, expected) in cases {
            assert_eq!(bare(value), expected, "{value}");
        }
    }

    #[test]
    fn lines_keep_their_margin() {
        let text = lines(&["  def f():", "", "  \treturn \"x\\n\""], 2, true);
        assert_eq!(
            serde_yaml::from_str::<String>(&text).unwrap(),
            "def f():\n\n\treturn \"x\\n\"\n"
        );
        let text = lines(&["  a", "    b", "  c"], 1, false);
        assert_eq!(text.lines().count(), 3);
        assert_eq!(serde_yaml::from_str::<String>(&text).unwrap(), "a\n  b\nc");
    }
}
