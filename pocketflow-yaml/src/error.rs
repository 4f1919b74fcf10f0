//! Describes what is wrong with a reply, in words for the model.

use std::fmt;

use crate::guard::DEEPEST;

/// Why a reply could not be read.
///
/// The text is complete, so it can go straight into the prompt of the next attempt. It names the
/// model's mistake and the line, counted from the beginning of the YAML block.
///
/// ````
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Debug)]
/// #[serde(tag = "action", rename_all = "snake_case")]
/// enum Decision {
///     Search { query: String },
///     Answer,
/// }
///
/// let reply = "```yaml\nreason: it is recent\naction: serach\n```";
/// let error = pocketflow_yaml::extract::<Decision>(reply).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"line 2 of the YAML block, "action: serach": unknown variant `serach`, expected `search` or `answer`"#
/// );
///
/// let error = pocketflow_yaml::extract::<Decision>("I would search.").unwrap_err();
/// assert_eq!(error.to_string(), "the reply has no YAML block: reply with a block fenced by ```yaml and ```");
/// ````
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    line: Option<usize>,
    block: Option<String>,
    /// Whether the text is invalid YAML. If not, it is valid but does not fit the type.
    syntax: bool,
}

/// A quoted line is cut off after this many characters.
const LONGEST_LINE: usize = 120;

/// Advice for parser errors that give none.
const ADVICE: [(&str, &str); 6] = [
    (
        "mapping values are not allowed",
        "check the indentation, and that a blank follows each `:`",
    ),
    (
        "could not find expected ':'",
        "indent a line that belongs to the text above",
    ),
    (
        "did not find expected ',' or ']'",
        "separate the items by commas, and close the list with `]`",
    ),
    (
        "did not find expected ',' or '}'",
        "separate the entries by commas, and close the map with `}`",
    ),
    ("did not find expected key", "check the indentation"),
    (
        "did not find expected '-' indicator",
        "check the indentation",
    ),
];

/// Phrases of serde that name Rust concepts, and their replacements.
const WORDS: [(&str, &str); 3] = [
    ("expected internally tagged enum ", "expected a map"),
    ("expected adjacently tagged enum ", "expected a map"),
    ("expected variant identifier", "expected a name"),
];

/// The message without the names of Rust types.
fn in_words(what: String) -> String {
    let rust = WORDS
        .iter()
        .find_map(|(rust, word)| what.find(rust).map(|at| (at, rust, word)));
    rust.map_or_else(
        || what.clone(),
        |(at, _, word)| format!("{}{word}", &what[..at]),
    )
}

impl Error {
    pub(crate) fn empty_reply() -> Self {
        Self {
            message: "the reply is empty".into(),
            line: None,
            block: None,
            syntax: false,
        }
    }

    pub(crate) fn no_block() -> Self {
        Self {
            message: "the reply has no YAML block".into(),
            line: None,
            block: None,
            syntax: false,
        }
    }

    pub(crate) fn empty_block(block: &str) -> Self {
        Self {
            message: "the YAML block is empty".into(),
            line: None,
            block: Some(block.into()),
            syntax: false,
        }
    }

    /// An error in `block`, at a line counted from 1.
    pub(crate) fn at(block: &str, line: Option<usize>, what: impl fmt::Display) -> Self {
        let what = in_words(what.to_string());
        let line = line.filter(|&line| (1..=block.lines().count()).contains(&line));
        let message = match line {
            Some(line) => {
                let text = block.lines().nth(line - 1).unwrap_or_default().trim();
                let cut = text
                    .char_indices()
                    .nth(LONGEST_LINE)
                    .map(|(end, _)| format!("{}…", &text[..end]));
                format!(
                    "line {line} of the YAML block, \"{}\": {what}",
                    cut.as_deref().unwrap_or(text)
                )
            }
            None => format!("the YAML block: {what}"),
        };
        Self {
            message,
            line,
            block: Some(block.into()),
            syntax: false,
        }
    }

