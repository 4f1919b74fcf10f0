//! The file of a record.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::reader::{Line, begins_a_header, lines};

/// A file to which one process writes. Its errors name it.
pub(super) struct RecordFile {
    file: File,
    path: PathBuf,
    /// How long the file is if no other program writes to it. `None` if it is not a regular file.
    length: Option<u64>,
}

impl RecordFile {
    /// A new file. An existing file is replaced.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = private(options.write(true).create(true).truncate(true)).open(path);
        Self::of(file, path).map_err(|error| named(path, &error))
    }

    /// A file that goes on, with the first numbers of a graph and of a run that are not in it.
    ///
    /// Numbers in the record are unique, so this reads the file. What a dead process has left behind the
    /// last line break is removed.
    pub(super) fn append(path: &Path) -> io::Result<(Self, (u64, u64))> {
        let mut options = OpenOptions::new();
        let file = private(options.read(true).append(true).create(true)).open(path);
        let mut text = Vec::new();
        let read = file.and_then(|mut file| {
            file.read_to_end(&mut text)?;
            Ok(file)
        });
        let mut file = Self::of(read, path).map_err(|error| named(path, &error))?;
        let whole = whole(&text);
        let used = match whole {
            0 if text.is_empty() || begins_a_header(&text) => (0, 0),
            _ => used(path, &text)?,
        };
        if whole < text.len() {
            let cut = file.file.set_len(whole as u64);
            cut.map_err(|error| named(path, &error))?;
        }
        // If the file has grown since it was read, another program writes to it.
        file.length = file.length.map(|_| whole as u64);
        Ok((file, used))
    }

    fn of(file: io::Result<File>, path: &Path) -> io::Result<Self> {
        let file = file?;
        let metadata = file.metadata()?;
        Ok(Self {
            length: metadata.is_file().then_some(metadata.len()),
            file,
            path: path.to_owned(),
        })
    }

    fn write_some(&mut self, text: &[u8]) -> io::Result<usize> {
        let Some(length) = self.length else {
            return self.file.write(text);
        };
        if self.file.metadata()?.len() != length {
            return Err(io::Error::other(
                "another program has written to this record since, so nothing more is added to it: one process at a time may write to a record, and `Record::folder` writes a file for each run",
            ));
        }
        let written = self.file.write(text)?;
        self.length = Some(length + written as u64);
        Ok(written)
    }
}

impl Write for RecordFile {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match self.write_some(text) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            result => result.map_err(|error| named(&self.path, &error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The error with the path of its file.
pub(super) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Only the user who creates a record can read it.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// The length of the whole lines.
fn whole(text: &[u8]) -> usize {
    let last = text.iter().rposition(|byte| *byte == b'\n');
    last.map_or(0, |last| last + 1)
}

/// The first numbers of a graph and of a run that are not in a record.
fn used(path: &Path, text: &[u8]) -> io::Result<(u64, u64)> {
    let (mut graph, mut run) = (0, 0);
    for line in lines(text) {
        let (_, line) = line.map_err(|error| {
            let path = path.display();
            let what = format!("{path} is not a record to go on with: {error}");
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        match line {
            Line::Event(Event::Graph(event)) => graph = graph.max(event.graph.saturating_add(1)),
            Line::Event(Event::Run(event)) => run = run.max(event.run.saturating_add(1)),
            _ => {}
        }
    }
    Ok((graph, run))
}
