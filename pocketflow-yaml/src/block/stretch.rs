//! Finds lines that look like YAML and have no fences around them.

use super::fence::Fence;
use crate::line::{continues_yaml, indent, is_xml_tag, starts_yaml, string_column};

/// A run of lines that look like YAML.
struct Stretch {
    start: usize,
    end: usize,
    lines: usize,
    indent: usize,
    flow: bool,
    /// Whether its last line is a key that still lacks its string.
    hangs: bool,
}

/// The longest run of lines that look like YAML. If two are equally long, the later one.
pub(crate) fn longest_stretch(text: &str) -> Option<&str> {
    stretches(text)
        .into_iter()
        .max_by_key(|stretch| stretch.lines)
        .map(|stretch| &text[stretch.start..stretch.end])
}

/// The text without the prose that follows, if it starts as YAML.
pub(crate) fn without_prose_after(text: &str) -> Option<&str> {
    let first = stretches(text).into_iter().next()?;
    let before = text[..first.start].lines().map(str::trim);
    before
        .into_iter()
        .all(|line| line.is_empty() || line.starts_with('#'))
        .then_some(&text[..first.end])
}

fn stretches(text: &str) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut current: Option<Stretch> = None;
    let mut after_blank = false;
    let mut next = 0;
    for line in text.split_inclusive('\n') {
        let start = next;
        next += line.len();
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        // An XML tag around the answer.
        if is_xml_tag(line.trim())
            && current
                .as_ref()
                .is_none_or(|current| indent(line) <= current.indent)
        {
            found.extend(current.take());
            continue;
        }
        let flow = line.trim_start().starts_with(['{', '[']);
        if current.as_ref().is_some_and(|current| {
            let prose = !current.hangs && (after_blank || current.flow) && !continues_yaml(line);
            let ends = prose || Fence::of(line).is_some() || (flow && !current.flow);
            indent(line) <= current.indent && ends
        }) {
            found.extend(current.take());
        }
        if current.is_none() && starts_yaml(line) {
            current = Some(Stretch {
                start,
                end: next,
                lines: 0,
                indent: indent(line),
                flow,
                hangs: false,
            });
        }
        if let Some(current) = &mut current {
            current.end = next;
            current.lines += 1;
            current.hangs = string_column(line).is_some();
        }
        after_blank = false;
    }
    found.extend(current);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_yaml() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("all of it", "a: 1\nb: 2", Some("a: 1\nb: 2")),
            (
                "prose before",
                "Here is the answer:\n\na: 1\nb: 2\n",
                Some("a: 1\nb: 2\n"),
            ),
            (
                "prose after",
                "a: 1\nb: 2\n\nHope that helps!\n",
                Some("a: 1\nb: 2\n"),
            ),
            (
                "a blank line within",
                "a: 1\n\nb: 2\n\nThat is all: bye.",
                Some("a: 1\n\nb: 2\n\nThat is all: bye."),
            ),
            (
                "a long sentence with a colon",
                "a: 1\n\nI chose it, since: x",
                Some("a: 1\n"),
            ),
            (
                "a list",
                "What to do:\n- a\n- b\n\nDone.",
                Some("- a\n- b\n"),
            ),
            (
                "the longer one",
                "Note: hm\n\nI think so.\n\na: 1\nb: 2\n\nRight?\n\nNote: x",
                Some("a: 1\nb: 2\n"),
            ),
            (
                "JSON after a key",
                "Answer:\n{\"a\": 1}\nThere.",
                Some("{\"a\": 1}\n"),
            ),
            (
                "JSON over lines",
                "So\n{\n\"a\": 1,\n\"b\": [\n]\n}\nThere.",
                Some("{\n\"a\": 1,\n\"b\": [\n]\n}\n"),
            ),
            ("an end without a start", "a: 1\n```\nBye", Some("a: 1\n")),
            (
                "a string over paragraphs",
                "a: |\n  x\n\n  y\n\nBye",
                Some("a: |\n  x\n\n  y\n"),
            ),
            (
                "a string without indentation",
                "a: |\n\nText",
                Some("a: |\n\nText"),
            ),
            (
                "indented",
                "  a: 1\n  b: 2\n\nBye",
                Some("  a: 1\n  b: 2\n"),
            ),
            (
                "only prose",
                "I can't tell.\nWhat do you mean by that: this?",
                None,
            ),
            (
                "a time and an address",
                "At 10:30, see https://example.com",
                None,
            ),
        ];
        for (name, reply, stretch) in cases {
            assert_eq!(longest_stretch(reply), *stretch, "{name}");
        }
    }

    #[test]
    fn the_prose_after_a_block_without_an_end() {
        let cases = [
            ("# x\n\na: 1\n\nBye.\n\nb: 1\nc: 1\n", Some("# x\n\na: 1\n")),
            ("a: 1\nb: 1", Some("a: 1\nb: 1")),
            ("a long key: it's: on\nb: 1\n", None),
            ("Bye.", None),
        ];
        for (text, yaml) in cases {
            assert_eq!(without_prose_after(text), yaml, "{text:?}");
        }
    }
}
