//! A worker and runs whose inner runs wait with deadlines, and sleep.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, RunSummary, Status};
use serde::{Deserialize, Serialize};

use crate::clock::{Clocked, DAY, HOUR, is_in, process};

const MINUTE: i64 = 60_000;

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Document {
    title: String,
    text: Option<String>,
    approval: Option<String>,
    state: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Library {
    cover: Document,
    documents: Vec<Document>,
    digest: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Town {
    libraries: Vec<Library>,
    digest: Option<String>,
}

/// How often each piece of work has run, by its key.
static RAN: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

fn ran(attempt: Attempt<'_>) {
    let key = attempt.key().expect("a key").to_string();
    *RAN.lock().unwrap().entry(key).or_default() += 1;
}

/// Each piece of work of a run has run once, and there are so many.
#[track_caller]
fn assert_ran_once(run: &str, pieces: usize) {
    let ran = RAN.lock().unwrap();
    let own = ran
        .iter()
        .filter(|(key, _)| key.starts_with(&format!("{run}/")));
    let own: Vec<_> = own.collect();
    assert_eq!(own.len(), pieces, "{own:?}");
    assert!(own.iter().all(|(_, times)| **times == 1), "{own:?}");
}

#[node(Document, writes = text)]
async fn draft(title: &str, #[attempt] attempt: Attempt<'_>) -> String {
    ran(attempt);
    tokio::task::yield_now().await;
    format!("all about {title}")
}

#[node(Document, writes = state)]
async fn publish(text: &str, approval: &str, #[attempt] attempt: Attempt<'_>) -> String {
    ran(attempt);
    format!("{text}, by {approval}")
}

#[node(Document, writes = state)]
async fn escalate(text: &str, #[attempt] attempt: Attempt<'_>) -> String {
    ran(attempt);
    format!("{text}, late")
}

#[node(Library, writes = digest)]
async fn combine(
    cover: &Document,
    documents: &[Document],
    #[attempt] attempt: Attempt<'_>,
) -> String {
    ran(attempt);
    let states = documents.iter().chain([cover]);
    let states: Vec<_> = states
        .filter_map(|document| document.state.as_deref())
        .collect();
    states.join("; ")
}

#[node(Town, writes = digest)]
async fn gather(libraries: &[Library], #[attempt] attempt: Attempt<'_>) -> String {
    ran(attempt);
    let digests: Vec<_> = libraries
        .iter()
        .filter_map(|library| library.digest.as_deref())
        .collect();
    digests.join(" | ")
}

flow! {
    Review {
        draft >> await(approval, within = "3d") >> publish;
        await(approval) - "expired" >> escalate;
    }
}

flow! {
    Rest {
        draft >> rest >> escalate;

        rest: sleep("1h");
    }
}

flow! { ReviewAll: Library { Review.each(documents, parallel = 2) >> combine; } }
flow! { ReviewCover: Library { Review.on(cover) >> combine; } }
flow! { RestAll: Library { Rest.each(documents, parallel = 2) >> combine; } }
flow! { Both: Library { (Review.on(cover), Rest.each(documents)) >> combine; } }
flow! {
    Whole: Town {
        ReviewAll.each(libraries) >> wait >> gather;

        wait: sleep("2d");
    }
}

fn library(titles: &[&str]) -> Library {
    let document = |title: &&str| Document {
        title: (*title).into(),
        ..Default::default()
    };
    Library {
        cover: document(&"the cover"),
        documents: titles.iter().map(document).collect(),
        digest: None,
    }
}

async fn runs() -> (tempfile::TempDir, Checkpoints<Clocked>) {
    let folder = tempfile::tempdir().unwrap();
    let runs = process(&folder.path().join("runs.db"), 0).await;
    (folder, runs)
}

async fn listed(runs: &Checkpoints<Clocked>, run: &str) -> RunSummary {
    let list = runs.list(None).await.unwrap();
    list.into_iter().find(|listed| listed.run == run).unwrap()
}

/// The inner runs that wait.
async fn waiting(runs: &Checkpoints<Clocked>) -> Vec<String> {
    let list = runs.list(Some(Status::Waiting)).await.unwrap();
    let inner = list
        .into_iter()
        .filter(|run| run.outer.is_some() && !run.filled);
    let mut inner: Vec<_> = inner.map(|run| run.run).collect();
    inner.sort();
    inner
}

/// Lets a worker do what there is to do at a time, and returns the status of the run then.
macro_rules! work {
    ($runs:expr, $ahead:expr, $run:expr, $($flow:expr),+) => {{
        $runs.storage().ahead.store($ahead, SeqCst);
        let worker = $runs.worker()$(.flow($flow))+;
        worker.run_until_idle().await.unwrap();
        listed(&$runs, $run).await.status
    }};
}

async fn digest(runs: &Checkpoints<Clocked>, run: &str, step: u64) -> String {
    let state: serde_json::Value = runs.state_at(run, step).await.unwrap().unwrap();
    state["digest"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn inner_runs_are_filled_or_expire() {
    let (_folder, runs) = runs().await;
    let run = "review";
    let library = library(&["rain", "snow", "hail"]);
    runs.enqueue(run, &ReviewAll, library).await.unwrap();
    assert_eq!(work!(runs, 0, run, ReviewAll), Status::Waiting);
    assert_ran_once(run, 3);
    let inner = listed(&runs, "review/1/documents[1]").await;
    assert!(is_in(inner.until.unwrap(), 3 * DAY));
    assert_eq!(listed(&runs, run).await.inner_waits, 3);

    // Nothing is due, and then one has been filled.
    assert_eq!(work!(runs, DAY, run, ReviewAll), Status::Waiting);
    runs.fill_value("review/1/documents[1]", "approval", "Ada")
        .await
        .unwrap();
    assert_eq!(work!(runs, DAY, run, ReviewAll), Status::Waiting);
    assert_ran_once(run, 4);
    assert_eq!(
        waiting(&runs).await,
        ["review/1/documents[0]", "review/1/documents[2]"]
    );

    assert_eq!(
        work!(runs, 3 * DAY - MINUTE, run, ReviewAll),
        Status::Waiting
    );
    assert_eq!(
        work!(runs, 3 * DAY + MINUTE, run, ReviewAll),
        Status::Finished
    );
    assert_ran_once(run, 7);
    assert_eq!(
        digest(&runs, run, 2).await,
        "all about rain, late; all about snow, by Ada; all about hail, late"
    );
}

#[tokio::test]
async fn a_flow_on_a_field_expires() {
    let (_folder, runs) = runs().await;
    for run in ["late", "filled"] {
        let library = library(&[]);
        runs.enqueue(run, &ReviewCover, library).await.unwrap();
    }
    assert_eq!(work!(runs, 0, "late", ReviewCover), Status::Waiting);
    runs.fill_value("filled/1/cover", "approval", "Ada")
        .await
        .unwrap();
    assert_eq!(work!(runs, HOUR, "filled", ReviewCover), Status::Finished);
    assert_eq!(
        work!(runs, 3 * DAY + HOUR, "late", ReviewCover),
        Status::Finished
    );
    assert_eq!(digest(&runs, "late", 2).await, "all about the cover, late");
    assert_eq!(
        digest(&runs, "filled", 2).await,
        "all about the cover, by Ada"
    );
    assert_ran_once("late", 3);
}

#[tokio::test]
async fn inner_runs_sleep() {
    let (_folder, runs) = runs().await;
    let run = "rest";
    let library = library(&["rain", "snow", "hail"]);
    runs.enqueue(run, &RestAll, library).await.unwrap();
    for (ahead, status) in [
        (0, Status::Waiting),
        (HOUR - MINUTE, Status::Waiting),
        (HOUR + MINUTE, Status::Finished),
    ] {
        assert_eq!(work!(runs, ahead, run, RestAll), status, "{ahead}");
    }
    // Each of the documents was drafted and escalated once.
    assert_ran_once(run, 7);
}

#[tokio::test]
async fn the_branches_of_a_fork_wait_for_different_things() {
    let (_folder, runs) = runs().await;
    let run = "both";
    runs.enqueue(run, &Both, library(&["rain", "snow"]))
        .await
        .unwrap();
    assert_eq!(work!(runs, 0, run, Both), Status::Waiting);
    // The documents are done one after the other, and sleep for an hour each.
    assert_eq!(
        waiting(&runs).await,
        ["both/1/cover", "both/1/documents[0]"]
    );
    assert_eq!(work!(runs, HOUR + MINUTE, run, Both), Status::Waiting);
    assert_eq!(
        waiting(&runs).await,
        ["both/1/cover", "both/1/documents[1]"]
    );
    runs.fill_value("both/1/cover", "approval", "Ada")
        .await
        .unwrap();
    assert_eq!(work!(runs, HOUR + MINUTE, run, Both), Status::Waiting);
    assert_eq!(
        work!(runs, 2 * HOUR + 2 * MINUTE, run, Both),
        Status::Finished
    );
    assert_ran_once(run, 7);
}

#[tokio::test]
async fn inner_runs_of_inner_runs_expire() {
    let (_folder, runs) = runs().await;
    let run = "town";
    let town = Town {
        libraries: vec![library(&["rain", "snow"]), library(&["hail"])],
        digest: None,
    };
    runs.enqueue(run, &Whole, town).await.unwrap();
    assert_eq!(work!(runs, 0, run, Whole), Status::Waiting);
    // The libraries come one after the other.
    assert_eq!(work!(runs, 3 * DAY + MINUTE, run, Whole), Status::Waiting);
    assert_eq!(waiting(&runs).await, ["town/1/libraries[1]/1/documents[0]"]);
    assert_eq!(
        work!(runs, 6 * DAY + 2 * MINUTE, run, Whole),
        Status::Waiting
    );
    // Now the outermost run sleeps.
    assert_eq!(waiting(&runs).await, [""; 0]);
    assert!(is_in(
        listed(&runs, run).await.until.unwrap(),
        8 * DAY + 2 * MINUTE
    ));
    assert_eq!(work!(runs, 8 * DAY + HOUR, run, Whole), Status::Finished);
    assert_eq!(
        digest(&runs, run, 3).await,
        "all about rain, late; all about snow, late | all about hail, late"
    );
    assert_ran_once(run, 3 * 2 + 2 + 1);
}

#[tokio::test]
async fn a_worker_that_ends_leaves_its_inner_runs_to_the_next() {
    let (_folder, runs) = runs().await;
    let run = "ends";
    let titles: Vec<String> = (0..20).map(|number| format!("number {number}")).collect();
    let titles: Vec<&str> = titles.iter().map(|title| &**title).collect();
    runs.enqueue(run, &ReviewAll, library(&titles))
        .await
        .unwrap();
    let mut ended_early = 0;
    for _ in 0..30 {
        // The signal comes when another document has been drafted.
        let before = waiting(&runs).await.len();
        let drafted = async {
            while waiting(&runs).await.len() == before {
                tokio::task::yield_now().await;
            }
        };
        let worker = runs.worker().flow(ReviewAll);
        worker.run_until(drafted).await.unwrap();
        let record = listed(&runs, run).await;
        assert_eq!(record.owner, None);
        if waiting(&runs).await.len() == titles.len() {
            break;
        }
        assert_eq!(record.status, Status::Running, "it goes on at once");
        ended_early += 1;
    }
    assert!(ended_early > 0);
    assert_eq!(work!(runs, 0, run, ReviewAll), Status::Waiting);
    assert_ran_once(run, 20);
    assert_eq!(work!(runs, 4 * DAY, run, ReviewAll), Status::Finished);
    assert_ran_once(run, 41);
}
