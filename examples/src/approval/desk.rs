//! The desk: what has happened to every draft, and who waits for an answer. Nothing else in the program keeps state.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use futures_util::{Stream, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{oneshot, watch};

/// What a person may answer.
pub trait Answer: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<A: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Answer for A {}

/// What happens to a draft, in the words of the page.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event<A> {
    /// Somebody wants a text.
    Submitted { brief: String },
    /// A step of the flow begins.
    Started { step: &'static str },
    /// An attempt of the step that is at work has failed.
    AttemptFailed { attempt: u32, error: String },
    /// The step is done.
    Ended { action: &'static str },
    /// A person is asked about a text. The versions of a draft count from 1.
    Asked { version: usize, text: String },
    /// They have answered.
    Answered {
        #[serde(flatten)]
        answer: A,
    },
    /// The text is out.
    Published { text: String },
    /// The run is over.
    Finished { exit: &'static str },
    /// The run is over, and not as it should be.
    Failed { error: String },
}

/// An event, and the draft that it is about.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry<A> {
    draft: usize,
    #[serde(flatten)]
    event: Event<A>,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such draft.
    Unknown,
    /// Nobody waits for an answer to this version.
    NotWaiting,
}

/// All drafts. Whoever watches the log sees each event once, the past ones first: past and present are one list.
pub(super) struct Desk<A> {
    /// When the log began. The number of an event means something only with it.
    pub(super) began: u128,
    state: watch::Sender<State<A>>,
}

struct State<A> {
    log: Vec<Entry<A>>,
    drafts: HashMap<usize, Draft<A>>,
    closed: bool,
}

struct Draft<A> {
    version: usize,
    waiting: Option<oneshot::Sender<A>>,
}

impl<A: Answer> Desk<A> {
    /// An empty one.
    pub(super) fn new() -> Arc<Self> {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let state = State { log: vec![], drafts: HashMap::new(), closed: false };
        Arc::new(Self { began, state: watch::Sender::new(state) })
    }

    /// A new draft.
    pub(super) fn submit(self: &Arc<Self>, brief: String) -> Case<A> {
        let mut id = 0;
        self.state.send_modify(|state| {
            id = state.drafts.len() + 1;
            state.drafts.insert(id, Draft { version: 0, waiting: None });
            state.log.push(Entry { draft: id, event: Event::Submitted { brief } });
        });
        Case { desk: self.clone(), id }
    }

    /// A person's answer to a version of a draft. The version is asked for so that nobody approves what they have not seen.
    ///
    /// # Errors
    ///
    /// Nobody waits for it.
    pub(super) fn answer(&self, id: usize, version: usize, answer: A) -> Result<(), Refusal> {
        let mut taken = Err(Refusal::Unknown);
        self.state.send_if_modified(|state| {
            let Some(draft) = state.drafts.get_mut(&id) else { return false };
            let waiting = if draft.version == version { draft.waiting.take() } else { None };
            taken = waiting.and_then(|run| run.send(answer.clone()).ok()).ok_or(Refusal::NotWaiting);
            if taken.is_ok() {
                state.log.push(Entry { draft: id, event: Event::Answered { answer } });
            }
            taken.is_ok()
        });
        taken
    }

    /// The events and their numbers, from a number on: those of the past at once, the others as they come, until the desk closes.
    pub(super) fn events(&self, from: usize) -> impl Stream<Item = (usize, Entry<A>)> + Send + use<A> {
        stream::unfold((self.state.subscribe(), from), |(mut states, next)| async move {
            let entry = {
                let state = states.wait_for(|state| state.closed || state.log.len() > next).await.ok()?;
                state.log.get(next)?.clone()
            };
            Some(((next, entry), (states, next + 1)))
        })
    }

    /// Ends all streams of events.
    pub(super) fn close(&self) {
        self.state.send_modify(|state| state.closed = true);
    }

    /// Returns when the desk is closed.
    pub(super) async fn closed(&self) {
        // There is no error as long as there is a sender, and `self` has it.
        let _ = self.state.subscribe().wait_for(|state| state.closed).await;
    }
}

/// One draft at the desk: what its run knows of the person. As a driver, it writes down the steps.
#[derive(Clone)]
pub struct Case<A> {
    desk: Arc<Desk<A>>,
    /// The number of the draft.
    pub(super) id: usize,
}

impl<A: Answer> Case<A> {
    /// Shows a person a text, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Nobody can answer any more: the text was asked about again.
    pub async fn ask(&self, text: &str) -> Result<A> {
        let (sender, receiver) = oneshot::channel();
        self.desk.state.send_modify(|state| {
            let draft = state.drafts.get_mut(&self.id).expect("drafts are never removed");
            draft.version += 1;
            draft.waiting = Some(sender);
            let event = Event::Asked { version: draft.version, text: text.into() };
            state.log.push(Entry { draft: self.id, event });
        });
        receiver.await.context("nobody can answer any more")
    }

    /// Puts the text on the page.
    pub fn publish(&self, text: &str) {
        self.record(Event::Published { text: text.into() });
    }

    pub(super) fn record(&self, event: Event<A>) {
        self.desk.state.send_modify(|state| state.log.push(Entry { draft: self.id, event }));
    }
}
