//! Where in a reply the YAML is.

/// What stands between two fences.
#[derive(Debug, PartialEq)]
pub(crate) struct Fenced<'a> {
    pub(crate) text: &'a str,
    /// Whether a fence ends it, and not the end of the reply.
    pub(crate) closed: bool,
}

/// By label, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Yaml,
    Json,
    Unlabelled,
    Other,
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
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
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
        let item = line[..at].chars().all(|c| c.is_ascii_digit() || " \t-*+.)".contains(c));
        (!fence.label.contains(' ')).then_some(Self { indent: if item { at } else { indent(line) }, ..fence })
    }

    fn rank(&self) -> Rank {
        let label = self.label.trim_start_matches(['{', '.']);
        let word = label.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Rank::Yaml,
            "json" => Rank::Json,
            "" => Rank::Unlabelled,
            _ => Rank::Other,
        }
    }

    /// Whether it ends a block that `open` began, if it is not part of a string. One with a label does as well, unless it is further
    /// to the right: a model may forget an end.
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

/// The fenced blocks of the best label there is, in the order of the reply.
pub(crate) fn fenced(reply: &str) -> Vec<Fenced<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(Fence<'_>, usize)> = None;
    // The indentation of a line that begins a block string: fences deeper than that are text.
    let mut string: Option<usize> = None;
    let mut next = 0;
    for line in reply.split_inclusive('\n') {
        let start = next;
        next += line.len();
        if string.is_some_and(|string| line.trim().is_empty() || indent(line) > string) {
            continue;
        }
        string = begins_string(line).then_some(indent(line));
        let fence = Fence::of(line);
        if let Some((opened, from)) = &open {
            if let Some(fence) = fence.filter(|fence| fence.ends(opened)) {
                found.push((opened.rank(), Fenced { text: &reply[*from..start], closed: true }));
                open = (!fence.label.is_empty() && fence.begins()).then_some((fence, next));
            }
        } else {
            open =
                fence.filter(Fence::begins).or_else(|| Fence::at_line_end(line)).map(|fence| (fence, next));
        }
    }
    if let Some((opened, from)) = open {
        found.push((opened.rank(), Fenced { text: &reply[from..], closed: false }));
    }
    // A lone fence without anything in it is the end of a block whose start was forgotten.
    found.retain(|(rank, block)| *rank < Rank::Unlabelled || !block.text.trim().is_empty());
    let best = found.iter().map(|(rank, _)| *rank).min().filter(|&best| best < Rank::Other);
    found.into_iter().filter_map(|(rank, block)| (Some(rank) == best).then_some(block)).collect()
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
    before.into_iter().all(|line| line.is_empty() || line.starts_with('#')).then_some(&text[..first.end])
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
        let flow = line.trim_start().starts_with(['{', '[']);
        if current.as_ref().is_some_and(|current| {
            let prose = !current.hangs && (after_blank || current.flow) && !continues(line);
            let ends = prose || Fence::of(line).is_some() || (flow && !current.flow);
            indent(line) <= current.indent && ends
        }) {
            found.extend(current.take());
        }
        if current.is_none() && starts(line) {
            current = Some(Stretch { start, end: next, lines: 0, indent: indent(line), flow, hangs: false });
        }
        if let Some(current) = &mut current {
            current.end = next;
            current.lines += 1;
            current.hangs = begins_string(line);
        }
        after_blank = false;
    }
    found.extend(current);
    found
}

/// How many bytes of white space a line starts with.
pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// Whether YAML may begin with this line: a key of one word, so that "Here is the answer:" is none.
fn starts(line: &str) -> bool {
    let text = line.trim();
    text == "---" || text.starts_with(['{', '[']) || text == "-" || text.starts_with("- ") || is_key(text, 1)
}

/// Whether YAML may go on with this line.
fn continues(line: &str) -> bool {
    let text = line.trim();
    starts(line) || text.starts_with(['}', ']', '"', '\'', '#']) || text == "..." || is_key(text, 3)
}

/// Whether the line is `key:` or `key: value`, with a key in quotes or of so many words at most.
fn is_key(text: &str, words: usize) -> bool {
    let quoted = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
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
        && key.chars().all(|c| c.is_alphanumeric() || "_-./ ()".contains(c))
}

/// Whether the line ends in the head of a block string, such as `text: |` or `- >-`.
pub(crate) fn begins_string(line: &str) -> bool {
    line.trim_end().rsplit_once([' ', '\t']).is_some_and(|(before, head)| {
        is_string_head(head) && matches!(before.trim_end().chars().next_back(), Some(':' | '-'))
    })
}

