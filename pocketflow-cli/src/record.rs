//! The file of a record.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use pocketflow_record::ReadError;

/// The record that a command reads.
#[derive(Args)]
pub(crate) struct Input {
    /// The file of the record, or `-` for the standard input
    record: PathBuf,
}

impl Input {
    /// The name of the file, unless it is the standard input.
    pub(crate) fn file(&self) -> Option<&Path> {
        Some(&*self.record).filter(|file| *file != Path::new("-"))
    }

    /// The text of the record. What follows the last line break is not a part of it.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut text = Vec::new();
        match self.file() {
            Some(file) => {
                text = fs::read(file)
                    .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            }
            None => {
                io::stdin()
                    .lock()
                    .read_to_end(&mut text)
                    .map_err(|error| format!("cannot read the standard input: {error}"))?;
            }
        }
        Ok(text)
    }

    /// An error, with the name of the file.
    pub(crate) fn error(&self, error: impl fmt::Display) -> Box<dyn Error> {
        match self.file() {
            Some(file) => format!("{}: {error}", file.display()).into(),
            None => format!("the standard input: {error}").into(),
        }
    }

    /// Whether the last line of a record is cut off, as it is after a process has died.
    pub(crate) fn is_cut_off(&self, text: &[u8]) -> Result<bool, Box<dyn Error>> {
        let mut lines = pocketflow_record::lines(text);
        let read: Result<(), ReadError> = lines.by_ref().try_for_each(|line| line.map(drop));
        read.map_err(|error| self.error(error))?;
        Ok(lines.is_cut_off())
    }
}

/// Writes a new file, and refuses to overwrite one.
pub(crate) fn create(file: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let mut options = fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut open| io::Write::write_all(&mut open, text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{} exists already: remove it, or write to another place with `--out`",
            file.display()
        )
        .into(),
        _ => format!("cannot write {}: {error}", file.display()).into(),
    })
}