    /// A parser error in `block`.
    pub(crate) fn syntax(block: &str, error: &serde_yaml::Error) -> Self {
        let (what, mut lines) = parts(error);
        // For a key without a colon or a string without an end, the parser gives the line where it
        // noticed the error, and then the line where the key or the string starts.
        let late = |line: usize| {
            block
                .lines()
                .nth(line - 1)
                .is_none_or(|text| text.trim().is_empty())
        };
        if lines.len() > 1 && (what.starts_with("could not find expected ':'") || late(lines[0])) {
            lines.remove(0);
        }
        // The parser notices the end of the block in the line after it.
        let last = block.trim_end().lines().count();
        lines.iter_mut().for_each(|line| *line = (*line).min(last));
        let advice = ADVICE
            .iter()
            .find(|(complaint, _)| what.starts_with(complaint));
        let advice = advice.map_or_else(String::new, |(_, advice)| format!("; {advice}"));
        Self {
            syntax: true,
            ..Self::at(
                block,
                lines.first().copied(),
                format_args!("{what}{advice}"),
            )
        }
    }

    pub(crate) fn is_syntax(&self) -> bool {
        self.syntax
    }

    pub(crate) fn too_deep(block: &str, line: usize) -> Self {
        Self::at(
            block,
            Some(line),
            format_args!("more than {DEEPEST} brackets are open; nest less"),
        )
    }

    pub(crate) fn too_large(block: &str) -> Self {
        Self::at(
            block,
            None,
            "its aliases stand for too many values; write out what is needed",
        )
    }

    /// Adds how to fence the block, if it had no fence.
    pub(crate) fn ask_for_a_fence(mut self) -> Self {
        let how = if self.block.is_some() {
            "; reply"
        } else {
            ": reply"
        };
        self.message = format!(
            "{}{how} with a block fenced by ```yaml and ```",
            self.message
        );
        self
    }

    /// The line of the [`block`](Self::block) with the error, counted from 1.
    ///
    /// ```
    /// let error = pocketflow_yaml::extract::<Vec<u32>>("```yaml\n- 1\n- two\n```").unwrap_err();
    /// assert_eq!(error.line(), Some(2));
    /// ```
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The part of the reply that was read as YAML. `None` if no part looked like YAML.
    ///
    /// ```
    /// let error = pocketflow_yaml::extract::<Vec<u32>>("Here:\n```yaml\n- 1\n- two\n```").unwrap_err();
    /// assert_eq!(error.block(), Some("- 1\n- two\n"));
    /// ```
    pub fn block(&self) -> Option<&str> {
        self.block.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// There is no source, because the text already includes the parser's message.
impl std::error::Error for Error {}

/// The parser's message without its location, and the lines that it names: first where the parser
/// stopped, then where the construct begins.
pub(crate) fn parts(error: &serde_yaml::Error) -> (String, Vec<usize>) {
    let text = error.to_string();
    let mut lines: Vec<usize> = error
        .location()
        .map(|place| place.line())
        .into_iter()
        .collect();
    let what = match text.split_once(" at line ") {
        Some((before, after)) => {
            // "2 column 5, while parsing a block mapping at line 1 column 1"
            let context = after.find(", ").map_or("", |comma| &after[comma..]);
            let line = |place: &str| place.split(' ').next()?.parse::<usize>().ok();
            lines.extend(context.split(" at line ").skip(1).filter_map(line));
            format!("{before}{context}")
        }
        None => text,
    };
    (what, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parsers_place_is_separated_from_its_words() {
        let error =
            serde_yaml::from_str::<serde::de::IgnoredAny>("a: 1\nb: \"never closed\nc: 2\n")
                .unwrap_err();
        let (what, lines) = parts(&error);
        assert_eq!(
            what,
            "found unexpected end of stream, while scanning a quoted scalar at line 2 column 4"
        );
        assert_eq!(lines, [4, 2]);
    }

    #[test]
    fn a_long_line_is_cut_and_a_line_beyond_the_block_left_out() {
        let block = format!("a: {}", "é".repeat(500));
        let error = Error::at(&block, Some(1), "wrong");
        assert!(error.to_string().ends_with("é…\": wrong"), "{error}");
        assert!(error.to_string().chars().count() < 200);
        assert_eq!(
            Error::at("a: 1", Some(7), "wrong").to_string(),
            "the YAML block: wrong"
        );
    }

    #[test]
    fn it_goes_through_threads_and_boxes() {
        fn sound<T: std::error::Error + Send + Sync + 'static>(_: &T) {}
        let error = Error::no_block();
        sound(&error);
        assert!(std::error::Error::source(&error).is_none());
    }
}
