//! Where in a reply the YAML is.

use crate::line::{indent, is_blank, is_key, string_column};

/// What stands between two fences.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fenced<'a> {
    text: &'a str,
    /// Whether a fence ends it, and not the end of the reply.
    closed: bool,
    /// Whether a fence without a label ends it: one with a label begins the next.
    sure: bool,
}

/// By label, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Yaml,
    Json,
    Unlabelled,
    Other,
}

impl Rank {
    fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Self::Yaml,
            "json" | "jsonc" | "json5" => Self::Json,
            "" => Self::Unlabelled,
            _ => Self::Other,
        }
    }
}

struct Fence<'a> {
    mark: char,
    len: usize,
    indent: usize,
    label: &'a str,
}

impl<'a> Fence<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let text = line.trim();
        let mark = text
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~'))?;
        let label = text.trim_start_matches(mark);
        let len = text.len() - label.len();
        // "```x```" is code within a line.
        (len >= 3 && !label.contains('`')).then_some(Self {
            mark,
            len,
            indent: indent(line),
            label: label.trim(),
        })
    }

    /// The fence of "Here it is: ```yaml", or of "- ```yaml".
    fn at_line_end(line: &'a str) -> Option<Self> {
        let at = line.find("```")?;
        let fence = Self::of(&line[at..]).filter(|fence| fence.rank() < Rank::Unlabelled)?;
        let item = line[..at]
            .chars()
            .all(|c| c.is_ascii_digit() || " \t-*+.)".contains(c));
        (!fence.label.contains(' ')).then_some(Self {
            indent: if item { at } else { indent(line) },
            ..fence
        })
    }

    fn rank(&self) -> Rank {
        let label = self.label.trim_start_matches(['{', '.']);
        Rank::of(
            label
                .split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or_default(),
        )
    }

    /// Whether it ends a block that `open` began, if it is not part of a string. One with a label
    /// does as well, unless it is further to the right: a model may forget an end.
    fn ends(&self, open: &Self) -> bool {
        self.mark == open.mark
            && self.len >= open.len
            && (self.indent <= open.indent || self.label.is_empty())
    }

    /// Whether a block begins here: "``` That's it." only ends one.
    fn begins(&self) -> bool {
        self.rank() < Rank::Other || !self.label.contains(' ')
    }
}

/// A part of a reply that may be what the model means.
#[derive(Debug, PartialEq)]
pub(crate) struct Part<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Between two fences.
    Closed,
    /// From a fence to the end of the reply: prose may follow.
    Open,
    /// Up to a fence: the prompt ended with the fence that begins the block.
    Begun,
    /// Without fences.
    Bare,
}

/// What to read, the best first.
pub(crate) fn parts(reply: &str) -> Vec<Part<'_>> {
    match after_thoughts(reply).map(parts_of) {
        Some(parts) if !parts.is_empty() => parts,
        _ => parts_of(reply),
    }
}

fn parts_of(reply: &str) -> Vec<Part<'_>> {
    let Scan { blocks, first } = scan(reply);
    let best = blocks
        .iter()
        .map(|(rank, _)| *rank)
        .min()
        .filter(|&best| best < Rank::Other);
    let fenced = blocks
        .into_iter()
        .rev()
        .filter_map(|(rank, block)| (Some(rank) == best).then_some(block));
    let part = |block: Fenced<'_>| {
        if block.closed {
            Kind::Closed
        } else {
            Kind::Open
        }
    };
    let mut parts: Vec<_> = fenced
        .map(|block| {
            (
                block.sure,
                Part {
                    kind: part(block),
                    text: block.text,
                },
            )
        })
        .collect();
    // The first fence, without a label, may end what the prompt began.
    let labelled = best.is_some_and(|best| best < Rank::Unlabelled);
    let head = first
        .filter(|_| !labelled)
        .and_then(|first| begun(&reply[..first]));
    if let Some(head) = head {
        let sure = parts
            .first()
            .is_some_and(|(sure, part)| *sure && looks_like_yaml(part.text));
        let at = if sure { parts.len() } else { 0 };
        parts.insert(
            at,
            (
                true,
                Part {
                    text: head,
                    kind: Kind::Begun,
                },
            ),
        );
    }
    let mut parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    if !labelled {
        parts.extend(longest_stretch(reply).map(|text| Part {
            text,
            kind: Kind::Bare,
        }));
    }
    parts
}

