//! Prepares text from elsewhere for a Markdown page.

/// Formats lines as a list.
pub fn list(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("- {line}\n")).collect()
}

/// `1 file`, `2 files`.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// A Mermaid label. Characters that would end it or have a meaning in it are written as numbers.
pub fn quote(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let letter = |letter: char| match letter {
        '"' | '#' | '&' | '<' | '>' | '`' | ';' | '|' => format!("#{};", u32::from(letter)),
        letter => letter.to_string(),
    };
    one_line.chars().map(letter).collect()
}

/// Text on one line, in which only code keeps its Markdown meaning.
pub fn escape(text: &str) -> String {
    let mut code = false;
    let even = text.matches('`').count().is_multiple_of(2);
    let letters = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let letters = letters.chars().map(|letter| {
        code ^= letter == '`' && even;
        match letter {
            '`' if even => "`".into(),
            '[' | ']' | '<' | '*' | '_' | '`' | '#' | '|' if !code => format!("\\{letter}"),
            letter => letter.to_string(),
        }
    });
    letters.collect()
}

/// A line as code.
pub fn inline(line: &str) -> String {
    format!(
        "`{}`",
        line.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace('`', "'")
    )
}

/// A text without its last sentence if that sentence is incomplete, because a server stops at its
/// token limit, wherever that is.
pub fn trim_to_sentence(text: &str) -> &str {
    let text = text.trim();
    let end = text
        .rfind(['.', '!', '?', '`', ':'])
        .map_or(text.len(), |end| end + 1);
    // A closing quote or bracket belongs to the sentence.
    let rest = &text[end..];
    if rest.len() <= 2 { text } else { &text[..end] }
}

/// Makes Markdown from elsewhere fit under a heading: it lowers the headings, turns broken links
/// into plain text, closes what is left open, and removes the lines that rustdoc hides.
pub fn tame(text: &str) -> String {
    let mut tamed = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let start = line.trim_start();
        if let Some(mark) = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark))
        {
            match fence {
                Some(open) if open == mark => {
                    fence = None;
                    tamed.push(mark.to_owned());
                }
                Some(_) => tamed.push(line.to_owned()),
                None => {
                    fence = Some(mark);
                    let language = start[3..].trim();
                    let rust = [
                        "",
                        "rust",
                        "ignore",
                        "no_run",
                        "should_panic",
                        "compile_fail",
                    ];
                    let plain = language.split(',').any(|word| rust.contains(&word));
                    // A diagram that a model invented would be an error on the page.
                    let language = if plain {
                        "rust"
                    } else if language == "mermaid" {
                        "text"
                    } else {
                        language
                    };
                    tamed.push(format!("{mark}{language}"));
                }
            }
        } else if fence.is_some() {
            if start != "#" && !start.starts_with("# ") {
                tamed.push(line.to_owned());
            }
        } else if start.starts_with('#') {
            tamed.push(format!("###{}", start.trim_start_matches('#')));
        } else if !(is_definition(start)) {
            tamed.push(without_tags(&plain_links(line)));
        }
    }
    tamed.extend(fence.map(str::to_owned));
    tamed.join("\n").trim().to_owned()
}

/// `[name]: target`, which only rustdoc can resolve.
fn is_definition(line: &str) -> bool {
    line.starts_with('[')
        && line
            .split_once("]: ")
            .is_some_and(|(_, target)| !target.contains("://"))
}

/// A line in which `<` does not begin HTML: outside code, it is written as an entity.
pub fn without_tags(line: &str) -> String {
    let parts = line.split('`').enumerate();
    let parts = parts.map(|(index, part)| {
        if index % 2 == 0 {
            part.replace('<', "&lt;")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// A line in which the links that only rustdoc can follow, or that are broken, are plain text:
/// `[text](to/somewhere)` and `[text][name]` become `text`.
pub fn plain_links(line: &str) -> String {
    let Some((before, rest)) = line.split_once('[') else {
        return line.to_owned();
    };
    let Some((text, after)) = split_at_closing(rest) else {
        return line.to_owned();
    };
    let target = [('(', ')'), ('[', ']')].iter().find_map(|(open, close)| {
        after
            .strip_prefix(*open)?
            .split_once(*close)
            .map(|(target, rest)| (*open, target, rest))
    });
    match target {
        Some(('(', target, rest)) if target.starts_with("http") => {
            format!("{before}[{text}]({target}){}", plain_links(rest))
        }
        Some((_, _, rest)) => format!("{before}{text}{}", plain_links(rest)),
        None if text.starts_with('`') => format!("{before}{text}{}", plain_links(after)),
        None => format!("{before}[{text}]{}", plain_links(after)),
    }
}

/// What is before the `]` of a `[`, and what is after it. There may be brackets in between, as in
/// ``[`#[node]`](node)``.
fn split_at_closing(rest: &str) -> Option<(&str, &str)> {
    let mut open = 0;
    let end = rest.find(|letter| {
        match letter {
            '[' => open += 1,
            ']' if open == 0 => return true,
            ']' => open -= 1,
            _ => {}
        }
        false
    })?;
    Some((&rest[..end], &rest[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_a_map_cannot_end_early() {
        assert_eq!(
            quote("says \"no\"\n<b> #1; a|b"),
            "says #34;no#34; #60;b#62; #35;1#59; a#124;b"
        );
    }

    #[test]
    fn in_one_line_only_code_keeps_its_meaning() {
        assert_eq!(
            escape("a [link](b.md) and\n`snake_case` of snake_case"),
            "a \\[link\\](b.md) and `snake_case` of snake\\_case"
        );
        assert_eq!(escape("one ` alone"), "one \\` alone");
        assert_eq!(inline("a `b`\nc"), "`a 'b' c`");
    }

    #[test]
    fn links_that_lead_nowhere_become_text() {
        for (line, plain) in [
            (
                "see [`Edge`](crate::Edge) and [here](https://a.b/c)",
                "see `Edge` and [here](https://a.b/c)",
            ),
            (
                "a [`Driver`] or [a driver][Driver]",
                "a `Driver` or a driver",
            ),
            (
                "[`#[derive(Shared)]`](trait@Shared) on",
                "`#[derive(Shared)]` on",
            ),
            ("an [aside] and [x", "an [aside] and [x"),
            ("![image](map.png)", "!image"),
        ] {
            assert_eq!(plain_links(line), plain);
        }
    }

    #[test]
    fn headings_go_down_and_what_is_open_is_closed() {
        let text = "# Title\n## Part\n[x]: crate::X\n```no_run\n# hidden\n#[node]\n# Title\n```\n```mermaid\ngraph";
        assert_eq!(
            tame(text),
            "### Title\n### Part\n```rust\n#[node]\n```\n```text\ngraph\n```"
        );
        assert_eq!(
            tame("A `Vec<T>` of <b>, <https://a.b>"),
            "A `Vec<T>` of &lt;b>, &lt;https://a.b>"
        );
    }
}
