//! Repairs maps and lists in brackets, above all JSON.

use super::quoted::{double, single};

/// A collection in brackets, or the part of it that is there.
pub(super) struct Flow {
    /// The repaired text, with the same number of line ends.
    pub(super) text: String,
    /// The length of the original text.
    pub(super) len: usize,
    /// Whether the closing bracket is there.
    pub(super) closed: bool,
}

/// What precedes the next token.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// An opening bracket or a comma.
    Open,
    /// A colon.
    Colon,
    /// A complete string or collection.
    Whole,
    /// A plain scalar that ended with the previous line.
    Plain,
}

/// Reads the collection at the start of `text`. It turns comments into `#` comments, escapes inner
/// quotes, and adds missing commas at the ends of lines.
pub(super) fn flow(text: &str) -> Flow {
    let mut out = String::with_capacity(text.len() + 8);
    let mut open: Vec<char> = Vec::new();
    let mut before = Before::Open;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let fresh = out.is_empty() || out.ends_with([' ', '\t', '\n', ',', '{', '[']);
        let mut taken = c.len_utf8();
        match c {
            '{' | '[' => {
                separate(&mut out, before);
                open.push(c);
                out.push(c);
                before = Before::Open;
            }
            '}' | ']' => {
                open.pop();
                out.push(c);
                before = Before::Whole;
                if open.is_empty() {
                    return Flow {
                        text: out,
                        len: at + 1,
                        closed: true,
                    };
                }
            }
            ',' => {
                out.push(c);
                before = Before::Open;
            }
            ':' if before == Before::Whole || rest[1..].starts_with([' ', '\t', '\n']) => {
                out.push(c);
                before = Before::Colon;
            }
            ' ' | '\t' | '\n' => out.push(c),
            '#' if fresh => {
                taken = rest.find('\n').unwrap_or(rest.len());
                out += &rest[..taken];
            }
            '/' if rest.starts_with("//") && (fresh || before == Before::Whole) => {
                taken = rest.find('\n').unwrap_or(rest.len());
                out += " # ";
                out += &rest[2..taken];
            }
            '/' if rest.starts_with("/*") && (fresh || before == Before::Whole) => {
                taken = rest.find("*/").map_or(rest.len(), |end| end + 2);
                out.extend(std::iter::repeat_n(
                    '\n',
                    rest[..taken].matches('\n').count(),
                ));
                out.push(' ');
            }
            '"' | '\'' => {
                separate(&mut out, before);
                let (string, len) = string(rest, c);
                out += &string;
                taken = len;
                before = Before::Whole;
            }
            _ => {
                taken = plain(rest);
                out += &rest[..taken];
                before = match rest[taken..].starts_with('\n') {
                    true => Before::Plain,
                    false => Before::Colon, // more of it, or what ends it, follows
                };
            }
        }
        at += taken;
    }
    Flow {
        text: out,
        len: text.len(),
        closed: false,
    }
}

/// Adds the comma between two values, if the second one starts on a new line.
fn separate(out: &mut String, before: Before) {
    let end = out.trim_end().len();
    let ended = matches!(before, Before::Whole | Before::Plain) && out[end..].contains('\n');
    // A comma after a comment would be part of the comment.
    if ended && !out[out[..end].rfind('\n').map_or(0, |at| at + 1)..end].contains('#') {
        out.insert(end, ',');
    }
}

/// The length of a plain scalar, at most to the end of its line.
fn plain(text: &str) -> usize {
    let mut after_blank = false;
    for (at, c) in text.char_indices() {
        let ends = match c {
            ',' | '{' | '}' | '[' | ']' | '\n' => true,
            ':' => {
                text[at + 1..].starts_with([' ', '\t', '\n', ',', '}', ']', '"', '[', '{'])
                    || at + 1 == text.len()
            }
            '#' => after_blank,
            '/' => after_blank && text[at..].starts_with("//"),
            _ => false,
        };
        if ends && at > 0 {
            return text[..at].trim_end_matches([' ', '\t']).len().max(1);
        }
        after_blank = c == ' ' || c == '\t';
    }
    text.len()
}

