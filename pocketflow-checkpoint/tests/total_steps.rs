//! How many steps a whole run has taken, over its processes: a step limit counts those before the run
//! resumed, and those of inner runs.

use std::sync::Mutex;

use pocketflow::{
    Driver, Error, Run, Shared, StepInfo, StepLimit, StepsExceeded, Taken, flow, node,
};
use pocketflow_checkpoint::{Checkpoints, Parked, Status, Storage};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Document {
    text: Option<String>,
    approval: Option<String>,
    state: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Library {
    documents: Vec<Document>,
    rounds: u32,
    approval: Option<String>,
}

#[node(Document, writes = text)]
async fn draft() -> String {
    "rain".into()
}

#[node(Document, writes = state)]
async fn publish(approval: &str) -> String {
    approval.into()
}

#[node(Library, writes = rounds)]
fn count(rounds: &u32) -> u32 {
    rounds + 1
}

flow! { Write { draft >> await(approval) >> publish; } }
flow! { Digest: Library { count >> Write.each(documents, parallel = 3) >> again >> await(approval) >> last; again: count; last: count; } }

/// Records the steps of the whole run, as each step sees them.
#[derive(Default)]
struct Totals(Mutex<Vec<(String, u64)>>);

impl<S: Shared> Driver<S> for Totals {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let total = (info.to_string(), info.total_steps());
        self.0.lock().unwrap().push(total);
        run.run(shared).await
    }
}

impl Totals {
    fn take(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn library() -> Library {
    Library {
        documents: vec![Document::default(); 2],
        ..Default::default()
    }
}

async fn runs() -> (tempfile::TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"));
    let runs = runs.await.unwrap();
    (folder, runs)
}

fn total(steps: &[(String, u64)], place: &str) -> u64 {
    let found = steps.iter().find(|(path, _)| path == place);
    found.unwrap_or_else(|| panic!("{place} in {steps:?}")).1
}

#[tokio::test]
async fn the_steps_before_a_run_resumed_count() {
    let (_folder, runs) = runs().await;
    let totals = Totals::default();
    let run = async || {
        let flow = Digest.with(&totals).with(runs.run("a").park());
        let ended = flow.run(&mut library()).await.map(|_| ());
        (ended, totals.take())
    };
    let (ended, first) = run().await;
    assert!(ended.unwrap_err().cause().is::<Parked>());
    assert_eq!(total(&first, "Digest > count"), 1);
    assert_eq!(total(&first, "Digest > Write.each(documents)"), 2);
    let last = first.iter().map(|(_, total)| *total).max();
    assert_eq!(last, Some(6), "{first:?}");

    // One document goes on: the steps of both that are stored count, and the waits begin again.
    runs.fill_value("a/2/documents[0]", "approval", "Ada")
        .await
        .unwrap();
    let (ended, second) = run().await;
    assert!(ended.unwrap_err().cause().is::<Parked>());
    let published = total(&second, "Digest > documents[0] > publish");
    assert!(published >= 6, "{second:?}");

    runs.fill_value("a/2/documents[1]", "approval", "Ada")
        .await
        .unwrap();
    let (ended, third) = run().await;
    assert!(ended.unwrap_err().cause().is::<Parked>());
    // `count`, `Write.each`, three steps of each document, `again`, and `await`.
    assert_eq!(total(&third, "Digest > again"), 9, "{third:?}");
    assert_eq!(total(&third, "Digest > await(approval)"), 10);

    // After the step, its inner runs are gone, and their steps still count.
    runs.fill_value("a", "approval", "Ada").await.unwrap();
    let (ended, fourth) = run().await;
    ended.unwrap();
    assert_eq!(total(&fourth, "Digest > await(approval)"), 10);
    assert_eq!(total(&fourth, "Digest > last"), 11);
}

#[tokio::test]
async fn a_step_limit_holds_over_processes_and_in_a_worker() {
    let (_folder, runs) = runs().await;
    // The whole run has 11 steps.
    for (id, limit, fits) in [("fits", 11, true), ("exceeds", 10, false)] {
        runs.enqueue(id, &Digest, library()).await.unwrap();
        let work = async || {
            let worker = runs.worker();
            let worker = worker.flow(Digest.with(StepLimit::new(limit)));
            worker.run_until_idle().await.unwrap();
        };
        work().await;
        for document in 0..2 {
            let inner = format!("{id}/2/documents[{document}]");
            runs.fill_value(&inner, "approval", "Ada").await.unwrap();
            work().await;
        }
        runs.fill_value(id, "approval", "Ada").await.unwrap();
        work().await;
        let record = runs.storage().show(id).await.unwrap().unwrap();
        let status = if fits {
            Status::Finished
        } else {
            Status::Failed
        };
        assert_eq!(record.status, status, "{:?}", record.message);
        let exceeded = StepsExceeded { max: limit }.to_string();
        let says = record
            .message
            .is_some_and(|message| message.contains(&exceeded));
        assert_eq!(says, !fits);
    }
}
