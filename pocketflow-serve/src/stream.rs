//! Server-sent events: that the list has changed, and what happens in a run.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use pocketflow_checkpoint::StorageError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::database::{Database, Facts, Past, recorded};
use crate::list::Work;
use crate::records::{More, Tail};
use crate::sources::{Sources, chain};

/// So many steps of a run that has no record are shown.
const STEPS: usize = 200;
/// A lease expires, and a wait grows old, without a change of the database.
const AGES: Duration = Duration::from_secs(5);

type Events = mpsc::Sender<Event>;

/// Sends what a task makes, until the browser goes away or the server ends.
pub(crate) fn sent<F>(
    mut ended: watch::Receiver<bool>,
    task: impl FnOnce(Events) -> F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(4);
    let task = task(sender);
    tokio::spawn(async move {
        tokio::select! {
            () = task => {}
            // A router of another server has no end of its own.
            Ok(_) = ended.wait_for(|ended| *ended) => {}
        }
    });
    let events = stream::unfold(receiver, async |mut receiver| {
        let event = receiver.recv().await?;
        Some((Ok(event), receiver))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Says each time when the list has changed.
pub(crate) async fn changes(sources: Arc<Sources>, events: Events) {
    let mut told = None;
    loop {
        let version = sources.list().await.version;
        if told != Some(version) {
            told = Some(version);
            if events
                .send(Event::default().data(version.to_string()))
                .await
                .is_err()
            {
                return;
            }
        }
        tokio::select! {
            () = events.closed() => return,
            () = sleep(sources.poll) => {}
        }
    }
}

/// Which run a page shows.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    /// The id of a run.
    pub(crate) id: Option<String>,
    /// The name of a file, for a run without an id.
    file: Option<String>,
    /// `database` for the history in the database, although the run has a record.
    source: Option<String>,
    /// The last event that the page has, if it made the request by itself.
    after: Option<String>,
}

/// Sends what happens in a run: `snapshot` replaces everything, `lines` come at the end, and `facts` are what the
/// database knows.
pub(crate) async fn follow(
    sources: Arc<Sources>,
    which: Which,
    last: Option<String>,
    events: Events,
) {
    let last = last.or(which.after.clone());
    let mut follower = Follower {
        file: file_of(&sources, &which).await,
        run: which.id,
        file_name: which.file,
        tail: last.as_deref().and_then(Tail::parse),
        facts: String::new(),
        snapshot: String::new(),
        past: Past::default(),
        looked: None,
        sources,
        events,
    };
    while follower.look().await.is_some() {
        tokio::select! {
            () = follower.events.closed() => return,
            () = sleep(follower.sources.poll) => {}
        }
    }
}

async fn file_of(sources: &Sources, which: &Which) -> Option<PathBuf> {
    if which.source.as_deref() == Some("database") {
        return None;
    }
    let list = sources.list().await;
    let id = which.id.as_deref();
    let file = which
        .file
        .as_deref()
        .or_else(|| id.and_then(|id| list.file_of(id)))?;
    list.path_of(file).cloned()
}

struct Follower {
    sources: Arc<Sources>,
    events: Events,
    run: Option<String>,
    file_name: Option<String>,
    file: Option<PathBuf>,
    /// How far the page has read the file.
    tail: Option<Tail>,
    /// What was sent last.
    facts: String,
    snapshot: String,
    past: Past,
    /// The version of the database, and when it was looked at.
    looked: Option<(u64, Instant)>,
}

/// What the page hears about the run beside its record.
#[derive(Serialize)]
struct Told<'a> {
    facts: Option<&'a Facts>,
    work: Option<Work>,
    recorded: bool,
    file: Option<&'a str>,
    problem: Option<String>,
}

impl Follower {
    /// Sends what is new. Returns `None` when the browser has gone.
    async fn look(&mut self) -> Option<()> {
        if self.file.is_some() {
            self.read_file().await?;
        }
        if self.run.is_some() && self.sources.database.is_some() {
            self.ask_database().await
        } else if self.file.is_none() {
            self.tell(None, None, Some("there is no such run".to_owned()))
                .await
        } else {
            self.tell(None, None, None).await
        }
    }

    async fn read_file(&mut self) -> Option<()> {
        loop {
            let path = self.file.clone()?;
            let is_first = self.tail.is_none();
            let mut tail = self.tail.unwrap_or_default();
            let read = spawn_blocking(move || (tail.read(&path), tail))
                .await
                .ok()?;
            let (kind, lines) = match read.0 {
                Ok(More::Nothing) if is_first => ("snapshot", Vec::new()),
                Ok(More::Nothing) => return Some(()),
                Ok(More::Lines(lines)) if is_first => ("snapshot", lines),
                Ok(More::Lines(lines)) => ("lines", lines),
                Ok(More::Replaced(lines)) => ("snapshot", lines),
                // A file that is being replaced may be away for a moment.
                Err(_) => return Some(()),
            };
            self.tail = Some(read.1);
            let text = String::from_utf8_lossy(&lines).replace('\r', " ");
            // A browser leaves out an event without data.
            let text = match text.trim_end_matches('\n') {
                "" => "\n",
                text => text,
            };
            let event = Event::default().event(kind).id(read.1.text()).data(text);
            self.events.send(event).await.ok()?;
        }
    }

    async fn ask_database(&mut self) -> Option<()> {
        let version = self.sources.database_version().await;
        let is_new = self
            .looked
            .is_none_or(|(seen, at)| seen != version || at.elapsed() >= AGES);
        if !is_new {
            return Some(());
        }
        self.looked = Some((version, Instant::now()));
        let (Some(id), Some(database)) = (self.run.clone(), self.sources.database.clone()) else {
            return Some(());
        };
        match self.known(&id, &*database).await {
            Ok(Some((facts, text))) => {
                if let Some(text) = text.filter(|text| *text != self.snapshot) {
                    self.snapshot.clone_from(&text);
                    let event = Event::default().event("snapshot").data(text);
                    self.events.send(event).await.ok()?;
                }
                let list = self.sources.list().await;
                let work = list.work_on(facts.flow());
                self.tell(Some(&facts), Some(work), None).await
            }
            Ok(None) if self.file.is_some() => self.tell(None, None, None).await,
            Ok(None) => {
                self.tell(None, None, Some(format!("there is no run `{id}`")))
                    .await
            }
            Err(error) => {
                let problem = format!("the database cannot be read: {}", chain(&error));
                self.tell(None, None, Some(problem)).await
            }
        }
    }

    /// What the database knows about the run, and the run as a record if it has none.
    async fn known(
        &mut self,
        id: &str,
        database: &dyn Database,
    ) -> Result<Option<(Facts, Option<String>)>, StorageError> {
        let Some(run) = database.show(id).await? else {
            return Ok(None);
        };
        let history = match database.history(id).await {
            // It was removed in between.
            Err(StorageError::UnknownRun { .. }) => return Ok(None),
            history => history?,
        };
        let inner = database.inner_runs(id).await?;
        let redaction = self.sources.redaction(&run).await;
        let facts = Facts::of(&run, &history, &inner, &redaction);
        if self.file.is_some() {
            return Ok(Some((facts, None)));
        }
        let steps = history[history.len().saturating_sub(STEPS)..].to_vec();
        let mut states = BTreeMap::new();
        for step in &steps {
            let is_known = self.past.steps.contains(step);
            let kept = self.past.states.remove(&step.step).filter(|_| is_known);
            let state = match kept {
                Some(state) => Some(state),
                None => database.checkpoint(id, step.step).await?,
            };
            states.extend(state.map(|state| (step.step, state)));
        }
        self.past = Past { steps, states };
        let text = recorded(&run, &self.past, &redaction);
        Ok(Some((facts, Some(text))))
    }

    async fn tell(
        &mut self,
        facts: Option<&Facts>,
        work: Option<Work>,
        problem: Option<String>,
    ) -> Option<()> {
        let told = Told {
            facts,
            work,
            recorded: self.file.is_some(),
            file: self.file_name.as_deref(),
            problem,
        };
        let told: Value = serde_json::to_value(told).unwrap_or_else(|_| json!({}));
        let text = told.to_string();
        if text != self.facts {
            self.facts.clone_from(&text);
            let event = Event::default().event("facts").data(text);
            self.events.send(event).await.ok()?;
        }
        Some(())
    }
}
