//! Repairs of text that is no YAML. Each keeps the number of the lines, so that errors can quote the model's own.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::block::{indent, is_string_head};
use super::error::parts;

/// How many lines are repaired before the block is given up.
const MOST_REPAIRS: usize = 100;

/// The block as text the parser takes: where it stops, the line is repaired, and the parser tries again.
///
/// If that leads nowhere the error is the first one, since later ones may come from the repairs.
pub(crate) fn mend(block: &str) -> Result<Cow<'_, str>, serde_yaml::Error> {
    let Err(first) = check(block) else { return Ok(block.into()) };
    let mut lines: Vec<Cow<'_, str>> = first_document(block).split_inclusive('\n').map(Cow::from).collect();
    let mut quoted = vec![false; lines.len()];
    let mut text = lines.concat();
    for _ in 0..=MOST_REPAIRS {
        let Err(error) = check(&text) else { return Ok(text.into()) };
        // Where the parser stopped, and where what it was reading began.
        let mut places: Vec<usize> = parts(&error).1.into_iter().map(|line| line.saturating_sub(1)).collect();
        places.retain(|&at| at < lines.len());
        if places.iter().any(|&at| margin(&lines[at]).contains('\t')) {
            lines.iter_mut().for_each(untab);
        } else if let Some(at) = places.into_iter().find(|&at| !quoted[at] && quote(&mut lines, at)) {
            quoted[at] = true;
        } else {
            break;
        }
        text = lines.concat();
    }
    Err(first)
}

fn check(text: &str) -> Result<IgnoredAny, serde_yaml::Error> {
    serde_yaml::from_str(text)
}

/// The text up to the line that ends its first document.
fn first_document(text: &str) -> &str {
    let mut begun = false;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            "---" | "..." if begun => return &text[..end],
            "---" | "" => {}
            other => begun |= !other.starts_with('#'),
        }
        end += line.len();
    }
    text
}

/// The indentation of a line and the dashes in it.
fn margin(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t', '-']).len()]
}

/// Two blanks for a tab, so that it lines up with what follows a `- `.
fn untab(line: &mut Cow<'_, str>) {
    let margin = margin(line);
    if margin.contains('\t') {
        // The one after a dash is the blank that belongs to it.
        let spaces = margin.replace("-\t", "- ").replace('\t', "  ");
        *line = format!("{spaces}{}", &line[margin.len()..]).into();
    }
}

/// Puts the value of a line in single quotes, if it is one that YAML takes for something else. The value may go on below.
fn quote(lines: &mut [Cow<'_, str>], at: usize) -> bool {
    let line = lines[at].trim_end();
    let Some(start) = value_start(line) else { return false };
    let (head, mut value) = line.split_at(start);
    let mut tail = "";
    if value.starts_with('"') && value.ends_with("\",") {
        (value, tail) = value.split_at(value.len() - 1); // as in JSON
    } else if !value.starts_with(['"', '\'']) {
        value = value.find(" # ").map_or(value, |comment| value[..comment].trim_end());
    }
    if !needs_quotes(value) {
        return false;
    }
    let mut last = at;
    if !value.starts_with(['"', '\'', '[', '{']) {
        while lines.get(last + 1).is_some_and(|next| {
            !next.trim().is_empty() && indent(next) > indent(line) && value_start(next.trim_end()).is_none()
        }) {
            last += 1;
        }
    }
    let end = if last == at { "'" } else { "" };
    lines[at] = format!("{head}'{}{end}{tail}\n", bare(value).replace('\'', "''")).into();
    for (below, line) in lines.iter_mut().enumerate().take(last + 1).skip(at + 1) {
        let end = if below == last { "'" } else { "" };
        *line = format!("{}{end}\n", line.trim_end().replace('\'', "''")).into();
    }
    true
}

/// What a key does not start with: YAML reserves it, or it begins a map or list within the line.
const NO_KEY: [char; 8] = ['{', '[', '*', '&', '!', '@', '`', '%'];

/// Where the value of `key: value`, `- value` or `- key: value` starts.
fn value_start(line: &str) -> Option<usize> {
    let mut start = indent(line);
    let mut item = false;
    while let Some(rest) = line[start..].strip_prefix("- ") {
        start = line.len() - rest.trim_start().len();
        item = true;
    }
    let text = &line[start..];
    // The key of `"key": value` ends at its second quote.
    let key = match text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        Some(quote) => quotes(text, quote).get(1).map_or(text.len(), |end| end + 1),
        None => text.find(": ").or_else(|| text.find(":\t")).unwrap_or(text.len()),
    };
    match text[key..].strip_prefix(':') {
        Some(value) if value.starts_with([' ', '\t']) && !text.starts_with(NO_KEY) => {
            Some(line.len() - value.trim_start().len())
        }
        _ => item.then_some(start),
    }
}