/// The string at the start of `text`, requoted, and its original length. It ends at the first quote
/// after which the collection can continue.
fn string(text: &str, quote: char) -> (String, usize) {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            inner.push(c);
            inner.extend(chars.next().map(|(_, c)| c));
        } else if c != quote {
            inner.push(c);
        } else if quote == '\'' && text[at + 1..].starts_with('\'') {
            inner.push('\'');
            chars.next();
        } else if ends_string(&text[at + 1..]) {
            let string = if quote == '"' {
                double(&inner)
            } else {
                single(&inner)
            };
            return (string, at + 1);
        } else if quote == '"' {
            inner += "\\\"";
        } else {
            inner.push(c);
        }
    }
    // The string has no end, which the parser reports.
    (text.into(), text.len())
}

/// Whether the collection can continue with this text after a quote.
fn ends_string(rest: &str) -> bool {
    let next = rest.trim_start_matches([' ', '\t']);
    match next.chars().next() {
        None | Some('\n' | ':' | '}' | ']') => true,
        Some('#') => rest.len() > next.len(),
        Some('/') => next.starts_with("//") || next.starts_with("/*"),
        Some(',') => continues(&next[1..]),
        _ => false,
    }
}

/// Whether another value or key may begin here.
fn continues(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    let Some(first) = rest.chars().next() else {
        return true;
    };
    if !first.is_alphabetic() {
        return true;
    }
    let word =
        rest.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    word.is_empty() || word.starts_with([':', ',', ']', '}', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_as_models_write_it() {
        let cases = [
            ("{\"a\": \"\\ud83d\\ude00\"}", "{\"a\": \"😀\"}"),
            (
                "{\"a\": \"x \"y\"\", \"b\": 1}",
                "{\"a\": \"x \\\"y\\\"\", \"b\": 1}",
            ),
            (
                "{\"a\": \"say \"no\", and go\"}",
                "{\"a\": \"say \\\"no\\\", and go\"}",
            ),
            (
                "{\"a\": 1, // one\n\"b\": 2}",
                "{\"a\": 1,  #  one\n\"b\": 2}",
            ),
            ("{\"a\": \"x\" // one\n}", "{\"a\": \"x\"  #  one\n}"),
            ("{\"a\": /* one\n*/ 1}", "{\"a\": \n  1}"),
            ("{\"a\": 1\n\"b\": 2}", "{\"a\": 1,\n\"b\": 2}"),
            (
                "{\"a\": \"x\"\n\"b\": [1]\n\"c\": 2}",
                "{\"a\": \"x\",\n\"b\": [1],\n\"c\": 2}",
            ),
            ("{'a': 'it's', 'b': 'c'}", "{'a': 'it''s', 'b': 'c'}"),
            ("{\"a\": \"C:\\dir\"}", "{\"a\": 'C:\\dir'}"),
            ("[[1], {b: 2}] x", "[[1], {b: 2}]"),
        ];
        for (broken, mended) in cases {
            let flow = flow(broken);
            assert!(flow.closed, "{broken}");
            assert_eq!(flow.text, mended, "{broken}");
        }
    }

    #[test]
    fn what_is_fine_is_left_alone() {
        let fine = [
            "{a: b c, d: [e, f], g: http://x.y/z#1, \"h\":\"i, j\"}",
            "{\"a\": \"b\",\n \"c\": null, # note\n \"d\": [],\n}",
            "{a: 'it''s', 'b': \"c: d\"}",
            "{? a : b, c}",
            "[a b\n c, \"d\n  e\"]",
            "{\"a\": \"//b\", c: d//e}",
            "{\"a\":1,\"b\":-2.5e3,\"c\":true}",
            "[\"a\", b, \"c\"]",
        ];
        for text in fine {
            let flow = flow(text);
            assert!(flow.closed && flow.len == text.len(), "{text}");
            assert_eq!(flow.text, text);
        }
        assert!(!flow("{a: [b").closed);
    }
}