/// What follows the thoughts that a reasoning model puts before its answer.
fn after_thoughts(reply: &str) -> Option<&str> {
    const ENDS: [&str; 5] = [
        "</think>",
        "</thinking>",
        "</thought>",
        "</thoughts>",
        "</reasoning>",
    ];
    let mut end = None;
    let mut next = 0;
    for line in reply.split_inclusive('\n') {
        let last = ENDS
            .iter()
            .filter_map(|mark| line.rfind(mark).map(|at| (at, mark)))
            .max();
        if let Some((at, mark)) = last {
            let whole = at == 0 || line[at + mark.len()..].trim().is_empty();
            end = Some(next + at + mark.len())
                .filter(|_| whole && indent(line) == 0)
                .or(end);
        }
        next += line.len();
    }
    end.map(|end| &reply[end..])
}

/// The YAML that stands before the first fence, if the reply begins with it.
fn begun(head: &str) -> Option<&str> {
    let mut text = head;
    // The prompt ended with the fence alone, and its label is the first line.
    let (label, rest) = text.trim_start().split_once('\n').unwrap_or_default();
    if matches!(
        label.trim().to_ascii_lowercase().as_str(),
        "yaml" | "yml" | "json"
    ) {
        text = rest;
    }
    let last = text.trim_end().lines().next_back()?;
    // "Answer:" begins what stands between the fences.
    (looks_like_yaml(text) && !(last.ends_with(':') && indent(last) == 0)).then_some(text)
}

/// Whether the text begins as YAML does.
fn looks_like_yaml(text: &str) -> bool {
    text.lines()
        .find(|line| !is_blank(line))
        .is_some_and(|line| starts(line) || starts_in_stars(line))
}

/// Whether it is `**key**: value`.
fn starts_in_stars(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("**")
        .is_some_and(|text| is_key(&text.replacen("**", "", 1), 1))
}

struct Scan<'a> {
    blocks: Vec<(Rank, Fenced<'a>)>,
    /// Where the first fence begins, if it has no label.
    first: Option<usize>,
}

struct Opened<'a> {
    fence: Fence<'a>,
    /// Where its text begins.
    from: usize,
    /// Where its text ends if no fence of its own ends it: "b: 2```".
    glued: Option<usize>,
}

impl<'a> Opened<'a> {
    fn new(fence: Fence<'a>, line: &'a str, start: usize) -> Self {
        // "```yaml a: 1" begins in the line of its fence.
        let rest = fence
            .label
            .split_once([' ', '\t'])
            .map_or("", |(_, rest)| rest.trim());
        let own = if fence.rank() < Rank::Unlabelled && starts(rest) {
            line.rfind(rest)
        } else {
            None
        };
        let from = start + own.unwrap_or(line.len());
        Self {
            fence,
            from,
            glued: None,
        }
    }
}