/// Whether this is `|` or `>`, with how to end it or how far to indent it.
pub(crate) fn is_string_head(text: &str) -> bool {
    text.strip_prefix(['|', '>'])
        .is_some_and(|rest| rest.len() <= 2 && rest.chars().all(|c| "+-123456789".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, with `…` after a block without an end.
    fn found(reply: &str) -> Vec<String> {
        let mark = |block: Fenced<'_>| format!("{}{}", block.text, if block.closed { "" } else { "…" });
        fenced(reply).into_iter().map(mark).collect()
    }

    #[test]
    fn fenced_blocks() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("prose around", "Sure!\n```yaml\na: 1\n```\nBye", &["a: 1\n"]),
            ("yml, any case", "```YML\na: 1\n```", &["a: 1\n"]),
            ("tildes", "~~~yaml\na: 1\n~~~\n", &["a: 1\n"]),
            ("the other fence does not end it", "~~~yaml\na: |\n```\n~~~\n", &["a: |\n```\n"]),
            ("a longer fence", "````yaml\na: |\n```\n````\n", &["a: |\n```\n"]),
            ("a longer end", "```yaml\na: 1\n`````\n", &["a: 1\n"]),
            ("indented", "1. So:\n   ```yaml\n   a: 1\n   ```\n2. b", &["   a: 1\n"]),
            ("an end less indented", "   ```yaml\n   a: 1\n```\n", &["   a: 1\n"]),
            (
                "fences in a string",
                "```yaml\na: |\n  ```py\n  x\n  ```\nb: 1\n```\n",
                &["a: |\n  ```py\n  x\n  ```\nb: 1\n"],
            ),
            ("an end more indented", "```yaml\na: 1\n  ```\nBye", &["a: 1\n"]),
            ("no end", "```yaml\na: 1", &["a: 1…"]),
            ("no end before the next", "```yaml\na: 1\n```yaml\nb: 1\n```", &["a: 1\n", "b: 1\n"]),
            ("an end with prose", "```yaml\na: 1\n``` That's it.\n```yaml\nb: 1\n```", &["a: 1\n", "b: 1\n"]),
            ("more in the label", "```yaml title=\"x\"\na: 1\n```", &["a: 1\n"]),
            ("a blank before the label", "``` yaml\na: 1\n```", &["a: 1\n"]),
            ("a label in braces", "```{.yaml}\na: 1\n```", &["a: 1\n"]),
            ("after prose in the line", "The answer: ```yaml\na: 1\n```", &["a: 1\n"]),
            ("in a list", "- ```yaml\n  a: 1\n  ```\n- b", &["  a: 1\n"]),
            ("in a nested block", "```markdown\n# x\n```yaml\na: 1\n```\n", &["a: 1\n"]),
            ("CRLF", "```yaml\r\na: 1\r\n```\r\n", &["a: 1\r\n"]),
            ("two", "```yaml\na: 1\n```\nor\n```yml\nb: 1\n```", &["a: 1\n", "b: 1\n"]),
            ("yaml before json", "```json\n{}\n```\n```yaml\na: 1\n```", &["a: 1\n"]),
            ("json before no label", "```\nls\n```\n```json\n{}\n```", &["{}\n"]),
            ("no label before another", "```py\nx\n```\n```\na: 1\n```", &["a: 1\n"]),
            ("another label only", "```py\nx: y\n```", &[]),
            ("code within a line", "Use ```yaml``` here, or ```a: 1```.", &[]),
            ("in an unfenced string", "a: |\n  So:\n\n  ```yaml\n  b: 1\n  ```\nc: 1", &[]),
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
            ("prose before", "Here is the answer:\n\na: 1\nb: 2\n", Some("a: 1\nb: 2\n")),
            ("prose after", "a: 1\nb: 2\n\nHope that helps!\n", Some("a: 1\nb: 2\n")),
            (
                "a blank line within",
                "a: 1\n\nb: 2\n\nThat is all: bye.",
                Some("a: 1\n\nb: 2\n\nThat is all: bye."),
            ),
            ("a long sentence with a colon", "a: 1\n\nI chose it, since: x", Some("a: 1\n")),
            ("a list", "What to do:\n- a\n- b\n\nDone.", Some("- a\n- b\n")),
            (
                "the longer one",
                "Note: hm\n\nI think so.\n\na: 1\nb: 2\n\nRight?\n\nNote: x",
                Some("a: 1\nb: 2\n"),
            ),
            ("JSON after a key", "Answer:\n{\"a\": 1}\nThere.", Some("{\"a\": 1}\n")),
            (
                "JSON over lines",
                "So\n{\n\"a\": 1,\n\"b\": [\n]\n}\nThere.",
                Some("{\n\"a\": 1,\n\"b\": [\n]\n}\n"),
            ),
            ("an end without a start", "a: 1\n```\nBye", Some("a: 1\n")),
            ("a string over paragraphs", "a: |\n  x\n\n  y\n\nBye", Some("a: |\n  x\n\n  y\n")),
            ("a string without indentation", "a: |\n\nText", Some("a: |\n\nText")),
            ("indented", "  a: 1\n  b: 2\n\nBye", Some("  a: 1\n  b: 2\n")),
            ("only prose", "I can't tell.\nWhat do you mean by that: this?", None),
            ("a time and an address", "At 10:30, see https://example.com", None),
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
