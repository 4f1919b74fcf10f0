//! The file of a record.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use pocketflow_record::{Line, ReadError};

/// The record that a command reads.
#[derive(Args)]
pub(crate) struct Input {
    /// The file of the record, or `-` for the standard input
    record: PathBuf,
}

/// What is odd about a record that can be read.
pub(crate) struct Checked {
    /// Whether its last line is cut off.
    pub(crate) is_cut_off: bool,
    /// How many lines are events of kinds that this version does not know.
    pub(crate) unknown: usize,
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
        Ok(self.check(text)?.is_cut_off)
    }

    /// Reads all lines of a record.
    pub(crate) fn check(&self, text: &[u8]) -> Result<Checked, Box<dyn Error>> {
        let mut lines = pocketflow_record::lines(text);
        let mut unknown = 0;
        let read: Result<(), ReadError> = lines.by_ref().try_for_each(|line| {
            unknown += usize::from(matches!(line?.1, Line::Unknown));
            Ok(())
        });
        read.map_err(|error| self.error(error))?;
        Ok(Checked {
            is_cut_off: lines.is_cut_off(),
            unknown,
        })
    }
}

/// Who can read a new file.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// Its owner alone, as with a record: it has the values of the run.
    Owner,
    Everybody,
}

/// Writes a new file, and refuses to overwrite one. `elsewhere` is the option that names another place.
///
/// The file is there as a whole or not at all, so that nothing of it is in the way after a full disk.
pub(crate) fn create(
    file: &Path,
    text: &str,
    readers: Readers,
    elsewhere: &str,
) -> Result<(), Box<dyn Error>> {
    let exists = || {
        let file = file.display();
        format!("{file} exists already: remove it, or write to another place with `{elsewhere}`")
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists().into(),
        _ => format!("cannot write {}: {error}", file.display()).into(),
    };
    if file.symlink_metadata().is_ok() {
        return Err(exists().into());
    }
    let part = part_of(file);
    let written = write(&part, text, readers).and_then(|()| match fs::hard_link(&part, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // The file system has no links.
        Err(_) => fs::rename(&part, file),
        Ok(()) => Ok(()),
    });
    // After a rename, it is not there.
    let _ = fs::remove_file(&part);
    written.map_err(failed)
}

/// The file that is renamed when it is whole.
fn part_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    file.with_file_name(name)
}

fn write(part: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if let Readers::Owner = readers {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut open = options.open(part)?;
    io::Write::write_all(&mut open, text.as_bytes())?;
    // Some file systems say only now that they are full.
    open.sync_all()
}
