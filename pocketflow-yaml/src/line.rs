//! A line of block YAML, split into its parts.

/// The number of bytes of white space at the start of a line.
pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The characters that a key cannot start with, because YAML reserves them or they begin a map or
/// list within the line.
const NO_KEY: [char; 8] = ['{', '[', '*', '&', '!', '@', '`', '%'];

/// The part before the value in `key: value`, `- value` or `- key: value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The column of the key, or else of the last dash. Lines that belong to the value are indented
    /// further.
    pub(crate) column: usize,
    /// Where the value starts.
    pub(crate) start: usize,
    pub(crate) item: bool,
    pub(crate) key: bool,
}

impl Head {
    /// `None` if the line has neither a dash nor a key.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let line = line.trim_end();
        let mut start = indent(line);
        let mut dash = None;
        // `? ` before a key and `: ` before its value work like dashes.
        while let Some(rest) = line[start..]
            .strip_prefix(['-', '?', ':'])
            .filter(|rest| rest.starts_with([' ', '\t']))
        {
            dash = Some(start);
            start = line.len() - rest.trim_start().len();
        }
        if line[start..] == *"-" {
            return Some(Self {
                column: start,
                start: line.len(),
                item: true,
                key: false,
            });
        }
        let text = &line[start..];
        // In `"key": value`, the key ends at its second quote.
        let key = match text
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\''))
        {
            Some(quote) => quotes(text, quote).nth(1).map_or(text.len(), |end| end + 1),
            None => colon(text).unwrap_or(text.len()),
        };
        match text[key..].strip_prefix(':') {
            Some(value)
                if !text.starts_with(NO_KEY)
                    && (value.is_empty() || value.starts_with([' ', '\t'])) =>
            {
                let start_of_value = line.len() - value.trim_start().len();
                Some(Self {
                    column: start,
                    start: start_of_value,
                    item: dash.is_some(),
                    key: true,
                })
            }
            _ => dash.map(|column| Self {
                column,
                start,
                item: true,
                key: false,
            }),
        }
    }
}

/// The index of the colon that ends a plain key: the first one before a space or the end of the
/// text.
pub(crate) fn colon(text: &str) -> Option<usize> {
    text.match_indices(':').map(|(at, _)| at).find(|&at| {
        let rest = &text[at + 1..];
        rest.is_empty() || rest.starts_with([' ', '\t'])
    })
}

/// The indices of the quotes that are not escaped.
pub(crate) fn quotes(text: &str, quote: char) -> impl Iterator<Item = usize> + '_ {
    let mut chars = text.char_indices().peekable();
    let mut inside = false;
    std::iter::from_fn(move || {
        while let Some((at, c)) = chars.next() {
            if quote == '"' && c == '\\' {
                chars.next();
            } else if c == quote {
                // Inside single quotes, two single quotes stand for one.
                if quote == '\'' && inside && chars.next_if(|(_, next)| *next == quote).is_some() {
                    continue;
                }
                inside = true;
                return Some(at);
            }
        }
        None
    })
}

/// The value without the comment after it. The caller must cut a quoted value at its end first.
pub(crate) fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let comment = value
        .match_indices('#')
        .find(|(at, _)| value[..*at].ends_with([' ', '\t']));
    comment.map_or(value, |(at, _)| &value[..at]).trim_end()
}

/// The length of the value's anchor and tag, including the spaces after them.
pub(crate) fn properties(value: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &value[at..];
        let word = rest.split([' ', '\t']).next().unwrap_or_default();
        if !(is_anchor(word, '&') || is_tag(word)) {
            return at;
        }
        at = value.len() - rest[word.len()..].trim_start().len();
    }
}

/// Whether this is `&name`, or `*name` if `*` is the mark.
pub(crate) fn is_anchor(word: &str, mark: char) -> bool {
    word.strip_prefix(mark).is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    })
}

