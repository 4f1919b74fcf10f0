//! The driver that records runs.

mod begin;
mod collect;
mod destination;
mod drive;
mod end;
mod exec;
mod fields;
mod file;
mod graphs;
mod nested;
mod notes;
mod redaction;
mod run;
mod sink;
mod step;
mod way;

use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;

#[doc(hidden)]
pub use drive::{RecordedExec, Scope};
#[doc(hidden)]
pub use fields::RecordedField;
pub use fields::{FieldWriter, RecordedStore};
pub use notes::{ModelCall, note};

use destination::{Destination, Memory, Shared, copy, lock};
use sink::{Clock, Sink};

/// A driver that writes a record: one line for each thing that happens in a run, in the format of
/// [`event`](crate::event).
///
/// ```
/// use pocketflow::{Shared, flow, node};
/// use pocketflow_record::{Outcome, Record, Recording};
///
/// #[derive(Shared, Default)]
/// struct Order { total_cents: u64, receipt: Option<String> }
///
/// #[node(Order, writes = receipt)]
/// async fn pay(total_cents: &u64) -> String { format!("{total_cents} cents") }
///
/// flow! { Checkout { pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.jsonl");
/// let record = Record::create(&path)?;
/// Checkout.with(&record).run(&mut Order { total_cents: 420, receipt: None }).await?;
/// record.finish()?;
///
/// let recording = Recording::open(&path)?;
/// let run = &recording.runs()[0];
/// assert_eq!(run.outcome(), Outcome::Exit("default"));
/// assert_eq!(run.steps[0].execs[0].value.as_ref().unwrap().text(), r#""420 cents""#);
/// # Ok(()) }
/// ```
///
/// Pass it by reference, or as an `Arc`. Many runs can share a record, at the same time or one after the
/// other. A clone is the same record.
///
/// # What must implement serde's `Serialize`
///
/// The fields of the store, except those with `#[serde(skip)]`, and what each `exec` returns. The values
/// of execs are what a replay needs, so it also needs `Deserialize`. A record of the
/// [steps only](Self::steps_only) does not ask this of execs.
///
/// Values are written as JSON. A value that JSON cannot hold, such as a map whose keys are not strings, or
/// `NaN` and infinities, is a mark in the record; the run goes on. In a note, such a number is `null`.
///
/// # What it writes, and when
///
/// Each event reaches the operating system before the run goes on, so a record survives the death of its
/// process. It does not wait for the disk, so the last events may be lost if the machine loses power.
/// Files can be read by their owner alone.
///
/// If a line cannot be written, because the disk is full for example, recording stops and the run goes on.
/// [`finish`](Self::finish) says so, and with the feature `tracing` an event does so at once.
///
/// A step writes the fields that it has changed, and looks only at those that its node can write. After
/// an `await`, a `sleep` and at the end of a run, all fields are compared. The context never
/// appears in a record.
///
/// # What is confidential
///
/// A field with `#[shared(redact)]` is in the record as `{"$redacted":true}`, as is what the `exec` of a
/// node returns that writes such a field. The fields of stores in a store are redacted as well. If a
/// confidential value is inside a field of any other type, mark the whole field.
///
/// Texts and numbers of six or more characters that such a field has held are also removed from all other
/// values, errors, notes, ids and keys. The record knows the confidential values of the whole store before it
/// writes the first event of a run, and those that a step has changed before it writes what the step has
/// changed. A run, the runs inside it and the run around it know the values of each other. There are limits:
///
/// - A value is known once it is in the store. If an attempt obtains a token, what its notes and its errors
///   say of the token is recorded, because they are written before the token is in a field.
/// - Shorter values are not looked for, as they are in many texts by chance. This includes parts of a value.
/// - Values are found as they are, and as JSON and `{:?}` write them, but not in another encoding.
/// - The key of a map in a confidential field is looked for unless it consists of letters, `_` and `-`: it
///   may be the name of a member.
/// - The texts that are looked for have 16 MB at most. A run with more forgets the longest.
///
/// [`redact`](Self::redact) takes a function for everything else.
///
/// # With other drivers
///
/// A record sees what happens inside it, so put it outside the others:
///
/// ```text
/// Agent.with(&record).with(StepLimit::new(50)).with(&stub)
/// Order.with(&record).with(runs.run("order-17"))              // a durable run
/// ```
///
/// A durable run fills fields and stores steps itself. Outside it, the record sees the waits and what
/// arrived, the step that could not be stored, and the results of items that were stored earlier. Inside it,
/// the record would lack all of that. A run that resumes is another run in the record, with the same id.
pub struct Record<E = ExecValues> {
    shared: Arc<Shared>,
    options: Arc<Options>,
    scope: PhantomData<fn() -> E>,
}

/// The scope of a [`Record`] that contains what each `exec` returned.
#[derive(Debug)]
pub enum ExecValues {}

/// The scope of a [`Record`] of [the steps only](Record::steps_only).
#[derive(Debug)]
pub enum StepsOnly {}

/// What a function for [`Record::redact`] is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recorded<'a> {
    /// The value of a field.
    Field {
        /// The name of the store.
        store: &'a str,
        /// The name of the field.
        field: &'a str,
    },
    /// What the `exec` of a node returned. In a batch, each item is a value.
    Exec {
        /// The name of the node.
        node: &'a str,
    },
    /// A [note](crate::note()).
    Note {
        /// The name of the node.
        node: &'a str,
        /// The name of the note.
        name: &'a str,
    },
    /// The text of an error or of one of its causes, or the place that it names: a string.
    Error,
}

