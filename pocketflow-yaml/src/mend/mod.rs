//! Repairs invalid YAML in one pass. The repairs keep the number of lines, so that errors can quote
//! the model's own lines.
//!
//! A line is repaired only if YAML cannot read it, so valid lines keep their meaning.

mod flow;
mod pass;
mod quoted;

use std::borrow::Cow;

use crate::line::{
    Head, begins_string, indent, is_anchor, is_blank, is_key, is_tag, without_comment,
};
use flow::flow;
use pass::Pass;

/// Repairs what YAML rejects in the text, as far as possible.
pub(crate) fn mend(text: &str) -> String {
    let text = first_document(text);
    let originals: Vec<&str> = text.lines().collect();
    let lines = originals.iter().map(|line| match unbroken(line) {
        Cow::Borrowed(line) => untab(line),
        Cow::Owned(line) => untab(&line).into_owned().into(),
    });
    let mut lines: Vec<Cow<'_, str>> = lines.collect();
    let aligned = align(&mut lines);
    Pass::new(text, originals, lines, aligned).run()
}

/// Rewrites text that YAML accepts but reads with another meaning, and returns whether the text has
/// tags without a value.
///
/// An anchor without a value is text, and a JSON comment is not.
pub(crate) fn meant(text: &str) -> (Cow<'_, str>, bool) {
    let (named, tags) = name_nothing(text);
    let comments = || {
        let start = indent_of_json(text)?;
        let flow = flow(&text[start..]);
        let same = !flow.closed || flow.text == text[start..start + flow.len];
        (!same).then(|| {
            format!(
                "{}{}{}",
                slashes(&text[..start]),
                flow.text,
                &text[start + flow.len..]
            )
        })
    };
    match comments() {
        Some(text) => (text.into(), tags),
        None => (named, tags),
    }
}

/// Where the JSON starts, if it may have comments.
fn indent_of_json(text: &str) -> Option<usize> {
    if !(text.contains("//") || text.contains("/*")) {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if is_blank(line) || line.trim_start().starts_with("//") {
            start += line.len();
            continue;
        }
        start += indent(line);
        break;
    }
    let inner = text[start..].strip_prefix(['{', '['])?.trim_start();
    let json =
        inner.starts_with(['"', '{', '[', '/']) || inner.starts_with(|c: char| c.is_ascii_digit());
    json.then_some(start)
}

/// Turns lines that are JSON comments into YAML comments.
fn slashes(text: &str) -> String {
    text.replace("//", "##")
}

/// Rewrites `a: &x`, an anchor without a value, as `a: '&x'`, and returns whether the text has tags
/// without a value. Such tags may be variants of an enum.
fn name_nothing(text: &str) -> (Cow<'_, str>, bool) {
    if !text.contains(['&', '!']) {
        return (text.into(), false);
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    let (mut tags, mut anchors) = (false, false);
    let mut string: Option<usize> = None;
    for (at, line) in lines.iter().enumerate() {
        if string.is_some_and(|column| line.trim().is_empty() || indent(line) > column) {
            out += line;
            continue;
        }
        let head = Head::of(line);
        let value = head.map_or("", |head| line[head.start..].trim_end());
        string = head
            .filter(|_| begins_string(value))
            .map(|head| head.column);
        let word = without_comment(value);
        let (anchor, tag) = (is_anchor(word, '&'), is_tag(word));
        let Some(head) =
            head.filter(|head| (anchor || tag) && !has_content(&lines[at + 1..], *head))
        else {
            out += line;
            continue;
        };
        tags |= tag;
        if anchor && !text.contains(&format!("*{}", &word[1..])) {
            anchors = true;
            out += &format!(
                "{}'{word}'{}",
                &line[..head.start],
                &line[head.start + word.len()..]
            );
        } else {
            out += line;
        }
    }
    (if anchors { out.into() } else { text.into() }, tags)
}

/// Whether the value of a key or an item is on the lines below.
fn has_content(below: &[&str], head: Head) -> bool {
    let next = below.iter().find(|line| !is_blank(line));
    next.is_some_and(|next| {
        let column = indent(next);
        column > head.column
            || (head.key && column == head.column && next[column..].starts_with("- "))
    })
}

/// The text up to the end of its first document.
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

/// Replaces non-breaking spaces with spaces in the indentation and after a key.
fn unbroken(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{a0}') {
        return line.into();
    }
    let start = line.len() - line.trim_start_matches([' ', '\t', '-', '\u{a0}']).len();
    let margin = line[..start].replace('\u{a0}', " ");
    let key = line[start..]
        .find(':')
        .is_some_and(|at| is_key(&line[start..=start + at], 3));
    format!(
        "{margin}{}",
        line[start..].replacen(":\u{a0}", ": ", usize::from(key))
    )
    .into()
}

/// Replaces each tab in the indentation with two spaces, so that it lines up with text after `- `.
fn untab(line: &str) -> Cow<'_, str> {
    let margin = &line[..line.len() - line.trim_start_matches([' ', '\t', '-']).len()];
    if !margin.contains('\t') {
        return line.into();
    }
    // The one after a dash is the space that belongs to the dash.
    let spaces = margin.replace("-\t", "- ").replace('\t', "  ");
    format!("{spaces}{}", &line[margin.len()..]).into()
}

/// Aligns the first line, or the first lines up to one that is indented less, with the lines after
/// it.
fn align(lines: &mut [Cow<'_, str>]) -> bool {
    let full: Vec<usize> = (0..lines.len())
        .filter(|&at| !is_blank(&lines[at]) && lines[at].trim() != "---")
        .collect();
    let [first, second, ..] = full[..] else {
        return false;
    };
    let head =
        |at: usize| Head::of(&lines[at]).map(|head| (head, lines[at][head.start..].trim_end()));
    let Some((first_head, value)) = head(first) else {
        return false;
    };
    let own = indent(&lines[first]);
    if own > 0 {
        let Some(&left) = full.iter().find(|&&at| indent(&lines[at]) < own) else {
            return false;
        };
        let by = own - indent(&lines[left]);
        for line in &mut lines[first..left] {
            if !line.trim().is_empty() {
                // A comment may be indented less.
                *line = line[by.min(indent(line))..].to_owned().into();
            }
        }
        return true;
    }
    if first_head.key
        && !first_head.item
        && !value.is_empty()
        && !begins_string(value)
        && !value.starts_with(['{', '['])
    {
        let by = indent(&lines[second]);
        let lined_up =
            is_key(lines[second].trim(), 1) && full[1..].iter().all(|&at| indent(&lines[at]) >= by);
        if by > 0 && lined_up {
            lines[first] = format!("{:by$}{}", "", lines[first]).into();
            return true;
        }
    }
    false
}
