//! Why a record cannot be read.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::event::VERSION;

/// Why a record cannot be read, and in which line.
#[derive(Debug, Clone)]
pub struct ReadError {
    line: Option<usize>,
    kind: ReadErrorKind,
}

/// Why a record cannot be read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The text is not a record: it is empty, or its first line is not the header of one.
    NotARecord {
        /// The beginning of the first line.
        begins: String,
    },
    /// A newer version of the library has written it.
    Newer {
        /// The version of its format.
        version: u64,
        /// The version of the library.
        library: String,
    },
    /// A line is not an event, or not UTF-8.
    BadLine {
        /// What is wrong with it.
        why: String,
        /// The column, counted from 1.
        column: usize,
    },
    /// An event refers to something that is not in the record before it.
    Missing {
        /// What is missing: a run, a graph, a step, a place, an exit, or the beginning of a nested flow.
        what: String,
    },
    /// A run or a graph has the number of an earlier one.
    Repeated {
        /// What is repeated.
        what: String,
    },
    /// The file cannot be read.
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: Arc<io::Error>,
    },
}

impl ReadError {
    pub(super) fn at(line: usize, kind: ReadErrorKind) -> Self {
        Self {
            line: Some(line),
            kind,
        }
    }

    pub(super) fn file(path: &Path, error: io::Error) -> Self {
        Self {
            line: None,
            kind: ReadErrorKind::File {
                path: path.to_owned(),
                error: Arc::new(error),
            },
        }
    }

    /// The number of the line, counted from 1. `None` if the file cannot be read.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong.
    pub fn kind(&self) -> &ReadErrorKind {
        &self.kind
    }
}

impl ReadErrorKind {
    pub(super) fn missing(what: &str, number: u64) -> Self {
        Self::Missing {
            what: format!("the {what} {number}"),
        }
    }

    pub(super) fn not_entered(path: &[String]) -> Self {
        Self::Missing {
            what: format!(
                "the beginning of the nested flow `{}`",
                printable(&path.join(" > "))
            ),
        }
    }

    pub(super) fn repeated(what: &str, number: u64) -> Self {
        Self::Repeated {
            what: format!("the {what} {number}"),
        }
    }

    pub(super) fn not_a_record(first: &[u8]) -> Self {
        Self::NotARecord {
            begins: printable(&String::from_utf8_lossy(&first[..first.len().min(400)])),
        }
    }

    /// The error of a line, without what the line contains beyond the error.
    pub(super) fn bad_line(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let why = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
        Self::BadLine {
            why: printable(why),
            column: error.column(),
        }
    }
}

/// At most 100 characters of a text, without control characters: a terminal must not obey a record.
fn printable(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(100)
        .flat_map(|letter| {
            let plain = !letter.is_control() && !is_invisible(letter);
            let escaped = (!plain).then(|| letter.escape_unicode());
            plain
                .then_some(letter)
                .into_iter()
                .chain(escaped.into_iter().flatten())
        })
        .collect();
    if text.chars().nth(100).is_some() {
        short.push('…');
    }
    short
}

/// Characters that change the direction of a text, or that take no space.
pub(crate) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.kind {
            ReadErrorKind::NotARecord { begins } if begins.is_empty() => {
                f.write_str("this is not a record: it has no line")
            }
            ReadErrorKind::NotARecord { begins } => write!(
                f,
                "this is not a record: its first line is `{begins}`, and the first line of a record begins with `{{\"pocketflow_record\":{VERSION}`"
            ),
            ReadErrorKind::Newer { version, library } => {
                write!(f, "the record has version {version} of the format")?;
                if !library.is_empty() {
                    write!(f, ", which pocketflow-record {library} writes")?;
                }
                write!(
                    f,
                    ", and this is pocketflow-record {}, which reads version {VERSION}: install a newer one",
                    env!("CARGO_PKG_VERSION")
                )
            }
            ReadErrorKind::BadLine { why, column } => {
                write!(
                    f,
                    "this is not an event of a record: {why}, at column {column}"
                )
            }
            ReadErrorKind::Missing { what } => write!(
                f,
                "the event is about {what}, which is not in the record: a line before it is missing"
            ),
            ReadErrorKind::Repeated { what } => write!(
                f,
                "{what} is in the record twice: two processes have written to it at the same time, or two records were joined"
            ),
            ReadErrorKind::File { path, error } => {
                write!(f, "cannot read {}: {error}", path.display())
            }
        }
    }
}

impl StdError for ReadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            ReadErrorKind::File { error, .. } => error.source(),
            _ => None,
        }
    }
}
