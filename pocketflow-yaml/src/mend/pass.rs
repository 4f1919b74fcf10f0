//! The pass over the lines of a block.

use std::borrow::Cow;
use std::collections::HashSet;

use super::flow::flow;
use super::quoted::{self, bare, double, escapes, single};
use crate::line::{
    Head, begins_string, colon, indent, is_anchor, is_blank, is_key, properties, quotes,
    without_comment,
};

/// A block whose lines are being repaired and written out.
pub(super) struct Pass<'t> {
    text: &'t str,
    originals: Vec<&'t str>,
    lines: Vec<Cow<'t, str>>,
    /// Whether the indentation of some lines has changed.
    aligned: bool,
    anchors: HashSet<&'t str>,
    out: String,
}

impl<'t> Pass<'t> {
    /// The lines may differ from the original ones in their indentation.
    pub(super) fn new(
        text: &'t str,
        originals: Vec<&'t str>,
        lines: Vec<Cow<'t, str>>,
        aligned: bool,
    ) -> Self {
        let anchors = text
            .split('&')
            .skip(1)
            .map(name)
            .filter(|name| !name.is_empty())
            .collect();
        Self {
            text,
            originals,
            lines,
            aligned,
            anchors,
            out: String::with_capacity(text.len() + 64),
        }
    }

    pub(super) fn run(mut self) -> String {
        let mut at = 0;
        while at < self.lines.len() {
            at += self.step(at);
        }
        self.out
    }

    fn push(&mut self, line: &str) {
        self.out += line;
        self.out.push('\n');
    }

    fn keep(&mut self, at: usize) -> usize {
        let line = std::mem::take(&mut self.lines[at]);
        self.push(&line);
        1
    }

    /// Repairs the line, and the lines below that belong to its value. Returns the number of lines.
    fn step(&mut self, at: usize) -> usize {
        let line = plain_key(&self.lines[at]).into_owned();
        if line.trim_start().starts_with("//") && Head::of(&line).is_none() {
            self.push(&format!("#{line}"));
            return 1;
        }
        let marker = line.starts_with(['%']) || matches!(line.trim_end(), "---" | "...");
        if is_blank(&line) || marker {
            return self.keep(at);
        }
        let head = Head::of(&line);
        let start = head.map_or(indent(&line), |head| head.start);
        let start = start + properties(&line[start..]);
        let (before, value) = line.split_at(start);
        match value.chars().next() {
            None => {
                self.push(&line);
                1
            }
            Some('"' | '\'') => self.quoted(at, before, value, head),
            Some('{' | '[') => self.brackets(at, before, value, head),
            Some(_) => match head {
                Some(head) if begins_string(value) => self.string(at, &line, head),
                Some(head) => self.plain(at, before, value, head, false),
                None => {
                    self.push(&line);
                    let own = indent(&line);
                    let text = |line: &&Cow<'_, str>| line.trim().is_empty() || indent(line) >= own;
                    let below = match begins_string(value) {
                        true => self.lines[at + 1..].iter().take_while(text).count(),
                        false => 0,
                    };
                    for at in at + 1..=at + below {
                        self.keep(at);
                    }
                    below + 1
                }
            },
        }
    }

    /// Repairs a plain value, or one that must be taken as text.
    fn plain(&mut self, at: usize, before: &str, whole: &str, head: Head, as_text: bool) -> usize {
        let quoted = whole.starts_with(['"', '\'']);
        let value = if quoted {
            whole.trim_end()
        } else {
            without_comment(whole)
        };
        let quotes = as_text || self.needs_quotes(value, head);
        let mut below = 0;
        let mut with_colon = false;
        for line in &self.lines[at + 1..] {
            let key = Head::of(line).filter(|head| head.key);
            let structure =
                key.is_some() && is_key(line.trim(), 1) || (quotes && Head::of(line).is_some());
            if line.trim().is_empty() || indent(line) <= head.column || structure {
                break;
            }
            with_colon |= colon(line.trim()).is_some();
            below += 1;
        }
        if !quotes && !with_colon {
            self.push(&format!("{before}{whole}"));
            for line in at + 1..=at + below {
                self.keep(line);
            }
            return below + 1;
        }
        let mut text = format!("{before}'{}", bare(value).replace('\'', "''"));
        for line in &self.lines[at + 1..=at + below] {
            text.push('\n');
            text += &line.trim_end().replace('\'', "''");
        }
        text.push('\'');
        self.push(&text);
        below + 1
    }

