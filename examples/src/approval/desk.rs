//! The desk connects the stored runs with the people who look at the page.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use anyhow::Result;
use serde_json::Value;
use tokio::sync::Mutex;

use super::log::{Case, Event, Log};
use super::runs::{Known, Runs, State};

/// Why an answer is rejected.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The draft does not exist.
    Unknown,
    /// The run is not waiting for this answer.
    NotWaiting,
    /// The runs cannot be read or written.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// All drafts.
pub(super) struct Desk<R> {
    runs: R,
    pub(super) log: Arc<Log>,
    /// The highest draft number so far.
    last: AtomicUsize,
    /// Held from reading the state of a run to acting on it. Only one desk at a time serves the
    /// runs.
    hand: Mutex<()>,
}

impl<R: Runs> Desk<R> {
    /// Opens the desk, and returns the unfinished runs, which nothing drives yet.
    pub(super) async fn open(runs: R) -> Result<(Arc<Self>, Vec<Case>)> {
        let desk = Self {
            runs,
            log: Log::new(),
            last: AtomicUsize::new(0),
            hand: Mutex::default(),
        };
        let mut under_way = vec![];
        for id in desk.runs.drafts().await? {
            let Some(Known { state, draft }) = desk.runs.look(id).await? else {
                continue;
            };
            desk.last.fetch_max(id, SeqCst);
            let case = Case::new(&desk.log, id, draft.brief);
            case.stored();
            match (draft.text, &state) {
                (Some(text), State::Waits(wait)) => {
                    let wait = wait.clone();
                    case.record(Event::Asked { wait, text });
                }
                (Some(text), state) => {
                    case.record(Event::Written(text.clone()));
                    if matches!(state, State::Finished(exit) if exit == "default") {
                        case.publish(&text.text);
                    }
                }
                (None, _) => {}
            }
            if matches!(state, State::UnderWay) {
                under_way.push(case.clone());
            }
            record_end(&case, state);
        }
        Ok((Arc::new(desk), under_way))
    }

    /// Creates a draft.
    pub(super) fn submit(&self, brief: String) -> Case {
        Case::new(&self.log, self.last.fetch_add(1, SeqCst) + 1, brief)
    }

    /// Stores a person's answer to a wait of a draft. The caller must then [drive](Self::drive) the
    /// returned case. The answer names its wait so that a second click that arrives after the next
    /// version cannot approve a version that the person has not seen.
    ///
    /// # Errors
    ///
    /// Fails if the run is not waiting for this answer.
    pub(super) async fn answer(
        &self,
        id: usize,
        wait: &str,
        answer: Value,
    ) -> Result<Case, Refusal> {
        let _hand = self.hand.lock().await;
        let Known { state, draft } = self.runs.look(id).await?.ok_or(Refusal::Unknown)?;
        // A run accepts an answer to a question that it will ask later, but no person can have seen
        // that question.
        let waits = matches!(state, State::Waits(open) if open == wait);
        if !waits || !self.runs.fill(id, wait, &answer).await? {
            return Err(Refusal::NotWaiting);
        }
        let case = Case::new(&self.log, id, draft.brief);
        case.record(Event::Answered(answer));
        Ok(case)
    }

    /// Runs the flow until it ends or waits for a person. While it waits, the run is only stored:
    /// see [`answer`](Self::answer).
    ///
    /// # Errors
    ///
    /// Fails if the run has failed, or cannot be stored.
    pub(super) async fn drive(&self, case: Case) -> Result<()> {
        let driven = self.drive_and_look(&case).await;
        if let Err(error) = &driven
            && case.is_stored()
        {
            case.record(Event::Failed {
                error: format!("{error:#}"),
            });
        }
        driven
    }

    async fn drive_and_look(&self, case: &Case) -> Result<()> {
        self.runs.drive(case.clone()).await?;
        let _hand = self.hand.lock().await;
        if let Some(Known { state, draft }) = self.runs.look(case.id).await? {
            match (draft.text, state) {
                (Some(text), State::Waits(wait)) => case.record(Event::Asked { wait, text }),
                (_, state) => record_end(case, state),
            }
        }
        Ok(())
    }
}

fn record_end(case: &Case, state: State) {
    match state {
        State::Finished(exit) => case.record(Event::Finished { exit }),
        State::Failed(error) => case.record(Event::Failed { error }),
        State::UnderWay | State::Waits(_) => {}
    }
}
