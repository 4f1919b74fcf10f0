//! The end of a file that grows.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// So many bytes before a place tell whether a file is still the one that was read.
const MARK: u64 = 256;
/// About so many bytes are read at a time.
const CHUNK: u64 = 256 * 1024;

/// How far a file has been read: to the end of a whole line. It can be given to someone else and come back,
/// because it does not depend on who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tail {
    offset: u64,
    /// A hash of what is before the offset.
    mark: u64,
}

/// What a file has after a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum More {
    /// No whole line.
    Nothing,
    /// The next whole lines.
    Lines(Vec<u8>),
    /// The file is another one than before. These are its first lines.
    Replaced(Vec<u8>),
}

impl Tail {
    /// The text of a tail, which [`parse`](Self::parse) reads.
    pub(crate) fn text(self) -> String {
        format!("{}-{:016x}", self.offset, self.mark)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (offset, mark) = text.split_once('-')?;
        Some(Self {
            offset: offset.parse().ok()?,
            mark: u64::from_str_radix(mark, 16).ok()?,
        })
    }

    /// Reads whole lines, not many more than a chunk of them.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<More> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let is_same = self.offset == 0
            || (self.offset <= length && mark(&mut file, self.offset)? == self.mark);
        if !is_same {
            *self = Self::default();
        }
        let lines = lines(&mut file, self.offset)?;
        if !lines.is_empty() {
            self.offset += lines.len() as u64;
            let from = lines.len().checked_sub(MARK as usize);
            self.mark = match from {
                Some(from) => hash(&lines[from..]),
                None => mark(&mut file, self.offset)?,
            };
        }
        Ok(match (is_same, lines.is_empty()) {
            (false, _) => More::Replaced(lines),
            (true, true) => More::Nothing,
            (true, false) => More::Lines(lines),
        })
    }
}

/// The whole lines after an offset.
fn lines(file: &mut File, offset: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut text = Vec::new();
    loop {
        let read = file.by_ref().take(CHUNK).read_to_end(&mut text)?;
        if let Some(last) = text.iter().rposition(|byte| *byte == b'\n') {
            text.truncate(last + 1);
            return Ok(text);
        }
        // A long line, which may not be whole yet.
        if read == 0 {
            return Ok(Vec::new());
        }
    }
}

fn mark(file: &mut File, offset: u64) -> io::Result<u64> {
    let from = offset.saturating_sub(MARK);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = vec![0; (offset - from) as usize];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(hash(&bytes)),
        // It has become shorter in between.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
        Err(error) => Err(error),
    }
}

/// FNV-1a, which is the same in every process.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    use super::*;

    fn add(path: &Path, text: &str) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn texts(more: More) -> String {
        match more {
            More::Nothing => String::new(),
            More::Lines(lines) => String::from_utf8(lines).unwrap(),
            More::Replaced(lines) => format!("replaced: {}", String::from_utf8(lines).unwrap()),
        }
    }

    #[test]
    fn only_whole_lines_are_read_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        add(&path, "one\ntw");
        let mut tail = Tail::default();
        assert_eq!(texts(tail.read(&path).unwrap()), "one\n");
        assert_eq!(tail.read(&path).unwrap(), More::Nothing);
        add(&path, "o\nthree\n");
        assert_eq!(texts(tail.read(&path).unwrap()), "two\nthree\n");
        // Someone who was given the place goes on there.
        let mut given = Tail::parse(&tail.text()).unwrap();
        add(&path, "four\n");
        assert_eq!(texts(given.read(&path).unwrap()), "four\n");
        assert_eq!(texts(tail.read(&path).unwrap()), "four\n");
        assert_eq!(tail, given);
    }

    #[test]
    fn a_file_that_was_replaced_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        for new in ["other\n", "a longer one\nthan before\n", "one\nTwo\n"] {
            let mut tail = Tail::default();
            fs::write(&path, "one\ntwo\n").unwrap();
            tail.read(&path).unwrap();
            fs::write(&path, new).unwrap();
            assert_eq!(texts(tail.read(&path).unwrap()), format!("replaced: {new}"));
            assert_eq!(tail.read(&path).unwrap(), More::Nothing);
        }
    }

    #[test]
    fn a_line_of_megabytes_comes_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let long = "x".repeat(3 << 20);
        add(&path, &format!("{long}\nnext\n"));
        let mut tail = Tail::default();
        let mut all = String::new();
        loop {
            match tail.read(&path).unwrap() {
                More::Nothing => break,
                more => all += &texts(more),
            }
        }
        assert_eq!(all, format!("{long}\nnext\n"));
        assert_eq!(Tail::parse("no"), None);
    }
}