    /// Whether YAML does not read a value without quotes and brackets as the single scalar that it
    /// is meant to be.
    fn needs_quotes(&self, value: &str, head: Head) -> bool {
        match value.chars().next() {
            None => false,
            Some('*') => !(is_anchor(value, '*') && self.anchors.contains(&value[1..])),
            Some('|' | '>' | '@' | '`' | '%' | '&' | ',' | ']' | '}') => true,
            Some('!') => value.len() > 1,
            Some('-' | '?') if head.key && value[1..].starts_with([' ', '\t']) => true,
            Some(_) => colon(value).is_some(),
        }
    }

    /// Repairs a value that begins with a quote.
    fn quoted(&mut self, at: usize, before: &str, value: &str, head: Option<Head>) -> usize {
        let quote = if value.starts_with('"') { '"' } else { '\'' };
        let value = value.trim_end();
        // Without a key or a dash, the column of the enclosing collection is unknown. Any line that
        // is indented less may belong to it.
        let column = head.map_or(indent(before).saturating_sub(1), |head| head.column);
        if let Some(close) = quotes(value, quote).nth(1) {
            let rest = value[close + 1..].trim_start();
            let comment = rest.starts_with('#') && !value[close + 1..].starts_with('#');
            if rest.is_empty() || comment || rest == "," {
                let string = if quote == '"' {
                    double(&value[1..close])
                } else {
                    value[..=close].into()
                };
                let rest = if comment { &value[close + 1..] } else { "" };
                self.push(&format!("{before}{string}{rest}"));
                return 1;
            }
            if head.is_none() && rest.starts_with(':') {
                return self.keep(at);
            }
        } else if let Some(lines) = self.quoted_lines(at, before, value, quote, column) {
            return lines;
        }
        if let Some(lines) = self.triple(at, before, value, column) {
            return lines;
        }
        let value = value
            .strip_suffix(',')
            .filter(|value| value.ends_with(quote))
            .unwrap_or(value);
        if quotes(value, quote).nth(1).is_none() {
            let head = head.unwrap_or(Head {
                column,
                start: before.len(),
                item: false,
                key: false,
            });
            return self.plain(at, before, value, head, true);
        }
        self.push(&format!("{before}{}", single(&bare(value))));
        1
    }

    /// Repairs a quoted string that ends on a later line.
    fn quoted_lines(
        &mut self,
        at: usize,
        before: &str,
        value: &str,
        quote: char,
        column: usize,
    ) -> Option<usize> {
        let mut inner = value[1..].to_owned();
        for below in 1..self.lines.len() - at {
            let line = self.lines[at + below].trim_end();
            if !line.is_empty() && indent(line) <= column {
                return None;
            }
            inner.push('\n');
            let end = end_of_quoted(line, quote);
            if let Some(end) = end {
                let rest = line[end + 1..].trim_start();
                if !(rest.is_empty() || rest.starts_with('#') || rest == ",") {
                    return None;
                }
                inner += &line[..end];
                let string = match quote {
                    '"' => escapes(&inner).map_or_else(
                        || single(&inner.replace("\\\"", "\"")),
                        |inner| format!("\"{inner}\""),
                    ),
                    _ => format!("'{inner}'"),
                };
                self.push(&format!("{before}{string}"));
                return Some(below + 1);
            }
            inner += line;
        }
        None
    }

    /// Repairs a string between `"""` or `'''`, as in Python.
    fn triple(&mut self, at: usize, before: &str, value: &str, column: usize) -> Option<usize> {
        let mark = ["\"\"\"", "'''"]
            .into_iter()
            .find(|mark| value.starts_with(mark))?;
        let first = &value[3..];
        if first.ends_with(mark) || (!first.is_empty() && first.starts_with(&mark[..1])) {
            return None;
        }
        let below = self.lines[at + 1..]
            .iter()
            .position(|line| line.contains(mark))?
            + 1;
        let last = self.lines[at + below]
            .trim_end()
            .strip_suffix(mark)?
            .to_owned();
        let mut text: Vec<&str> = Vec::new();
        text.extend(Some(first).filter(|first| !first.trim().is_empty()));
        text.extend(self.originals[at + 1..at + below].iter());
        let ended = last.trim().is_empty();
        text.extend(Some(&*last).filter(|_| !ended));
        let lines = text.len();
        let string = quoted::lines(&text, column + 2, ended);
        self.push(&format!("{before}{string}"));
        for _ in lines.max(1)..below + 1 {
            self.push("");
        }
        Some(below + 1)
    }

