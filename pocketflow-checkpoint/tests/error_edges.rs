//! Durable runs that follow error edges, dropped anywhere. For the storage, a run that is dropped
//! looks like one whose process has died.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll};

use pocketflow::{Failed, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Shared, Default, Debug, PartialEq, Clone, Serialize, Deserialize)]
struct Order {
    /// The node that fails.
    fails_at: String,
    receipt: Option<String>,
    problem: Option<Failed>,
    refund: Option<String>,
    log: Vec<String>,
}

async fn work(fails_at: &str, node: &str) -> Result<[String; 1], String> {
    tokio::task::yield_now().await;
    if fails_at == node {
        return Err(format!("`{node}` failed"));
    }
    Ok([node.into()])
}

#[node(Order, appends = log)]
async fn reserve(fails_at: &str) -> Result<[String; 1], String> {
    work(fails_at, "reserve").await
}

#[node(Order, appends = log, attempts = 2)]
async fn authorize(fails_at: &str) -> Result<[String; 1], String> {
    work(fails_at, "authorize").await
}

#[node(Order, writes = receipt, attempts = 2)]
async fn capture(fails_at: &str) -> Result<String, String> {
    Ok(work(fails_at, "capture").await?.concat())
}

#[node(Order, appends = log)]
async fn ship(fails_at: &str, receipt: &str) -> Result<[String; 1], String> {
    _ = receipt;
    work(fails_at, "ship").await
}

#[node(Order, appends = log)]
async fn release(problem: &Failed) -> [String; 1] {
    tokio::task::yield_now().await;
    [format!("released: {problem:#}")]
}

#[node(Order, writes = refund)]
async fn refund(receipt: &str) -> String {
    tokio::task::yield_now().await;
    format!("back: {receipt}")
}

flow! {
    /// Charges the card.
    pub Payment: Order {
        authorize >> capture;
    }
}

flow! {
    /// One step and one nested flow may fail and are undone.
    pub Sell: Order {
        reserve >> Payment >> ship;
        Payment - error(problem) >> release >> end "declined";
        ship - error(problem) >> refund >> end "refunded";
    }
}

async fn open(file: &Path) -> Checkpoints<Sqlite> {
    Checkpoints::open(file).await.unwrap()
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    (folder, file)
}

/// Polls a run this many times, and drops it unless it is done by then.
async fn poll_times<T>(run: impl Future<Output = T>, times: usize) -> Option<T> {
    let mut run = pin!(run);
    let mut left = times;
    std::future::poll_fn(|context: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        run.as_mut().poll(context).map(Some)
    })
    .await
}

/// Drives a run until it ends, and drops it after each of these numbers of polls.
async fn with_deaths(fails_at: &str, deaths: &[usize]) -> Result<(SellExit, Order), String> {
    let (_folder, file) = file();
    let order = Order {
        fails_at: fails_at.into(),
        ..Default::default()
    };
    for death in deaths {
        let runs = open(&file).await;
        let mut store = order.clone();
        let run = Sell.with(runs.run("order")).run(&mut store);
        if let Some(result) = poll_times(run, *death).await {
            // A finished run gives its result again below.
            result.map_err(|error| format!("{error:#}"))?;
        }
    }
    let runs = open(&file).await;
    let mut store = order.clone();
    let exit = Sell.with(runs.run("order")).run(&mut store).await;
    let exit = exit.map_err(|error| format!("{error:#}"))?;
    let runs = runs.list(Some(Status::Finished)).await.unwrap();
    assert_eq!(runs.len(), 1);
    Ok((exit, store))
}

#[tokio::test]
async fn a_failure_leads_on_along_its_edge_and_is_stored() {
    let (exit, order) = with_deaths("capture", &[]).await.unwrap();
    assert_eq!(exit, SellExit::Declined);
    let released =
        "released: Sell > Payment > capture: exec failed at attempt 2 of 2: `capture` failed";
    assert_eq!(order.log, ["reserve", "authorize", released]);
    assert_eq!(order.problem.unwrap().path, ["Sell", "Payment", "capture"]);
    let (exit, order) = with_deaths("ship", &[]).await.unwrap();
    assert_eq!(exit, SellExit::Refunded);
    assert_eq!(order.refund.as_deref(), Some("back: capture"));
    let (exit, order) = with_deaths("", &[]).await.unwrap();
    assert_eq!(exit, SellExit::Default);
    assert_eq!(order.log, ["reserve", "authorize", "ship"]);
    // Nothing follows the failure of `reserve`.
    let error = with_deaths("reserve", &[]).await.unwrap_err();
    assert!(error.contains("`reserve` failed"), "{error}");
}

#[tokio::test]
async fn an_order_ends_the_same_wherever_and_however_often_it_dies() {
    // A linear congruential generator (Knuth, MMIX).
    let mut state = 7_u64;
    let mut below = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    for fails_at in ["", "authorize", "capture", "ship"] {
        let undisturbed = with_deaths(fails_at, &[]).await.unwrap();
        for _ in 0..12 {
            let deaths: Vec<_> = (0..=below(5)).map(|_| 1 + below(40) as usize).collect();
            let disturbed = with_deaths(fails_at, &deaths).await.unwrap();
            assert_eq!(disturbed, undisturbed, "{fails_at} after {deaths:?}");
        }
    }
}

#[derive(Shared, Default, Debug, PartialEq, Clone, Serialize, Deserialize)]
struct Library {
    documents: Vec<u64>,
    summaries: Option<Vec<String>>,
    problems: Vec<Failed>,
}

#[node(Library, writes = summaries, failures = problems, parallel = 2, attempts = 2)]
async fn summarize(#[each(documents)] document: &u64) -> Result<String, String> {
    tokio::task::yield_now().await;
    match document % 3 {
        0 => Err(format!("{document} is empty")),
        _ => Ok(format!("summary of {document}")),
    }
}

#[node(Library)]
async fn publish(summaries: &[String]) {
    _ = summaries;
    tokio::task::yield_now().await;
}

flow! {
    /// A batch in which items fail.
    pub Summarize: Library {
        summarize >> publish;
    }
}

#[tokio::test]
async fn the_failures_of_a_batch_are_stored_with_what_succeeded() {
    let library = Library {
        documents: vec![1, 2, 3, 4, 5, 6],
        ..Default::default()
    };
    let mut undisturbed = library.clone();
    Summarize.run(&mut undisturbed).await.unwrap();
    assert_eq!(undisturbed.problems.len(), 2);
    for death in 1..40 {
        let (_folder, file) = file();
        let mut store = library.clone();
        let runs = open(&file).await;
        let run = Summarize.with(runs.run("library")).run(&mut store);
        _ = poll_times(run, death).await;
        drop(runs);
        let mut store = library.clone();
        let runs = open(&file).await;
        let run = Summarize.with(runs.run("library"));
        run.run(&mut store).await.unwrap();
        assert_eq!(store, undisturbed, "after {death}");
    }
}
