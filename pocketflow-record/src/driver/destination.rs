//! Where runs are recorded: in one file, in memory, or in the files of a folder.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pocketflow::Graph;

use super::graphs::Facts;
use super::sink::{Clock, Sink};

/// What all clones of a record share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) to: Destination,
    /// What is known about each graph, by its address.
    pub(super) facts: Mutex<HashMap<usize, Arc<Facts>>>,
    /// Why a file of a folder could not be opened.
    pub(super) error: Mutex<Option<io::Error>>,
}

pub(super) enum Destination {
    One(Arc<Sink>),
    Memory(Arc<Sink>, Memory),
    Folder {
        path: PathBuf,
        /// The files that runs are writing to.
        open: Mutex<HashMap<PathBuf, Weak<Sink>>>,
        unnamed: AtomicU64,
    },
}

impl Shared {
    /// What is known about a graph.
    pub(super) fn facts<S: pocketflow::Shared>(&self, graph: &'static Graph) -> Arc<Facts> {
        let address = std::ptr::from_ref(graph).addr();
        if let Some(facts) = lock(&self.facts).get(&address) {
            return facts.clone();
        }
        let facts = Arc::new(Facts::of::<S>(graph));
        lock(&self.facts).insert(address, facts.clone());
        facts
    }

    /// The record of an outermost run. `None` if it cannot be opened.
    pub(super) fn open(&self, id: Option<&str>, flow: &str) -> Option<Arc<Sink>> {
        let Destination::Folder {
            path,
            open,
            unnamed,
        } = &self.to
        else {
            let (Destination::One(sink) | Destination::Memory(sink, _)) = &self.to else {
                return None;
            };
            return Some(sink.clone());
        };
        let name = match id {
            Some(id) => file_name(id),
            None => {
                let flow = if flow.is_empty() { "flow" } else { flow };
                let (at, process) = (self.clock.now(), std::process::id());
                let number = unnamed.fetch_add(1, Ordering::Relaxed);
                format!("{flow}-{at}-{process}-{number}")
            }
        };
        let path = path.join(name + ".jsonl");
        let mut open = lock(open);
        if let Some(sink) = open.get(&path).and_then(Weak::upgrade) {
            return Some(sink);
        }
        match Sink::append(self.clock, &path) {
            Ok(sink) => {
                let sink = Arc::new(sink);
                open.retain(|_, sink| sink.strong_count() > 0);
                open.insert(path, Arc::downgrade(&sink));
                Some(sink)
            }
            Err(error) => {
                #[cfg(feature = "tracing")]
                tracing::warn!(target: "pocketflow_record", path = %path.display(), %error, "a run is not recorded: its file cannot be opened");
                lock(&self.error).get_or_insert(error);
                None
            }
        }
    }
}

/// An id as the name of a file: letters, digits and `-_.` stay, and other bytes are percent-encoded.
fn file_name(id: &str) -> String {
    let mut name = String::new();
    for (index, byte) in id.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        // A name that begins with a dot is hidden, or is the folder itself.
        if plain || byte == b'.' && index > 0 {
            name.push(char::from(byte));
        } else {
            name += &format!("%{byte:02X}");
        }
    }
    // Most file systems allow 255 bytes.
    if name.len() > 200 {
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        name.truncate(180);
        name += &format!("-{hash:016x}");
    }
    name
}

/// What a lock protects is consistent whenever the lock is free, so a poisoned lock can be used.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An `io::Error` cannot be cloned.
pub(super) fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// A record in memory.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        lock(&self.0)
    }
}

impl Write for Memory {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
