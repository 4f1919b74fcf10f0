//! Where a record is written, line by line.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::file::RecordFile;
use super::graphs;
use crate::event::{Event, Header};

/// A clock that does not go back while the process runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Instant,
    /// When that was, in microseconds since the Unix epoch.
    at: u64,
}

impl Clock {
    pub(super) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let at = since.map_or(0, |since| micros(since.as_micros()));
        Self {
            start: Instant::now(),
            at,
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.at
            .saturating_add(micros(self.start.elapsed().as_micros()))
    }
}

fn micros(micros: u128) -> u64 {
    u64::try_from(micros).unwrap_or(u64::MAX)
}

/// One record, to which runs write at the same time.
pub(super) struct Sink {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    writer: Box<dyn Write + Send>,
    /// Lines that are not written yet.
    text: Vec<u8>,
    /// The number of each graph that is written, by its address.
    graphs: HashMap<usize, u64>,
    next_graph: u64,
    next_run: u64,
    /// Why nothing more is written.
    error: Option<io::Error>,
}

impl Sink {
    /// Begins a record, or goes on with one that has used these numbers.
    fn new(
        clock: Clock,
        writer: Box<dyn Write + Send>,
        (next_graph, next_run): (u64, u64),
    ) -> io::Result<Self> {
        let mut state = State {
            writer,
            text: Vec::new(),
            graphs: HashMap::new(),
            next_graph,
            next_run,
            error: None,
        };
        let header = serde_json::to_vec(&Header::current())?;
        state.text.extend_from_slice(&header);
        state.text.push(b'\n');
        state.write()?;
        Ok(Self {
            clock,
            state: Mutex::new(state),
        })
    }

    /// Begins a record.
    pub(super) fn to(clock: Clock, writer: Box<dyn Write + Send>) -> io::Result<Self> {
        Self::new(clock, writer, (0, 0))
    }

    /// Begins a record in a new file. An existing file is replaced.
    pub(super) fn create(clock: Clock, path: &Path) -> io::Result<Self> {
        Self::to(clock, Box::new(RecordFile::create(path)?))
    }

    /// Goes on with the record in a file. A new file begins one.
    pub(super) fn append(clock: Clock, path: &Path) -> io::Result<Self> {
        let (file, used) = RecordFile::append(path)?;
        Self::new(clock, Box::new(file), used)
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The state is consistent whenever the lock is free, so a poisoned lock can be used.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds events, and hands all lines to the operating system.
    pub(super) fn write(&self, events: impl IntoIterator<Item = Event>) {
        let mut state = self.lock();
        state.add(events);
        state.flush();
    }

    /// Adds an event that is written together with the next one.
    pub(super) fn add(&self, event: Event) {
        self.lock().add([event]);
    }

    /// The number of a graph, which is written if it is not in the record yet.
    pub(super) fn graph(&self, graph: &'static pocketflow::Graph) -> u64 {
        let at = self.now();
        let mut state = self.lock();
        state.graph(graph, at)
    }

    /// The number of a new run.
    pub(super) fn new_run(&self) -> u64 {
        let mut state = self.lock();
        let number = state.next_run;
        state.next_run += 1;
        number
    }

    /// Why nothing more is written, the first time that it is asked.
    pub(super) fn finish(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.flush();
        match &state.error {
            // An `io::Error` cannot be cloned.
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }
}

impl State {
    fn add(&mut self, events: impl IntoIterator<Item = Event>) {
        if self.error.is_none() {
            for event in events {
                event.write(&mut self.text);
            }
        }
    }

    fn flush(&mut self) {
        if self.error.is_some() || self.text.is_empty() {
            return;
        }
        if let Err(error) = self.write() {
            #[cfg(feature = "tracing")]
            tracing::warn!(target: "pocketflow_record", %error, "recording stopped: a record cannot be written");
            self.error = Some(error);
        }
    }

    /// Writes all lines in one call.
    fn write(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.text)?;
        self.writer.flush()?;
        self.text.clear();
        // A large value must not hold its memory for the rest of the run.
        self.text.shrink_to(1 << 16);
        Ok(())
    }

    fn graph(&mut self, graph: &'static pocketflow::Graph, at: u64) -> u64 {
        let address = std::ptr::from_ref(graph).addr();
        if let Some(number) = self.graphs.get(&address) {
            return *number;
        }
        // The graphs inside come first.
        let described = graphs::describe(graph, &mut |inner| self.graph(inner, at));
        let number = self.next_graph;
        self.next_graph += 1;
        self.graphs.insert(address, number);
        self.add([Event::Graph(crate::event::Graph {
            at,
            graph: number,
            ..described
        })]);
        number
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.lock().flush();
    }
}
