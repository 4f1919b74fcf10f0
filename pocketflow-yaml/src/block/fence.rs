//! Finds fenced blocks.

use crate::line::{indent, starts_yaml, string_column};

/// The text between two fences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fenced<'a> {
    pub(super) text: &'a str,
    /// Whether the block ends at a fence and not at the end of the reply.
    pub(super) closed: bool,
    /// Whether the block ends at a fence without a label. A fence with a label starts the next
    /// block.
    pub(super) sure: bool,
}

/// The kinds of labels, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
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

pub(super) struct Fence<'a> {
    mark: char,
    len: usize,
    indent: usize,
    label: &'a str,
}

impl<'a> Fence<'a> {
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let text = line.trim();
        let mark = text
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~'))?;
        let label = text.trim_start_matches(mark);
        let len = text.len() - label.len();
        // "```x```" is inline code.
        (len >= 3 && !label.contains('`')).then_some(Self {
            mark,
            len,
            indent: indent(line),
            label: label.trim(),
        })
    }

    /// The fence in "Here it is: ```yaml" or "- ```yaml".
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

    /// Whether this fence ends a block that `open` began, if it is not part of a string. A fence
    /// with a label does so as well, unless it is indented further: a model may forget the closing
    /// fence.
    fn ends(&self, open: &Self) -> bool {
        self.mark == open.mark
            && self.len >= open.len
            && (self.indent <= open.indent || self.label.is_empty())
    }

    /// Whether this fence begins a block. "``` That's it." only ends one.
    fn begins(&self) -> bool {
        self.rank() < Rank::Other || !self.label.contains(' ')
    }
}

pub(super) struct Scan<'a> {
    pub(super) blocks: Vec<(Rank, Fenced<'a>)>,
    /// Where the first fence begins, if it has no label.
    pub(super) first: Option<usize>,
}

struct Opened<'a> {
    fence: Fence<'a>,
    /// Where the text begins.
    from: usize,
    /// Where the text ends if its closing fence is at the end of a line, as in "b: 2```".
    glued: Option<usize>,
}

impl<'a> Opened<'a> {
    fn new(fence: Fence<'a>, line: &'a str, start: usize) -> Self {
        // The block in "```yaml a: 1" begins in the line of its fence.
        let rest = fence
            .label
            .split_once([' ', '\t'])
            .map_or("", |(_, rest)| rest.trim());
        let own = if fence.rank() < Rank::Unlabelled && starts_yaml(rest) {
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

/// The fenced blocks of a reply, in order.
pub(super) fn scan(reply: &str) -> Scan<'_> {
    let mut blocks = Vec::new();
    let mut first = None;
    let mut open: Option<Opened<'_>> = None;
    // The column of the key or dash that a block string belongs to. Fences indented further are
    // part of the string.
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
    // A single fence with nothing after it ends a block whose opening fence was forgotten.
    blocks.retain(|(rank, block)| *rank < Rank::Unlabelled || !block.text.trim().is_empty());
    let first = first.filter(|(_, bare)| *bare).map(|(start, _)| start);
    Scan { blocks, first }
}

/// The block in a line such as "```json {"a": 1}```".
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
    let yaml = !text.contains("```") && starts_yaml(text);
    yaml.then_some((
        rank,
        Fenced {
            text,
            closed: true,
            sure: true,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks that are found, with `…` after a block that is not closed.
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
}