    /// Repairs a value that begins with a bracket.
    fn brackets(&mut self, at: usize, before: &str, value: &str, head: Option<Head>) -> usize {
        let end_of_line = self.originals[at].as_ptr().addr() - self.text.as_ptr().addr()
            + self.originals[at].len();
        let text = self.text;
        let start = end_of_line - value.len();
        let flow = flow(&text[start..]);
        let after = text[start + flow.len..].lines().next().unwrap_or_default();
        let more = text[start..start + flow.len].matches('\n').count();
        let rest = after.trim();
        if flow.closed && !(rest.is_empty() || rest.starts_with('#') || rest == ",") {
            match head {
                Some(head) if more == 0 => return self.plain(at, before, value, head, true),
                _ => {}
            }
        }
        let root = || self.out.lines().all(|line| is_blank(line) || line == "---");
        if flow.closed && head.is_none() && !rest.starts_with(':') && root() {
            // Prose follows the JSON.
            self.push(&format!("{before}{}", flow.text));
            return self.lines.len();
        }
        let rest = if rest == "," { "" } else { after };
        self.push(&format!("{before}{}{rest}", flow.text));
        more + 1
    }

    /// Repairs a block string: the lines that are indented further than its key, or else the lines
    /// up to the next key.
    fn string(&mut self, at: usize, line: &str, head: Head) -> usize {
        let below = &self.lines[at + 1..];
        let full = |line: &&Cow<'_, str>| !line.trim().is_empty();
        let first = below.iter().find(full).map_or(0, |line| indent(line));
        if first > head.column {
            let deeper = below
                .iter()
                .take_while(|line| line.trim().is_empty() || indent(line) > head.column);
            let least = deeper
                .clone()
                .filter(full)
                .map(|line| indent(line))
                .min()
                .unwrap_or(first);
            let count = deeper.count();
            match least < first {
                true => self.push(&with_indent(line, head, least - head.column)),
                false => self.push(line),
            }
            for at in at + 1..=at + count {
                // A tab after the spaces is part of the text.
                let original = self.originals[at];
                let blanks = original.len() - original.trim_start_matches(' ').len();
                if blanks > head.column && !self.aligned {
                    self.push(original);
                } else {
                    self.keep(at);
                }
            }
            return count + 1;
        }
        let structure = |line: &str| {
            let text = line.trim();
            let item =
                Head::of(line).is_some_and(|head| head.item) || matches!(text, "---" | "...");
            indent(line) <= head.column && (is_key(text, 1) || item)
        };
        let count = below.iter().take_while(|line| !structure(line)).count();
        let count = below[..count]
            .iter()
            .rposition(|line| !line.trim().is_empty())
            .map_or(0, |last| last + 1);
        self.push(line);
        for at in at + 1..=at + count {
            let line = format!("{:1$}{2}", "", head.column + 2, self.lines[at]);
            self.push(line.trim_end());
        }
        count + 1
    }
}

/// Where a string ends that was already open at the start of the line.
fn end_of_quoted(line: &str, quote: char) -> Option<usize> {
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if quote == '"' && c == '\\' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.next_if(|(_, next)| *next == quote).is_some() {
                continue;
            }
            return Some(at);
        }
    }
    None
}

/// Rewrites `**key**: value` as `key: value`. The key may also have single stars or backquotes.
fn plain_key(line: &str) -> Cow<'_, str> {
    let start = indent(line);
    let text = &line[start..];
    for mark in ["**", "*", "`"] {
        let Some(inner) = text.strip_prefix(mark) else {
            continue;
        };
        // `**key:** value` is accepted as well.
        let (key, rest) = match inner.split_once(mark) {
            Some((key, rest)) => (key, rest),
            None => continue,
        };
        let whole = match (key.strip_suffix(':'), rest.strip_prefix(':')) {
            (Some(key), None) => format!("{key}:{rest}"),
            (None, Some(rest)) => format!("{key}:{rest}"),
            _ => continue,
        };
        if is_key(&whole, 1) {
            return format!("{}{whole}", &line[..start]).into();
        }
    }
    line.into()
}

/// Adds the indentation to the header of a block string, if it is missing.
fn with_indent(line: &str, head: Head, by: usize) -> String {
    let start = head.start + properties(&line[head.start..]);
    let (before, value) = line.split_at(start);
    if value.contains(|c: char| c.is_ascii_digit()) || by > 9 {
        return line.into();
    }
    format!("{before}{}{by}{}", &value[..1], &value[1..])
}

/// The name at the start of the text after an anchor's `&`.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
    &text[..end.unwrap_or(text.len())]
}