/// The fenced blocks of a reply, in its order.
fn scan(reply: &str) -> Scan<'_> {
    let mut blocks = Vec::new();
    let mut first = None;
    let mut open: Option<Opened<'_>> = None;
    // The column of a key or dash that a block string belongs to: fences deeper than that are text.
    let mut string: Option<usize> = None;
    let mut next = 0;
    for line in reply.split_inclusive('\n') {
        let start = next;
        next += line.len();
        if string.is_some_and(|column| line.trim().is_empty() || indent(line) > column) {
            continue;
        }
        string = string_column(line);
        let fence = Fence::of(line);
        if let Some(opened) = &mut open {
            if let Some(fence) = fence.filter(|fence| fence.ends(&opened.fence)) {
                let text = &reply[opened.from..start];
                let sure = fence.label.is_empty();
                blocks.push((
                    opened.fence.rank(),
                    Fenced {
                        text,
                        closed: true,
                        sure,
                    },
                ));
                open = (!sure && fence.begins()).then(|| Opened::new(fence, line, start));
            } else if opened.glued.is_none() {
                let text = line.trim_end().trim_end_matches(opened.fence.mark);
                let marks = line.trim_end().len() - text.len();
                let alone = !text.contains(opened.fence.mark);
                opened.glued = (marks >= opened.fence.len && alone).then_some(start + text.len());
            }
        } else if let Some(block) = in_one_line(line) {
            blocks.push(block);
        } else {
            if let Some(fence) = &fence {
                first = first.or(Some((start, fence.label.is_empty())));
            }
            let begins = fence
                .filter(Fence::begins)
                .or_else(|| Fence::at_line_end(line));
            open = begins.map(|fence| Opened::new(fence, line, start));
        }
    }
    if let Some(Opened { fence, from, glued }) = open {
        let text = &reply[from..glued.unwrap_or(reply.len())];
        blocks.push((
            fence.rank(),
            Fenced {
                text,
                closed: glued.is_some(),
                sure: false,
            },
        ));
    }
    // A lone fence without anything in it is the end of a block whose start was forgotten.
    blocks.retain(|(rank, block)| *rank < Rank::Unlabelled || !block.text.trim().is_empty());
    let first = first.filter(|(_, bare)| *bare).map(|(start, _)| start);
    Scan { blocks, first }
}

/// The block of a line such as "```json {"a": 1}```".
fn in_one_line(line: &str) -> Option<(Rank, Fenced<'_>)> {
    let inner = line.trim().strip_prefix("```")?.strip_suffix("```")?;
    let label = inner
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let rank = Rank::of(label);
    let text = if rank < Rank::Unlabelled {
        &inner[label.len()..]
    } else {
        inner
    };
    let rank = if rank < Rank::Unlabelled {
        rank
    } else {
        Rank::Unlabelled
    };
    let yaml = !text.contains("```") && starts(text);
    yaml.then_some((
        rank,
        Fenced {
            text,
            closed: true,
            sure: true,
        },
    ))
}

/// A run of lines that look like YAML.
struct Stretch {
    start: usize,
    end: usize,
    lines: usize,
    indent: usize,
    flow: bool,
    /// Whether its last line waits for a string.
    hangs: bool,
}