/// Whether YAML does not take the value as it is meant: as one scalar to the end of the line.
fn needs_quotes(value: &str) -> bool {
    let Some(first) = value.chars().next() else { return false };
    match first {
        '"' | '\'' => {
            let well_quoted = matches!(quotes(value, first)[..], [0, last] if last + 1 == value.len());
            !well_quoted || (first == '"' && has_unknown_escape(value))
        }
        // One that is open at the end of the line may go on below, or is cut off.
        '[' => value.contains(']') && !value.ends_with(']'),
        '{' => value.contains('}') && !value.ends_with('}'),
        '|' | '>' => !is_string_head(value),
        '@' | '`' | '%' | '*' | '&' | '!' | ',' | ']' | '}' => true,
        '-' | '?' if value[1..].starts_with([' ', '\t']) => true,
        _ => value.contains(": ") || value.contains(":\t") || value.ends_with(':'),
    }
}

fn has_unknown_escape(value: &str) -> bool {
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !chars.next().is_some_and(|c| "0abt\tnvfre \"/\\N_LPxuU".contains(c)) {
            return true;
        }
    }
    false
}

/// Where the quotes are that are not escaped.
fn quotes(text: &str, quote: char) -> Vec<usize> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if quote == '"' && c == '\\' {
            chars.next();
        } else if c == quote {
            // Within single quotes, two of them are one.
            if quote == '\'' && !found.is_empty() && chars.next_if(|(_, next)| *next == quote).is_some() {
                continue;
            }
            found.push(at);
        }
    }
    found
}

/// The value without the quotes around it, if it has any: not those of `"this" and "that"`, but those of `"he said "no""`.
fn bare(value: &str) -> Cow<'_, str> {
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        return value.into();
    };
    let found = quotes(value, quote);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_parser_rejects_is_repaired() {
        let cases = [
            ("a: over: 5000\nb: 1\n", "a: 'over: 5000'\nb: 1\n"),
            ("a: over: 5000 # note\n", "a: 'over: 5000'\n"),
            ("a: it's over: 5000\n", "a: 'it''s over: 5000'\n"),
            ("a: ends with:\n  more\n", "a: 'ends with:\n  more'\n"),
            ("a: one: two\n  three's\n  four\nb: 1\n", "a: 'one: two\n  three''s\n  four'\nb: 1\n"),
            ("- a: b: c\n  d: e\n", "- a: 'b: c'\n  d: e\n"),
            ("a: @ann\n", "a: '@ann'\n"),
            ("a: `x`\n", "a: '`x`'\n"),
            ("a: %d\n", "a: '%d'\n"),
            ("a: *bold* x\n", "a: '*bold* x'\n"),
            ("a: *bold x\n", "a: '*bold x'\n"),
            ("- **bold**: x\n", "- '**bold**: x'\n"),
            ("a: & b\n", "a: '& b'\n"),
            ("a: > 5\n", "a: '> 5'\n"),
            ("a: - x\n", "a: '- x'\n"),
            ("a: [x](y)\n", "a: '[x](y)'\n"),
            ("a: {x} is\n", "a: '{x} is'\n"),
            ("a: \"this\" and that\n", "a: '\"this\" and that'\n"),
            ("a: \"this\" and \"that\"\n", "a: '\"this\" and \"that\"'\n"),
            ("- \"this\" and that\n", "- '\"this\" and that'\n"),
            ("a: \"he said \"no\"\"\n", "a: 'he said \"no\"'\n"),
            ("a: 'it's fine'\n", "a: 'it''s fine'\n"),
            ("a: \"\\d+ \\\"x\\\"\"\n", "a: '\\d+ \"x\"'\n"),
            ("a: \"open\nb: fine\n", "a: 'open'\nb: fine\n"),
            ("{\n\"a\": \"x \"y\"\",\n\"b\": 1}", "{\n\"a\": 'x \"y\"',\n\"b\": 1}"),
            ("a:\n\tb: 1\n\tc:\n\t\t- d\n", "a:\n  b: 1\n  c:\n    - d\n"),
            ("- a: 1\n\tb: 2\n-\ta: 3\n", "- a: 1\n  b: 2\n- a: 3\n"),
            ("---\na: 1\n---\n", "---\na: 1\n"),
            ("---\na: 1\n---\nSo: that: is it\n", "---\na: 1\n"),
            ("a: x: y\r\nb: 1\r\n", "a: 'x: y'\nb: 1\r\n"),
        ];
        for (broken, mended) in cases {
            assert!(check(broken).is_err(), "{broken:?} is no case");
            assert_eq!(mend(broken).ok().as_deref(), Some(mended), "{broken:?}");
        }
    }

    #[test]
    fn what_parses_is_left_alone() {
        for text in
            ["a: \"x: y\"", "a:\tb", "a: |\n\n  x: y: z\n", "{\n\t\"a\": 1\n}", "a: &x 1\nb: *x\n", "", "# x"]
        {
            assert!(matches!(mend(text), Ok(Cow::Borrowed(same)) if same == text), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_repaired_keeps_its_first_error() {
        let cases = [
            ("a: 1\n  b: 2\n", 2),
            ("a:1\nb: 2\n", 2),
            ("a: @x\nb: [1,\nc: 2\n", 1),
            ("a: 1\nprose\n", 3), // the parser notices late
        ];
        for (text, line) in cases {
            let error = mend(text).unwrap_err();
            assert_eq!(error.location().map(|place| place.line()), Some(line), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_repairs_are_bounded() {
        let many = "- a: b: c\n".repeat(MOST_REPAIRS + 1);
        assert!(mend(&many).is_err());
        assert!(mend(&many[10..]).is_ok());
    }
}
