//! The desk: where the runs, which are in a file, meet the people, who look at a page.
//!
//! Drafts, decisions and who waits for one are in the file of runs and nowhere else. The desk keeps
//! the log of what the page shows. It begins anew with the process, from the stored state: the
//! brief, the latest text, and what became of it. Earlier versions, remarks, steps and failed
//! attempts of an earlier process are not in it.

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

/// What the model wrote. The versions of a draft count from 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Text {
    /// Which one it is.
    pub version: usize,
    /// What it says.
    pub text: String,
}

/// What the desk reads of a run's store.
#[derive(Deserialize)]
struct Draft {
    brief: String,
    text: Option<Text>,
}

/// What happens to a draft, in the words of the page.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    /// Somebody wants a text.
    Submitted { brief: String },
    /// A step of the flow begins.
    Started { step: &'static str },
    /// An attempt of the step that is at work has failed.
    AttemptFailed { attempt: u32, error: String },
    /// The step is done.
    Ended { action: &'static str },
    /// What an earlier process has got, and asks nobody about now.
    Written(Text),
    /// A person is asked about a text. The answer names the wait that it is for.
    Asked {
        wait: String,
        #[serde(flatten)]
        text: Text,
    },
    /// They have answered.
    Answered(Value),
    /// The text is out.
    Published { text: String },
    /// The run is over.
    Finished { exit: String },
    /// The run is over, and not as it should be.
    Failed { error: String },
}

/// An event, and the draft that it is about.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry {
    draft: usize,
    #[serde(flatten)]
    event: Event,
}

/// Why an answer is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no such draft.
    Unknown,
    /// The run does not wait for this answer.
    NotWaiting,
    /// The file fails.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// All drafts. Whoever watches the log sees each event once, the past ones first: past and present
/// are one list.
pub(super) struct Desk {
    /// When the log began. The number of an event means something only with it.
    pub(super) began: u128,
    runs: Checkpoints,
    /// The highest number of a draft.
    last: AtomicUsize,
    /// Held from looking at a run to doing something about it. One process at a time serves a
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
    /// The desk of a file of runs, and those of them that are under way: nobody drives them yet.
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
            // This program numbers its runs.
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

    /// A run as it is stored, and what is of interest in its store.
    async fn look(&self, id: usize) -> Result<Option<(RunRecord, Draft)>> {
        let Some(record) = self.runs.storage().show(&id.to_string()).await? else {
            return Ok(None);
        };
        let draft = serde_json::from_str(&record.state).with_context(|| format!("draft {id}"))?;
        Ok(Some((record, draft)))
    }

    /// A new draft.
    pub(super) fn submit(self: &Arc<Self>, brief: String) -> Case {
        Case {
            desk: self.clone(),
            id: self.last.fetch_add(1, SeqCst) + 1,
            brief,
        }
    }

    /// A person's answer to a wait of a draft, which somebody has to [drive](Case::drive) on then.
    /// The wait is named so that a second click, which comes when the next version is there,
    /// does not approve what nobody has seen.
    ///
    /// # Errors
    ///
    /// Nobody waits for it.
    pub(super) async fn answer(
        self: &Arc<Self>,
        id: usize,
        wait: &str,
        answer: Value,
    ) -> Result<Case, Refusal> {
        let _hand = self.hand.lock().await;
        let (record, Draft { brief, .. }) = self.look(id).await?.ok_or(Refusal::Unknown)?;
        // A run takes an answer to what it will ask later, but a person cannot have seen it.
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

    /// The events and their numbers, from a number on: those of the past at once, the others as
    /// they come, until the desk closes.
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
        // There is no error as long as there is a sender, and `self` has it.
        let _ = self.state.subscribe().wait_for(condition).await;
    }
}

/// The wait that a person is asked about.
fn waits(record: &RunRecord) -> Option<&str> {
    record
        .wait
        .as_deref()
        .filter(|_| record.status == Status::Waiting && !record.filled)
}

/// One draft. As a driver, it writes down the steps of its run.
#[derive(Clone)]
pub struct Case {
    desk: Arc<Desk>,
    pub(super) id: usize,
    /// What is to be written.
    pub brief: String,
}

impl Case {
    /// The id of its run.
    pub fn run_id(&self) -> String {
        self.id.to_string()
    }

    /// Puts the text on the page. A run that is killed here publishes again, on the page of the
    /// next process, which has it once.
    pub fn publish(&self, text: &str) {
        self.record(Event::Published { text: text.into() });
    }

    /// Runs the flow until it is over or waits for a person. Then nothing of it is in memory: see
    /// [`Desk::answer`].
    pub(super) async fn drive<F>(self, run: impl Fn(Case) -> F)
    where
        F: Future<Output = Result<(), Error>>,
    {
        loop {
            let Err(error) = run(self.clone()).await else {
                break;
            };
            match error.cause().downcast_ref() {
                // The process that was killed: its lease has to run out.
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

    /// The run is in the file, and outlasts the process.
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

    /// Returns when the run is in the file.
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
