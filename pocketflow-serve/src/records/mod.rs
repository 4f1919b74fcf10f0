//! A folder of records, some of which are being written.

mod brief;
mod tail;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(crate) use brief::{Brief, BriefRun, State, shortened};
pub(crate) use tail::{More, Tail};

/// The records of a folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    files: BTreeMap<OsString, Record>,
    /// Why the folder cannot be read.
    problem: Option<String>,
}

/// A file of records.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) path: PathBuf,
    pub(crate) brief: Brief,
    tail: Tail,
    /// When the file last changed, and how long it was.
    seen: (Option<SystemTime>, u64),
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            files: BTreeMap::new(),
            problem: None,
        }
    }

    /// Reads what has been written since, and returns whether anything was.
    pub(crate) fn scan(&mut self) -> bool {
        let before = self.problem.take();
        let scanned = self.scan_files();
        self.problem = scanned.as_ref().err().map(|error| {
            let path = self.path.display();
            format!("the folder of records {path} cannot be read: {error}")
        });
        scanned.unwrap_or(false) || before != self.problem
    }

    fn scan_files(&mut self) -> io::Result<bool> {
        let mut changed = false;
        let mut there = BTreeSet::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let path = entry.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "jsonl")
            {
                continue;
            }
            // A file that disappears in between is not there.
            let Ok(about) = fs::metadata(&path) else {
                continue;
            };
            if !about.is_file() {
                continue;
            }
            let name = entry.file_name();
            there.insert(name.clone());
            let seen = (about.modified().ok(), about.len());
            let record = self.files.entry(name).or_insert_with(|| {
                changed = true;
                Record::new(path)
            });
            if record.seen != seen {
                record.seen = seen;
                changed |= record.read();
            }
        }
        let known = self.files.len();
        self.files.retain(|name, _| there.contains(name));
        Ok(changed || self.files.len() < known)
    }

    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The files with their names.
    pub(crate) fn records(&self) -> impl Iterator<Item = (String, &Record)> {
        let files = self.files.iter();
        files.map(|(name, record)| (name.to_string_lossy().into_owned(), record))
    }
}

impl Record {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            brief: Brief::default(),
            tail: Tail::default(),
            seen: (None, 0),
        }
    }

    /// Reads the new lines, and returns whether there were any.
    fn read(&mut self) -> bool {
        let mut changed = false;
        loop {
            match self.tail.read(&self.path) {
                Ok(More::Nothing) => return changed,
                Ok(More::Lines(lines)) => self.brief.take(&lines),
                Ok(More::Replaced(lines)) => {
                    self.brief = Brief::default();
                    self.brief.take(&lines);
                }
                Err(error) => {
                    self.brief = Brief::default();
                    self.brief.problem = Some(format!("it cannot be read: {error}"));
                    // It is tried again when it has changed.
                    return true;
                }
            }
            changed = true;
        }
    }
}

/// The name of a run that has no id.
pub(crate) fn unnamed(file: &str, number: u64, only: bool) -> String {
    let name = Path::new(file)
        .file_stem()
        .map(|stem| stem.to_string_lossy());
    let name = name.unwrap_or_default();
    if only {
        name.into_owned()
    } else {
        format!("{name}, run {number}")
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    const HEAD: &str =
        "{\"pocketflow_record\":1}\n{\"event\":\"graph\",\"at\":1,\"graph\":0,\"name\":\"Shop\"}\n";
    const RUN: &str = "{\"event\":\"run\",\"at\":2,\"run\":0,\"graph\":0,\"shared\":{}}\n";

    fn names(folder: &Folder) -> Vec<(String, usize)> {
        let records = folder.records();
        records
            .map(|(name, record)| (name, record.brief.runs.len()))
            .collect()
    }

    #[test]
    fn files_appear_grow_and_disappear() {
        let there = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(there.path().to_owned());
        assert!(!folder.scan());
        let file = there.path().join("a.jsonl");
        fs::write(&file, HEAD).unwrap();
        fs::write(there.path().join("notes.txt"), "hello").unwrap();
        assert!(folder.scan());
        assert_eq!(names(&folder), [("a.jsonl".into(), 0)]);
        let mut open = OpenOptions::new().append(true).open(&file).unwrap();
        open.write_all(RUN.as_bytes()).unwrap();
        assert!(folder.scan());
        assert_eq!(names(&folder), [("a.jsonl".into(), 1)]);
        assert!(!folder.scan());
        // A replaced file is another record.
        fs::write(
            &file,
            format!("{HEAD}{RUN}{}", RUN.replace("\"run\":0", "\"run\":1")),
        )
        .unwrap();
        assert!(folder.scan());
        assert_eq!(names(&folder), [("a.jsonl".into(), 2)]);
        fs::remove_file(&file).unwrap();
        assert!(folder.scan());
        assert_eq!(names(&folder), []);
        drop(there);
        assert!(folder.scan());
        assert!(folder.problem().unwrap().contains("cannot be read"));
    }

    #[test]
    fn runs_without_an_id_are_named_after_their_file() {
        assert_eq!(unnamed("order.jsonl", 3, true), "order");
        assert_eq!(unnamed("order.jsonl", 3, false), "order, run 3");
    }
}