/// The longest run of lines that look like YAML; of two of the same length, the later.
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
            let prose = !current.hangs && (after_blank || current.flow) && !continues(line);
            let ends = prose || Fence::of(line).is_some() || (flow && !current.flow);
            indent(line) <= current.indent && ends
        }) {
            found.extend(current.take());
        }
        if current.is_none() && starts(line) {
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

/// Whether this is `<word>` or `</word>`.
fn is_xml_tag(text: &str) -> bool {
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

/// Whether YAML may begin with this line: a key of one word, so that "Here is the answer:" is none.
fn starts(line: &str) -> bool {
    let text = line.trim();
    text == "---"
        || text.starts_with(['{', '['])
        || text == "-"
        || text.starts_with("- ")
        || is_key(text, 1)
}

/// Whether YAML may go on with this line.
fn continues(line: &str) -> bool {
    let text = line.trim();
    starts(line) || text.starts_with(['}', ']', '"', '\'', '#']) || text == "..." || is_key(text, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, with `…` after a block without an end.
    fn found(reply: &str) -> Vec<String> {
        let mark =
            |block: Fenced<'_>| format!("{}{}", block.text, if block.closed { "" } else { "…" });
        let blocks = scan(reply).blocks;
        let best = blocks
            .iter()
            .map(|(rank, _)| *rank)
            .min()
            .filter(|&best| best < Rank::Other);
        blocks
            .into_iter()
            .filter(|(rank, _)| Some(*rank) == best)
            .map(|(_, block)| mark(block))
            .collect()
    }

    #[test]
    fn fenced_blocks() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "prose around",
                "Sure!\n```yaml\na: 1\n```\nBye",
                &["a: 1\n"],
            ),
            ("yml, any case", "```YML\na: 1\n```", &["a: 1\n"]),
            ("tildes", "~~~yaml\na: 1\n~~~\n", &["a: 1\n"]),
            (
                "the other fence does not end it",
                "~~~yaml\na: |\n```\n~~~\n",
                &["a: |\n```\n"],
            ),
            (
                "a longer fence",
                "````yaml\na: |\n```\n````\n",
                &["a: |\n```\n"],
            ),
            ("a longer end", "```yaml\na: 1\n`````\n", &["a: 1\n"]),
            (
                "indented",
                "1. So:\n   ```yaml\n   a: 1\n   ```\n2. b",
                &["   a: 1\n"],
            ),
            (
                "an end less indented",
                "   ```yaml\n   a: 1\n```\n",
                &["   a: 1\n"],
            ),
            (
                "fences in a string",
                "```yaml\na: |\n  ```py\n  x\n  ```\nb: 1\n```\n",
                &["a: |\n  ```py\n  x\n  ```\nb: 1\n"],
            ),
            (
                "an end more indented",
                "```yaml\na: 1\n  ```\nBye",
                &["a: 1\n"],
            ),
            ("no end", "```yaml\na: 1", &["a: 1…"]),
            (
                "no end before the next",
                "```yaml\na: 1\n```yaml\nb: 1\n```",
                &["a: 1\n", "b: 1\n"],
            ),
            (
                "an end with prose",
                "```yaml\na: 1\n``` That's it.\n```yaml\nb: 1\n```",
                &["a: 1\n", "b: 1\n"],
            ),
            (
                "more in the label",
                "```yaml title=\"x\"\na: 1\n```",
                &["a: 1\n"],
            ),
            (
                "a blank before the label",
                "``` yaml\na: 1\n```",
                &["a: 1\n"],
            ),
            ("a label in braces", "```{.yaml}\na: 1\n```", &["a: 1\n"]),
            (
                "after prose in the line",
                "The answer: ```yaml\na: 1\n```",
                &["a: 1\n"],
            ),
            ("in a list", "- ```yaml\n  a: 1\n  ```\n- b", &["  a: 1\n"]),
            (
                "in a nested block",
                "```markdown\n# x\n```yaml\na: 1\n```\n",
                &["a: 1\n"],
            ),
            ("CRLF", "```yaml\r\na: 1\r\n```\r\n", &["a: 1\r\n"]),
            (
                "two",
                "```yaml\na: 1\n```\nor\n```yml\nb: 1\n```",
                &["a: 1\n", "b: 1\n"],
            ),
            (
                "yaml before json",
                "```json\n{}\n```\n```yaml\na: 1\n```",
                &["a: 1\n"],
            ),
            (
                "json before no label",
                "```\nls\n```\n```json\n{}\n```",
                &["{}\n"],
            ),
            (
                "no label before another",
                "```py\nx\n```\n```\na: 1\n```",
                &["a: 1\n"],
            ),
            ("another label only", "```py\nx: y\n```", &[]),
            (
                "code within a line",
                "Use ```yaml``` here, or ```a: 1```.",
                &[],
            ),
            (
                "in an unfenced string",
                "a: |\n  So:\n\n  ```yaml\n  b: 1\n  ```\nc: 1",
                &[],
            ),
            ("an end only", "a: 1\n```", &[]),
            ("empty", "```yaml\n```", &[""]),
        ];
        for (name, reply, blocks) in cases {
            assert_eq!(found(reply), *blocks, "{name}");
        }
    }

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
