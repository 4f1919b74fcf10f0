//! Runs in a file. The process of the page runs the flow.

use std::future::Future;
use std::time::SystemTime;

use anyhow::{Context, Result};
use pocketflow::Error;
use pocketflow_checkpoint::{Checkpoints, Parked, Status, Storage, StorageError};
use serde_json::Value;
use tokio::time::sleep;

use super::log::Case;
use super::runs::{Known, Runs, State};

/// The runs in a file, and the function that runs the flow on a draft.
pub struct InFile<D> {
    runs: Checkpoints,
    run: D,
}

impl<D, F> InFile<D>
where
    D: Fn(Case) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Error>> + Send,
{
    /// `run` runs the flow on a draft until it ends or waits for a person. If it waits, it returns
    /// [`Parked`].
    pub fn new(runs: Checkpoints, run: D) -> Self {
        Self { runs, run }
    }
}

impl<D, F> Runs for InFile<D>
where
    D: Fn(Case) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Error>> + Send,
{
    async fn drafts(&self) -> Result<Vec<usize>> {
        let runs = self.runs.list(None).await?;
        // This program uses numbers as the ids of its runs.
        Ok(runs.iter().filter_map(|run| run.run.parse().ok()).collect())
    }

    async fn look(&self, draft: usize) -> Result<Option<Known>> {
        let Some(record) = self.runs.storage().show(&draft.to_string()).await? else {
            return Ok(None);
        };
        let state = match (record.status, record.wait) {
            (Status::Waiting, Some(wait)) if !record.filled => State::Waits(wait),
            (Status::Running | Status::Waiting, _) => State::UnderWay,
            (Status::Finished, _) => State::Finished(record.exit.unwrap_or_default()),
            (Status::Failed | Status::Stuck, _) => {
                State::Failed(record.message.unwrap_or_default())
            }
            (Status::Cancelled, _) => State::Failed("it was cancelled".into()),
        };
        let draft =
            serde_json::from_str(&record.state).with_context(|| format!("draft {draft}"))?;
        Ok(Some(Known { state, draft }))
    }

    async fn fill(&self, draft: usize, wait: &str, answer: &Value) -> Result<bool> {
        let (run, answer) = (draft.to_string(), answer.to_string());
        match self.runs.fill(&run, wait, &answer).await {
            Err(
                StorageError::NotWaiting { .. }
                | StorageError::AlreadyFilled { .. }
                | StorageError::WaitClosed { .. },
            ) => Ok(false),
            filled => Ok(filled.map(|_| true)?),
        }
    }

    async fn drive(&self, case: Case) -> Result<()> {
        loop {
            let Err(error) = (self.run)(case.clone()).await else {
                return Ok(());
            };
            match error.cause().downcast_ref() {
                // The lease of the killed process must expire first.
                Some(StorageError::Alive { until, .. }) => {
                    sleep(until.duration_since(SystemTime::now()).unwrap_or_default()).await;
                }
                _ if error.cause().is::<Parked>() => return Ok(()),
                _ => return Err(error.into()),
            }
        }
    }
}
