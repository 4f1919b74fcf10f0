//! The lines of a record.

use serde::Deserialize;

use super::error::{ReadError, ReadErrorKind};
use crate::event::{Event, Header, VERSION};

/// A line of a record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "lines are read one at a time")]
pub enum Line {
    /// The first line, or the first line of another process.
    Header(Header),
    /// An event.
    Event(Event),
    /// An event of a kind that this version does not know.
    Unknown,
}

/// The lines of a record, each with its number: see [`lines`].
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    text: &'a [u8],
    /// Where the next line begins.
    at: usize,
    /// The end of the last whole line.
    whole: usize,
    /// The number of the last line.
    number: usize,
    failed: bool,
}

/// Reads the whole lines of a record one by one, without building its runs. It ends after the first
/// error.
///
/// ```
/// use pocketflow_record::{Line, lines};
///
/// let record = "{\"pocketflow_record\":1}\n{\"event\":\"end\",\"at\":5,\"run\":0}\n{\"event\":\"ru";
/// let mut lines = lines(record.as_bytes());
/// assert!(matches!(lines.next(), Some(Ok((1, Line::Header(_))))));
/// assert!(matches!(lines.next(), Some(Ok((2, Line::Event(_))))));
/// assert!(lines.next().is_none() && lines.is_cut_off());
/// ```
pub fn lines(text: &[u8]) -> Lines<'_> {
    let last = text.iter().rposition(|byte| *byte == b'\n');
    Lines {
        text,
        at: 0,
        whole: last.map_or(0, |last| last + 1),
        number: 0,
        failed: false,
    }
}

impl Lines<'_> {
    /// Whether the text ends within a line.
    pub fn is_cut_off(&self) -> bool {
        self.whole < self.text.len()
    }

    fn read(&self, line: &[u8]) -> Result<Line, ReadErrorKind> {
        let first = self.number == 1;
        let Ok(text) = std::str::from_utf8(line) else {
            if first {
                return Err(ReadErrorKind::not_a_record(line));
            }
            let valid = String::from_utf8_lossy(line).find('\u{fffd}');
            return Err(ReadErrorKind::BadLine {
                why: "it is not UTF-8".into(),
                column: valid.unwrap_or_default() + 1,
            });
        };
        // A program may have added a byte order mark.
        let text = text
            .strip_prefix('\u{feff}')
            .filter(|_| first)
            .unwrap_or(text);
        if let Ok(Some(header)) = header(text) {
            return Ok(Line::Header(header?));
        }
        if first {
            return Err(ReadErrorKind::not_a_record(line));
        }
        match Event::read(text) {
            Ok(Some(event)) => Ok(Line::Event(event)),
            Ok(None) => Ok(Line::Unknown),
            Err(error) => Err(ReadErrorKind::bad_line(&error)),
        }
    }
}

/// What the first line of a record begins with.
const BEGINS: &[u8] = b"{\"pocketflow_record\":";

/// Whether a text is the beginning of the first line of a record, without the end of the line.
pub(crate) fn begins_a_header(text: &[u8]) -> bool {
    let begins = text.starts_with(BEGINS) || BEGINS.starts_with(text);
    begins && text.len() > 2 && !text.contains(&b'\n')
}

/// The header in a line, if it is one. The inner error is that of a newer version.
fn header(line: &str) -> Result<Option<Result<Header, ReadErrorKind>>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Any {
        pocketflow_record: u64,
        #[serde(default)]
        library: String,
    }
    if !line.trim_start().starts_with("{\"pocketflow_record\"") {
        return Ok(None);
    }
    let Any {
        pocketflow_record: version,
        library,
    } = serde_json::from_str(line)?;
    Ok(Some(match u32::try_from(version) {
        Ok(version) if version <= VERSION => Ok(Header { version, library }),
        _ => Err(ReadErrorKind::Newer { version, library }),
    }))
}

impl Iterator for Lines<'_> {
    type Item = Result<(usize, Line), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.failed {
                return None;
            }
            let rest = &self.text[self.at..self.whole];
            if rest.is_empty() {
                // A process may be killed while it writes the first line.
                if self.number > 0 || begins_a_header(self.text) {
                    return None;
                }
                self.failed = true;
                let kind = ReadErrorKind::not_a_record(self.text);
                return Some(Err(ReadError::at(1, kind)));
            }
            let end = rest.iter().position(|byte| *byte == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            self.at += line.len() + 1;
            self.number += 1;
            if self.number > 1 && line.trim_ascii().is_empty() {
                continue;
            }
            let read = self.read(line).map(|line| (self.number, line));
            self.failed = read.is_err();
            return Some(read.map_err(|kind| ReadError::at(self.number, kind)));
        }
    }
}