/// Whether this is `!name` or `!!name`.
pub(crate) fn is_tag(word: &str) -> bool {
    word.strip_prefix('!').is_some_and(|name| {
        let name = name.strip_prefix('!').unwrap_or(name);
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c))
    })
}

/// Whether the value is the header of a block string, such as `|` or `!x >- # text`.
pub(crate) fn begins_string(value: &str) -> bool {
    is_string_head(without_comment(&value[properties(value)..]))
}

/// Whether this is `|` or `>`, with an optional indicator for the end or the indentation.
pub(crate) fn is_string_head(text: &str) -> bool {
    text.strip_prefix(['|', '>'])
        .is_some_and(|rest| rest.len() <= 2 && rest.chars().all(|c| "+-123456789".contains(c)))
}

/// The column of the key or dash whose block string begins in this line.
pub(crate) fn string_column(line: &str) -> Option<usize> {
    let head = Head::of(line)?;
    begins_string(line[head.start..].trim_end()).then_some(head.column)
}

/// Whether the line is blank or contains only a comment.
pub(crate) fn is_blank(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with('#')
}

/// Whether the line is `key:` or `key: value`. The key is quoted or has at most this many words.
pub(crate) fn is_key(text: &str, words: usize) -> bool {
    let quoted = text
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''));
    let (key, rest) = match quoted {
        Some(quote) => match text[1..].split_once(quote) {
            Some(("", _)) | None => return false,
            Some((_, rest)) => ("key", rest.strip_prefix(':')),
        },
        None => match text.split_once(':') {
            Some((key, rest)) => (key, Some(rest)),
            None => return false,
        },
    };
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        && (1..=words).contains(&key.split_whitespace().count())
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || "_-./ ()".contains(c))
}

/// Whether this is `<word>` or `</word>`.
pub(crate) fn is_xml_tag(text: &str) -> bool {
    text.strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
        .is_some_and(|text| {
            let name = text.strip_prefix('/').unwrap_or(text);
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        })
}

/// Whether YAML may begin with this line. The key must be one word, so that "Here is the answer:"
/// does not count.
pub(crate) fn starts_yaml(line: &str) -> bool {
    let text = line.trim();
    text == "---"
        || text.starts_with(['{', '['])
        || text == "-"
        || text.starts_with("- ")
        || is_key(text, 1)
}

/// Whether YAML may continue with this line.
pub(crate) fn continues_yaml(line: &str) -> bool {
    let text = line.trim();
    starts_yaml(line)
        || text.starts_with(['}', ']', '"', '\'', '#'])
        || text == "..."
        || is_key(text, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let head = |line| {
            Head::of(line).map(|head| (head.column, &line[head.start..], head.item, head.key))
        };
        assert_eq!(head("a: b"), Some((0, "b", false, true)));
        assert_eq!(head("  a:"), Some((2, "", false, true)));
        assert_eq!(head("- - b"), Some((2, "b", true, false)));
        assert_eq!(head("-  a: b"), Some((3, "b", true, true)));
        assert_eq!(head(" -"), Some((1, "", true, false)));
        assert_eq!(head("\"a: b\": c"), Some((0, "c", false, true)));
        assert_eq!(head("a:b c: d"), Some((0, "d", false, true)));
        for line in ["a:b", "-a", "{a: b}", "*a*: b", "", "\"a: b\"", "--- "] {
            assert_eq!(head(line), None, "{line}");
        }
        assert_eq!(head("- *a*: b"), Some((0, "*a*: b", true, false)));
    }

    #[test]
    fn heads_of_block_strings() {
        for line in ["a: |", "- >-", "a: |2- # x", "a: !t &b >", "\"a\": |+"] {
            assert!(string_column(line).is_some(), "{line}");
        }
        for line in ["a: | b", "a: >5x", "|", "a: '|'", "a:|"] {
            assert!(string_column(line).is_none(), "{line}");
        }
        assert_eq!(string_column("- a: |"), Some(2));
    }
}
