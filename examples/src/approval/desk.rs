//! The desk connects the runs, which are stored in a file, with the people who look at the page.
//!
//! The file of runs is the only place that stores drafts, decisions and waits. The desk keeps the
//! log of what the page shows. The log starts again with each process, from the stored state: the
//! brief, the latest text, and its outcome. It does not have the earlier versions, remarks, steps
//! and failed attempts of an earlier process.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use futures_util::{Stream, stream};
use pocketflow::Error;
use pocketflow_checkpoint::{Checkpoints, Parked, RunRecord, Status, Storage, StorageError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Mutex, watch};
use tokio::time::sleep;

/// A text from the model. The versions of a draft count from 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Text {
    /// The number of the version.
    pub version: usize,
    /// The text itself.
    pub text: String,
}

/// The part of a run's store that the desk reads.
#[derive(Deserialize)]
struct Draft {
    brief: String,
    text: Option<Text>,
}

/// What happens to a draft, as the page sees it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    /// A person asks for a text.
    Submitted { brief: String },
    /// A step of the flow starts.
    Started { step: &'static str },
    /// An attempt of the running step has failed.
    AttemptFailed { attempt: u32, error: String },
    /// The step is done.
    Ended { action: &'static str },
    /// A text from an earlier process that is not waiting for a decision now.
    Written(Text),
    /// A person is asked for a decision on a text. The answer must name this wait.
    Asked {
        wait: String,
        #[serde(flatten)]
        text: Text,
    },
    /// The person has answered.
    Answered(Value),
    /// The text is published.
    Published { text: String },
    /// The run has finished.
    Finished { exit: String },
    /// The run has failed.
    Failed { error: String },
}

/// An event, and the draft that it is about.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry {
    draft: usize,
    #[serde(flatten)]
    event: Event,
}

/// Why an answer is rejected.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The draft does not exist.
    Unknown,
    /// The run is not waiting for this answer.
    NotWaiting,
    /// The file of runs cannot be read or written.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// All drafts. A reader of the log sees each event once, starting with the past ones, because past
/// and new events are one list.
pub(super) struct Desk {
    /// When the log began. An event number is only valid together with it.
    pub(super) began: u128,
    runs: Checkpoints,
    /// The highest draft number so far.
    last: AtomicUsize,
    /// Held from reading the state of a run to acting on it. Only one process at a time serves a
    /// file.
    hand: Mutex<()>,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    log: Vec<Entry>,
    /// The drafts that are in the file.
    stored: HashSet<usize>,
    closed: bool,
}

impl Desk {
    /// Opens the desk for a file of runs, and returns the unfinished runs, which nothing drives
    /// yet.
    pub(super) async fn open(runs: Checkpoints) -> Result<(Arc<Self>, Vec<Case>)> {
        let began = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let (last, state) = (AtomicUsize::new(0), watch::Sender::default());
        let desk = Arc::new(Self {
            began,
            runs,
            last,
            hand: Mutex::default(),
            state,
        });
        let mut under_way = vec![];
        for run in desk.runs.list(None).await? {
            // This program uses numbers as the ids of its runs.
            let Ok(id) = run.run.parse() else { continue };
            let Some((record, draft)) = desk.look(id).await? else {
                continue;
            };
            desk.last.fetch_max(id, SeqCst);
            let case = Case {
                desk: desk.clone(),
                id,
                brief: draft.brief.clone(),
            };
            case.stored();
            let waits = waits(&record);
            match (draft.text, waits) {
                (Some(text), Some(wait)) => case.record(Event::Asked {
                    wait: wait.to_owned(),
                    text,
                }),
                (Some(text), None) => {
                    case.record(Event::Written(text.clone()));
                    if record.exit.as_deref() == Some("default") {
                        case.publish(&text.text);
                    }
                }
                (None, _) => {}
            }
            case.record_end(&record);
            if waits.is_none() && matches!(record.status, Status::Running | Status::Waiting) {
                under_way.push(case);
            }
        }
        Ok((desk, under_way))
    }

    /// The stored record of a run, and the part of its store that the desk needs.
    async fn look(&self, id: usize) -> Result<Option<(RunRecord, Draft)>> {
        let Some(record) = self.runs.storage().show(&id.to_string()).await? else {
            return Ok(None);
        };
        let draft = serde_json::from_str(&record.state).with_context(|| format!("draft {id}"))?;
        Ok(Some((record, draft)))
    }

    /// Creates a draft.
    pub(super) fn submit(self: &Arc<Self>, brief: String) -> Case {
        Case {
            desk: self.clone(),
            id: self.last.fetch_add(1, SeqCst) + 1,
            brief,
        }
    }