/// A function that changes what is recorded.
type Redact = dyn Fn(Recorded<'_>, &mut Value) + Send + Sync;

#[derive(Clone, Default)]
struct Options {
    /// Whether prompts and replies are recorded.
    content: bool,
    redact: Option<Arc<Redact>>,
}

impl Record {
    /// Records in a new file. An existing file is replaced.
    ///
    /// # Errors
    ///
    /// If the file cannot be created. The error names the file.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let clock = Clock::start();
        let sink = Sink::create(clock, path.as_ref())?;
        Ok(Self::new(clock, Destination::One(Arc::new(sink))))
    }

    /// Adds to the record in a file, or begins one. What a process that died has left of a line at the end
    /// is removed.
    ///
    /// One process at a time may write to a record. If another one has written to the file, this one stops
    /// recording, and [`finish`](Self::finish) says so.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or if it is not a record. The error names the file.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let clock = Clock::start();
        let sink = Sink::append(clock, path.as_ref())?;
        Ok(Self::new(clock, Destination::One(Arc::new(sink))))
    }

    /// Records each run in a file of its own, with its inner runs, in a folder that is created if it does not
    /// exist. The file has the name of the run's id, `order-17.jsonl`, and a run that resumes adds to it. A run
    /// without an id is named after its flow, the time and the process.
    ///
    /// # Errors
    ///
    /// If the folder cannot be created. The error names the folder.
    pub fn folder(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        std::fs::create_dir_all(path).map_err(|error| file::named(path, &error))?;
        Ok(Self::new(
            Clock::start(),
            Destination::Folder {
                path: path.to_owned(),
                open: Mutex::default(),
                unnamed: AtomicU64::new(0),
            },
        ))
    }

    /// Records into a writer. It is flushed after each event.
    ///
    /// # Errors
    ///
    /// If the first line cannot be written.
    pub fn to(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let clock = Clock::start();
        let sink = Sink::to(clock, Box::new(writer))?;
        Ok(Self::new(clock, Destination::One(Arc::new(sink))))
    }

    /// Records in memory: see [`text`](Self::text).
    pub fn in_memory() -> Self {
        let (clock, memory) = (Clock::start(), Memory::default());
        let sink = Sink::to(clock, Box::new(memory.clone())).expect("memory can be written");
        Self::new(clock, Destination::Memory(Arc::new(sink), memory))
    }

    fn new(clock: Clock, to: Destination) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                to,
                facts: Mutex::default(),
                error: Mutex::default(),
            }),
            options: Arc::default(),
            scope: PhantomData,
        }
    }

    /// Records no values of execs, so that what they return does not have to implement `Serialize`. Such a
    /// record cannot be replayed.
    #[must_use]
    pub fn steps_only(self) -> Record<StepsOnly> {
        Record {
            shared: self.shared,
            options: self.options,
            scope: PhantomData,
        }
    }
}

impl<E> Record<E> {
    /// Whether the prompts and replies in [notes](crate::ModelCall) are recorded. Without this, they are not.
    ///
    /// It does not concern the fields of the store, nor what an `exec` returns.
    #[must_use]
    pub fn content(mut self, content: bool) -> Self {
        Arc::make_mut(&mut self.options).content = content;
        self
    }

    /// Lets a function change each value before it is recorded. It runs after `#[shared(redact)]`, and in
    /// every step, so that a large value costs the time of making a tree of it.
    ///
    /// ```
    /// use pocketflow_record::{Record, Recorded};
    /// use serde_json::{Value, json};
    ///
    /// let record = Record::in_memory().redact(|what, value| match what {
    ///     Recorded::Field { store: "Order", field: "address" } => *value = json!("somewhere"),
    ///     Recorded::Error if value.as_str().is_some_and(|text| text.contains("Bearer ")) => *value = json!("…"),
    ///     _ => {}
    /// });
    /// # let _ = record;
    /// ```
    ///
    /// A number that does not fit in 64 bits, and a value that is nested more than 128 levels deep, are
    /// redacted without asking.
    #[must_use]
    pub fn redact(
        mut self,
        redact: impl Fn(Recorded<'_>, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.options).redact = Some(Arc::new(redact));
        self
    }

    /// The record so far, if it is [in memory](Record::in_memory). The text is empty if it is not.
    pub fn text(&self) -> String {
        match &self.shared.to {
            Destination::Memory(sink, memory) => {
                let _ = sink.finish();
                String::from_utf8_lossy(&memory.lock()).into_owned()
            }
            _ => String::new(),
        }
    }

    /// Says whether everything has been written. A record that is not asked writes just the same.
    ///
    /// # Errors
    ///
    /// If a line could not be written, since when nothing has been recorded, or if a file of a folder could
    /// not be opened, so that its run was not recorded. The error names the file.
    pub fn finish(&self) -> io::Result<()> {
        if let Some(error) = &*lock(&self.shared.error) {
            return Err(copy(error));
        }
        match &self.shared.to {
            Destination::One(sink) | Destination::Memory(sink, _) => sink.finish(),
            Destination::Folder { open, .. } => {
                let open: Vec<_> = lock(open).values().filter_map(Weak::upgrade).collect();
                open.iter().try_for_each(|sink| sink.finish())
            }
        }
    }
}

impl<E> Clone for Record<E> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            options: self.options.clone(),
            scope: PhantomData,
        }
    }
}

impl<E> fmt::Debug for Record<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("content", &self.options.content)
            .finish_non_exhaustive()
    }
}
