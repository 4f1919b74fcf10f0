//! Where the runs come from. A source is asked only while somebody looks, and never without a pause that is long
//! beside the time that it takes, so that watching does not slow down the runs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use pocketflow_checkpoint::{RunRecord, RunSummary};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::database::{Database, Definition, Redaction};
use crate::list::List;
use crate::records::Folder;

/// A lease expires without a change of the database.
const LEASES: Duration = Duration::from_secs(5);
/// The pause after a look is this many times as long as the look.
const PAUSE: u32 = 20;
/// So many runs can be around an inner run.
const DEPTH: usize = 16;

pub(crate) struct Sources {
    folder: Option<Arc<StdMutex<Folder>>>,
    pub(crate) database: Option<Arc<dyn Database>>,
    redact: Vec<String>,
    pub(crate) poll: Duration,
    seen: Mutex<Seen>,
    version: Mutex<Version>,
}

/// What was seen when somebody last looked.
#[derive(Default)]
struct Seen {
    list: Arc<List>,
    /// When the next look is due.
    due: Option<Instant>,
    runs: Vec<RunSummary>,
    problem: Option<String>,
    /// The version of the database that the runs are from, and when they were read.
    version: Option<String>,
    read: Option<Instant>,
}

/// The version of the database.
#[derive(Default)]
struct Version {
    text: Option<String>,
    due: Option<Instant>,
    /// It grows when the version differs, or cannot be told.
    number: u64,
}

impl Sources {
    pub(crate) fn new(
        records: Option<PathBuf>,
        database: Option<Arc<dyn Database>>,
        redact: Vec<String>,
        poll: Duration,
    ) -> Self {
        Self {
            folder: records.map(|path| Arc::new(StdMutex::new(Folder::new(path)))),
            database,
            redact,
            poll,
            seen: Mutex::default(),
            version: Mutex::default(),
        }
    }

    /// All runs, as they were not long ago.
    pub(crate) async fn list(&self) -> Arc<List> {
        let mut seen = self.seen.lock().await;
        let began = Instant::now();
        if seen.due.is_some_and(|due| began < due) {
            return seen.list.clone();
        }
        let records = match &self.folder {
            Some(folder) => {
                let folder = folder.clone();
                let scan = move || folder.lock().unwrap_or_else(PoisonError::into_inner).scan();
                spawn_blocking(scan).await.unwrap_or(false)
            }
            None => false,
        };
        let runs = match &self.database {
            Some(database) => self.read(&mut seen, &**database).await,
            None => false,
        };
        if records || runs || seen.list.version == 0 {
            self.build(&mut seen).await;
        }
        let took = began.elapsed();
        seen.due = Some(Instant::now() + self.poll.max(took * PAUSE));
        seen.list.clone()
    }

    /// Reads the runs of the database if it has changed, and returns whether it did.
    async fn read(&self, seen: &mut Seen, database: &dyn Database) -> bool {
        let version = database.version().await;
        let is_old = seen.read.is_none_or(|read| read.elapsed() >= LEASES);
        if let Ok(version) = &version
            && version.is_some()
            && *version == seen.version
            && !is_old
        {
            return false;
        }
        let listed = match version {
            Ok(version) => {
                seen.version = version;
                database.list().await
            }
            Err(error) => Err(error),
        };
        match listed {
            Ok(runs) => {
                seen.read = Some(Instant::now());
                (seen.runs, seen.problem) = (runs, None);
            }
            // What was read before stays on the page.
            Err(error) => {
                seen.version = None;
                seen.problem = Some(format!("the database cannot be read: {}", chain(&error)));
            }
        }
        true
    }

    async fn build(&self, seen: &mut Seen) {
        let folder = self.folder.clone();
        let runs = std::mem::take(&mut seen.runs);
        let problems = seen.problem.iter().cloned().collect();
        let build = move || {
            let folder = folder.as_ref();
            let folder = folder.map(|folder| folder.lock().unwrap_or_else(PoisonError::into_inner));
            let list = List::new(folder.as_deref(), &runs, problems);
            (runs, list)
        };
        let Ok((runs, mut list)) = spawn_blocking(build).await else {
            return;
        };
        seen.runs = runs;
        if seen.list.version == 0 || !list.is_like(&seen.list) {
            list.version = seen.list.version + 1;
            seen.list = Arc::new(list);
        }
    }

    /// The next call of [`list`](Self::list) looks, because this program has changed something.
    pub(crate) async fn has_changed(&self) {
        self.seen.lock().await.due = None;
        self.version.lock().await.due = None;
    }

    /// A number that grows when the database changes.
    pub(crate) async fn database_version(&self) -> u64 {
        let Some(database) = &self.database else {
            return 0;
        };
        let mut version = self.version.lock().await;
        let began = Instant::now();
        if version.due.is_none_or(|due| began >= due) {
            let text = database.version().await.ok().flatten();
            if text.is_none() || text != version.text {
                version.text = text;
                version.number += 1;
            }
            version.due = Some(Instant::now() + self.poll.max(began.elapsed() * PAUSE));
        }
        version.number
    }

    /// What is confidential in a run: what its definition says, what the records of its flow say, and what
    /// the program says. The same goes for the runs around it.
    pub(crate) async fn redaction(&self, run: &RunRecord) -> Redaction {
        let list = self.list().await;
        let mut redaction = Redaction::default();
        redaction.add(&self.redact);
        let mut outer = run.outer.clone();
        redaction.add(&Definition::read(&run.graph).redacted);
        redaction.add(list.redacted(&run.flow));
        for _ in 0..DEPTH {
            let (Some(database), Some(id)) = (&self.database, &outer) else {
                break;
            };
            let Ok(Some(around)) = database.show(id).await else {
                break;
            };
            redaction.add(&Definition::read(&around.graph).redacted);
            redaction.add(list.redacted(&around.flow));
            outer = around.outer;
        }
        redaction
    }
}

/// An error and its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat the text of their cause.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