    /// Stores a person's answer to a wait of a draft. The caller must then [drive](Case::drive) the
    /// returned case. The answer names its wait so that a second click that arrives after the next
    /// version cannot approve a version that the person has not seen.
    ///
    /// # Errors
    ///
    /// Fails if the run is not waiting for this answer.
    pub(super) async fn answer(
        self: &Arc<Self>,
        id: usize,
        wait: &str,
        answer: Value,
    ) -> Result<Case, Refusal> {
        let _hand = self.hand.lock().await;
        let (record, Draft { brief, .. }) = self.look(id).await?.ok_or(Refusal::Unknown)?;
        // A run accepts an answer to a question that it will ask later, but no person can have seen
        // that question.
        if waits(&record) != Some(wait) {
            return Err(Refusal::NotWaiting);
        }
        match self
            .runs
            .fill(&id.to_string(), wait, &answer.to_string())
            .await
        {
            Err(
                StorageError::NotWaiting { .. }
                | StorageError::AlreadyFilled { .. }
                | StorageError::WaitClosed { .. },
            ) => return Err(Refusal::NotWaiting),
            filled => filled?,
        }
        let case = Case {
            desk: self.clone(),
            id,
            brief,
        };
        case.record(Event::Answered(answer));
        Ok(case)
    }

    /// The events and their numbers, from a number on. Past events come at once and new ones as
    /// they happen, until the desk closes.
    pub(super) fn events(&self, from: usize) -> impl Stream<Item = (usize, Entry)> + Send + use<> {
        stream::unfold(
            (self.state.subscribe(), from),
            |(mut states, next)| async move {
                let entry = {
                    let state = states
                        .wait_for(|state| state.closed || state.log.len() > next)
                        .await
                        .ok()?;
                    state.log.get(next)?.clone()
                };
                Some(((next, entry), (states, next + 1)))
            },
        )
    }

    /// Ends all streams of events.
    pub(super) fn close(&self) {
        self.state.send_modify(|state| state.closed = true);
    }

    /// Returns when the desk is closed.
    pub(super) async fn closed(&self) {
        self.until(|state| state.closed).await;
    }

    async fn until(&self, condition: impl Fn(&State) -> bool) {
        // This cannot fail while there is a sender, and `self` holds it.
        let _ = self.state.subscribe().wait_for(condition).await;
    }
}

/// The wait for which a person is asked, if any.
fn waits(record: &RunRecord) -> Option<&str> {
    record
        .wait
        .as_deref()
        .filter(|_| record.status == Status::Waiting && !record.filled)
}

/// One draft. As a driver, it records the steps of its run.
#[derive(Clone)]
pub struct Case {
    desk: Arc<Desk>,
    pub(super) id: usize,
    /// The request for the text.
    pub brief: String,
}

impl Case {
    /// The id of its run.
    pub fn run_id(&self) -> String {
        self.id.to_string()
    }

    /// Puts the text on the page. If the process is killed here, the resumed run publishes the text
    /// again, and the page of the next process shows it once.
    pub fn publish(&self, text: &str) {
        self.record(Event::Published { text: text.into() });
    }

    /// Runs the flow until it ends or waits for a person. While it waits, the run is only in the
    /// file: see [`Desk::answer`].
    pub(super) async fn drive<F>(self, run: impl Fn(Case) -> F)
    where
        F: Future<Output = Result<(), Error>>,
    {
        loop {
            let Err(error) = run(self.clone()).await else {
                break;
            };
            match error.cause().downcast_ref() {
                // The lease of the killed process must expire first.
                Some(StorageError::Alive { until, .. }) => {
                    sleep(until.duration_since(SystemTime::now()).unwrap_or_default()).await;
                }
                _ if error.cause().is::<Parked>() => break,
                _ => {
                    return self.record(Event::Failed {
                        error: format!("{error:#}"),
                    });
                }
            }
        }
        let _hand = self.desk.hand.lock().await;
        match self.desk.look(self.id).await {
            Ok(Some((record, Draft { text, .. }))) => match (text, waits(&record)) {
                (Some(text), Some(wait)) => self.record(Event::Asked {
                    wait: wait.to_owned(),
                    text,
                }),
                _ => self.record_end(&record),
            },
            Ok(None) => {}
            Err(error) => self.record(Event::Failed {
                error: format!("{error:#}"),
            }),
        }
    }

    /// Records that the run is in the file and so survives the process.
    pub(super) fn stored(&self) {
        self.desk.state.send_modify(|state| {
            if state.stored.insert(self.id) {
                let event = Event::Submitted {
                    brief: self.brief.clone(),
                };
                state.log.push(Entry {
                    draft: self.id,
                    event,
                });
            }
        });
    }

    /// Waits until the run is in the file.
    pub(super) async fn is_stored(&self) {
        self.desk
            .until(|state| state.stored.contains(&self.id))
            .await;
    }

    fn record_end(&self, record: &RunRecord) {
        let RunRecord {
            status,
            exit,
            message,
            ..
        } = record.clone();
        match status {
            Status::Finished => self.record(Event::Finished {
                exit: exit.unwrap_or_default(),
            }),
            Status::Failed | Status::Stuck => self.record(Event::Failed {
                error: message.unwrap_or_default(),
            }),
            Status::Cancelled => self.record(Event::Failed {
                error: "it was cancelled".into(),
            }),
            Status::Running | Status::Waiting => {}
        }
    }

    pub(super) fn record(&self, event: Event) {
        self.desk.state.send_modify(|state| {
            state.log.push(Entry {
                draft: self.id,
                event,
            })
        });
    }
}
