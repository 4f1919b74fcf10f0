//! Inner runs: where a flow runs on a field of the store, that run is stored as a run of its own.

mod changed;
mod failing;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Mutex;

use pocketflow::{Attempt, Failed, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Status, Storage};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Document {
    title: String,
    text: Option<String>,
    approval: Option<String>,
    summary: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Library {
    documents: Vec<Document>,
    problems: Vec<Failed>,
    rounds: u32,
    digest: Option<String>,
}

/// How often each piece of work has run, by its key.
static RAN: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

/// Notes that a piece of work runs.
fn ran(node: &str, attempt: Attempt<'_>) {
    let key = format!("{node} {}", attempt.key().expect("a key"));
    *RAN.lock().unwrap().entry(key).or_default() += 1;
}

/// The pieces of work that belong to a run, with how often each has run.
fn work_of(run: &str) -> Vec<(String, u32)> {
    let ran = RAN.lock().unwrap();
    let own = ran
        .iter()
        .filter(|(key, _)| key.contains(&format!(" {run}/")));
    own.map(|(key, times)| (key.clone(), *times)).collect()
}

#[track_caller]
fn assert_ran_once(run: &str, pieces: usize) {
    let work = work_of(run);
    assert_eq!(work.len(), pieces, "{work:?}");
    assert!(work.iter().all(|(_, times)| *times == 1), "{work:?}");
}

#[node(Document, writes = text)]
async fn draft(title: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    ran("draft", attempt);
    tokio::task::yield_now().await;
    if title.contains("impossible") {
        return Err(format!("nobody can write {title}"));
    }
    Ok(format!("All about {title}"))
}

#[node(Document, writes = summary)]
async fn publish(
    text: &str,
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    ran("publish", attempt);
    if approval == "no" {
        return Err("it was not approved".into());
    }
    Ok(format!("{text}, approved by {approval}"))
}

#[node(Library, writes = digest)]
async fn combine(documents: &[Document], #[attempt] attempt: Attempt<'_>) -> String {
    ran("combine", attempt);
    let summaries: Vec<_> = documents
        .iter()
        .map(|document| document.summary.as_deref().unwrap_or("-"))
        .collect();
    summaries.join("; ")
}

flow! { Approve { draft >> await(approval) >> publish; } }

flow! { Digest: Library { Approve.each(documents, parallel = 3) >> combine; } }

flow! { Careful: Library { Approve.each(documents, parallel = 3, failures = problems) >> combine; } }

fn library(titles: impl IntoIterator<Item = impl Into<String>>) -> Library {
    let document = |title: String| Document {
        title,
        ..Document::default()
    };
    Library {
        documents: titles
            .into_iter()
            .map(|title| document(title.into()))
            .collect(),
        ..Library::default()
    }
}

fn numbered(count: usize) -> Library {
    library((0..count).map(|number| format!("number {number}")))
}

async fn runs() -> (tempfile::TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs.poll(std::time::Duration::from_millis(5)))
}

/// The status of a run, and the number of the inner runs that it waits for.
async fn status(runs: &Checkpoints, run: &str) -> (Status, u64) {
    match runs.storage().show(run).await.unwrap() {
        Some(record) => (record.status, record.inner_waits),
        None => (Status::Running, 0),
    }
}

/// The inner runs that wait, in the order of their ids.
async fn waiting(runs: &Checkpoints) -> Vec<String> {
    let list = runs.list(Some(Status::Waiting)).await.unwrap();
    let inner = list
        .into_iter()
        .filter(|run| run.outer.is_some() && !run.filled);
    let mut inner: Vec<_> = inner.map(|run| run.run).collect();
    inner.sort();
    inner
}
