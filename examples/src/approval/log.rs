//! The log of what the page shows. It starts again with each process, from the stored runs: the
//! brief, the latest text, and its outcome. It does not have the earlier versions, remarks, steps
//! and failed attempts of an earlier process.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::flow::Text;

/// What happens to a draft, as the page sees it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    /// A person asks for a text.
    Submitted { brief: String },
    /// A step of the flow starts.
    Started { step: String },
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

/// What has happened to all drafts. A reader sees each event once, starting with the past ones,
/// because past and new events are one list.
pub(super) struct Log {
    /// When the log began. An event number is only valid together with it.
    pub(super) began: u128,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    /// The drafts whose runs are stored.
    stored: HashSet<usize>,
    closed: bool,
}

impl Log {
    pub(super) fn new() -> Arc<Self> {
        let began = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let state = watch::Sender::default();
        Arc::new(Self { began, state })
    }

    /// The events and their numbers, from a number on. Past events come at once and new ones as
    /// they happen, until the log is closed.
    pub(super) fn events(&self, from: usize) -> impl Stream<Item = (usize, Entry)> + Send + use<> {
        stream::unfold(
            (self.state.subscribe(), from),
            |(mut states, next)| async move {
                let entry = {
                    let state = states
                        .wait_for(|state| state.closed || state.entries.len() > next)
                        .await
                        .ok()?;
                    state.entries.get(next)?.clone()
                };
                Some(((next, entry), (states, next + 1)))
            },
        )
    }

    /// Ends all streams of events.
    pub(super) fn close(&self) {
        self.state.send_modify(|state| state.closed = true);
    }

    /// Returns when the log is closed.
    pub(super) async fn closed(&self) {
        self.until(|state| state.closed).await;
    }

    async fn until(&self, condition: impl Fn(&State) -> bool) {
        // This cannot fail while there is a sender, and `self` holds it.
        let _ = self.state.subscribe().wait_for(condition).await;
    }
}

/// One draft. As a driver, it records the steps of its run.
#[derive(Clone)]
pub struct Case {
    log: Arc<Log>,
    /// The number of the draft.
    pub id: usize,
    /// The request for the text.
    pub brief: String,
}

impl Case {
    pub(super) fn new(log: &Arc<Log>, id: usize, brief: String) -> Self {
        let log = log.clone();
        Self { log, id, brief }
    }

    /// The id of its run.
    pub fn run_id(&self) -> String {
        self.id.to_string()
    }

    /// Shows the draft, because its run is stored now and so survives the process.
    pub fn stored(&self) {
        self.log.state.send_modify(|state| {
            if state.stored.insert(self.id) {
                let event = Event::Submitted {
                    brief: self.brief.clone(),
                };
                state.entries.push(Entry {
                    draft: self.id,
                    event,
                });
            }
        });
    }

    /// Shows that a step of the run has started.
    pub fn step_started(&self, step: &str) {
        self.record(Event::Started { step: step.into() });
    }

    /// Shows that the step has ended with an action.
    pub fn step_ended(&self, action: &'static str) {
        self.record(Event::Ended { action });
    }

    /// Puts the text on the page. If the process is killed here, the resumed run publishes the text
    /// again, and the page of the next process shows it once.
    pub fn publish(&self, text: &str) {
        self.record(Event::Published { text: text.into() });
    }

    /// Whether the run is known to be stored.
    pub fn is_stored(&self) -> bool {
        self.log.state.borrow().stored.contains(&self.id)
    }

    /// Waits until the run is stored.
    pub(super) async fn until_stored(&self) {
        self.log
            .until(|state| state.stored.contains(&self.id))
            .await;
    }

    pub(super) fn record(&self, event: Event) {
        self.log.state.send_modify(|state| {
            state.entries.push(Entry {
                draft: self.id,
                event,
            })
        });
    }
}
