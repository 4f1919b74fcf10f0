//! Where the runs are.

use std::future::Future;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::flow::Text;
use super::log::Case;

/// The runs of the flow: in a file, or on a server for durable execution. It is the only place that
/// stores drafts, decisions and waits.
pub trait Runs: Send + Sync + 'static {
    /// The numbers of all drafts.
    fn drafts(&self) -> impl Future<Output = Result<Vec<usize>>> + Send;

    /// The run of a draft as it is stored now, if there is one.
    fn look(&self, draft: usize) -> impl Future<Output = Result<Option<Known>>> + Send;

    /// Stores a person's answer to a wait. Returns whether the run waits for it.
    fn fill(
        &self,
        draft: usize,
        wait: &str,
        answer: &Value,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Starts the run of a draft, or lets it go on. Returns when it waits for a person or has
    /// ended. It says when the run is [stored](Case::stored), and shows steps and the published text.
    fn drive(&self, case: Case) -> impl Future<Output = Result<()>> + Send;
}

/// A stored run, as far as the page shows it.
pub struct Known {
    /// How far it is.
    pub state: State,
    /// The store.
    pub draft: StoredDraft,
}

/// The part of a run's store that the page shows.
#[derive(Deserialize)]
pub struct StoredDraft {
    /// The request for the text.
    pub brief: String,
    /// The latest text.
    pub text: Option<Text>,
}

/// How far a run is.
pub enum State {
    /// It goes on.
    UnderWay,
    /// A person is asked for a decision. This is the name of the wait, such as `decision#2`.
    Waits(String),
    /// It has finished with this exit.
    Finished(String),
    /// It has failed, and this is why.
    Failed(String),
}
