//! Runs on a Restate server. A worker runs the flow, and this only asks the server.

use std::time::Duration;

use anyhow::{Context, Result};
use pocketflow_examples::approval::flow::{Approval, Draft};
use pocketflow_examples::approval::{Case, Known, Runs, State};
use pocketflow_restate::client::{Admin, Client, ClientError};
use pocketflow_restate::wire::{RunStatus, Status};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How long the page waits before it asks again how far a run is.
const PAUSE: Duration = Duration::from_millis(100);

/// For how long a query is repeated.
const PATIENCE: Duration = Duration::from_secs(10);

/// The flow whose runs these are.
const FLOW: &str = Approval::GRAPH.name;

/// The runs of a Restate server.
pub(crate) struct OnRestate {
    runs: Client<Draft>,
    /// What is stored can be read without a worker.
    admin: Admin,
}

impl OnRestate {
    /// The server that takes requests at the first address, and whose administration is at the second.
    pub(crate) fn new(restate: &str, admin: &str) -> Result<Self, ClientError> {
        Ok(Self {
            runs: pocketflow_restate::client(restate, FLOW)?,
            admin: Admin::new(admin)?,
        })
    }
}

impl Runs for OnRestate {
    async fn drafts(&self) -> Result<Vec<usize>> {
        let runs = patiently(|| self.admin.runs()).await?;
        let drafts = runs.iter().filter(|run| run.flow == FLOW);
        // This program uses numbers as the ids of its runs.
        Ok(drafts.filter_map(|run| run.run.parse().ok()).collect())
    }

    async fn look(&self, draft: usize) -> Result<Option<Known>> {
        let run = draft.to_string();
        let found = patiently(|| self.admin.find(&run)).await?;
        let Some(status) = found.into_iter().find(|run| run.flow == FLOW) else {
            return Ok(None);
        };
        let store = patiently(|| self.admin.store(FLOW, &run)).await?;
        let store = store.unwrap_or_default();
        let draft = serde_json::from_str(&store).with_context(|| format!("draft {draft}"))?;
        let state = state(status);
        Ok(Some(Known { state, draft }))
    }

    async fn fill(&self, draft: usize, wait: &str, answer: &Value) -> Result<bool> {
        let run = draft.to_string();
        let mut asked = false;
        loop {
            match self.runs.fill(&run, wait, answer).await {
                // While there is no worker, the server keeps the answer, and the client stops waiting.
                Err(error) if error.is_temporary() => sleep(PAUSE).await,
                // Only this desk answers, so an earlier request has been taken.
                Err(ClientError::NotPossible { .. }) => return Ok(asked),
                filled => return Ok(filled.map(|_| true)?),
            }
            asked = true;
        }
    }

    async fn drive(&self, case: Case) -> Result<()> {
        let run = case.run_id();
        let draft = Draft {
            brief: case.brief.clone(),
            ..Draft::default()
        };
        let mut step = None;
        loop {
            let asked = match case.is_stored() {
                true => self.runs.status(&run).await,
                false => self.runs.start(&run, &draft).await,
            };
            let status = match asked {
                Err(error) if error.is_temporary() && case.is_stored() => {
                    sleep(PAUSE).await;
                    continue;
                }
                status => status?,
            };
            case.stored();
            let now = working_at(&status);
            if now != step {
                if step.is_some() {
                    case.step_ended("default");
                }
                if let Some(now) = &now {
                    case.step_started(now);
                }
                step = now;
            }
            match status.status {
                Status::Running | Status::Sleeping => sleep(PAUSE).await,
                Status::Finished if status.exit.as_deref() == Some("default") => break,
                _ => return Ok(()),
            }
        }
        // The worker has published the text.
        let known = self.look(case.id).await?;
        if let Some(text) = known.and_then(|known| known.draft.text) {
            case.publish(&text.text);
        }
        Ok(())
    }
}

/// Repeats a query that the server cannot answer. One that has just started, or that takes over from
/// another node of a cluster, needs a moment.
async fn patiently<T, F>(query: impl Fn() -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let began = Instant::now();
    loop {
        match query().await {
            Err(ClientError::Answer { .. }) if began.elapsed() < PATIENCE => sleep(PAUSE).await,
            answer => return answer,
        }
    }
}

/// The step that is being executed. An await is none: the page shows it as the question.
fn working_at(status: &RunStatus) -> Option<String> {
    let (_, step) = status.at.as_deref()?.split_once(" > ")?;
    (!step.starts_with("await(")).then(|| step.to_owned())
}

fn state(status: RunStatus) -> State {
    let wait = status.waits.into_iter().next();
    match (status.status, wait) {
        (Status::Waiting, Some(wait)) => State::Waits(wait.name),
        (Status::Waiting | Status::Running | Status::Sleeping, _) => State::UnderWay,
        (Status::Finished, _) => State::Finished(status.exit.unwrap_or_default()),
        (Status::Failed, _) => {
            let error = status.error.map(|error| error.message);
            State::Failed(error.unwrap_or_default())
        }
        (Status::Cancelled, _) => State::Failed("it was cancelled".into()),
    }
}
