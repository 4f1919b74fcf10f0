//! Durable runs in one process. For the storage, a run that is dropped looks like one whose process
//! has died.

mod alive;
mod changed;
mod waiting;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{
    Changed, Checkpoints, MovedOn, Parked, Retention, Status, Storage, StorageError, WrongValue,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Shared, Default, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    log: Vec<String>,
    items: Vec<u32>,
    sums: Option<Vec<u32>>,
    left: Option<String>,
    right: Option<String>,
    approval: Option<bool>,
}

/// One test at a time counts the calls of `exec`, and lets them fail once `LEFT` calls are done,
/// which stands in for a process that dies.
static CALLS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);
static KEYS: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

/// Does a piece of work, unless the budget is used up.
async fn work(attempt: Attempt<'_>) -> Result<String, String> {
    tokio::task::yield_now().await;
    let key = attempt.key().map(|key| key.to_string()).unwrap_or_default();
    LEFT.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
        .map_err(|_| format!("died in {key}"))?;
    KEYS.lock().unwrap().push(key.clone());
    Ok(key)
}

#[node(Order, appends = log)]
async fn begin(#[attempt] attempt: Attempt<'_>) -> Result<Vec<String>, String> {
    Ok(vec![work(attempt).await?])
}

#[node(Order, writes = sums, parallel = 3)]
async fn batch(#[each(items)] item: &u32, #[attempt] attempt: Attempt<'_>) -> Result<u32, String> {
    work(attempt).await?;
    Ok(item * 10)
}

#[node(Order, writes = left)]
async fn left(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    work(attempt).await
}

#[node(Order, writes = right)]
async fn right(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    work(attempt).await
}

#[derive(pocketflow::Action, Serialize, Deserialize)]
enum Again {
    Again,
    Done,
}

#[node(Order)]
async fn look(log: &[String]) -> Again {
    if log.len() < 3 {
        Again::Again
    } else {
        Again::Done
    }
}

flow! {
    /// Loops three times.
    pub Inner {
        begin >> look;
        look - "again" >> begin max 9 else end "tired";
        look - "done" >> end;
    }
}

flow! {
    /// A flow with every feature.
    pub Whole {
        Inner >> batch >> (left, right) >> last;
        Inner - "tired" >> end "tired";
        last: begin;
    }
}

/// The number of calls of `exec` in the whole flow: three rounds, five items, two branches, and the
/// last step.
const EXECS: usize = 3 + 5 + 2 + 1;

fn order() -> Order {
    Order {
        items: vec![1, 2, 3, 4, 5],
        ..Default::default()
    }
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    (folder, file)
}

#[tokio::test]
async fn a_run_that_dies_anywhere_resumes_and_repeats_no_finished_step() {
    let _one = CALLS.lock().await;
    let (_folder, file) = file();
    LEFT.store(usize::MAX, SeqCst);
    let mut whole = order();
    Whole
        .with(Checkpoints::open(&file).await.unwrap().run("whole"))
        .run(&mut whole)
        .await
        .unwrap();
    let whole = serde_json::to_string(&whole)
        .unwrap()
        .replace("whole/", "dies/");

    for budget in 0..=EXECS {
        KEYS.lock().unwrap().clear();
        let (_folder, file) = self::file();
        LEFT.store(budget, SeqCst);
        let runs = Checkpoints::open(&file).await.unwrap();
        let first = Whole.with(runs.run("dies")).run(&mut order()).await;
        assert_eq!(first.is_ok(), budget == EXECS, "{budget}: {first:?}");
        drop(runs);

        // Another process.
        LEFT.store(usize::MAX, SeqCst);
        let runs = Checkpoints::open(&file).await.unwrap();
        let mut order = Order {
            log: vec!["overwritten by what was stored".into()],
            ..Default::default()
        };
        Whole.with(runs.run("dies")).run(&mut order).await.unwrap();
        assert_eq!(serde_json::to_string(&order).unwrap(), whole, "{budget}");
        let mut keys = KEYS.lock().unwrap().clone();
        keys.sort();
        let all = keys.len();
        keys.dedup();
        assert_eq!(
            (keys.len(), all),
            (EXECS, EXECS),
            "{budget}: each piece of work is finished once: {keys:?}"
        );
        assert_eq!(runs.list(None).await.unwrap()[0].status, Status::Finished);
    }
}

flow! { Batch { batch; } }

#[tokio::test]
async fn a_batch_of_a_thousand_that_dies_at_item_seven_hundred_does_the_other_three_hundred() {
    let _one = CALLS.lock().await;
    KEYS.lock().unwrap().clear();
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    LEFT.store(700, SeqCst);
    let many = || Order {
        items: (0..1_000).collect(),
        ..Default::default()
    };
    Batch
        .with(runs.run("a"))
        .run(&mut many())
        .await
        .unwrap_err();
    let kept = runs.storage().items("a", 1).await.unwrap().len();
    assert!(
        (698..=700).contains(&kept),
        "but for those in flight beside the one that died, all are kept: {kept}"
    );

    LEFT.store(usize::MAX, SeqCst);
    let mut order = Order::default();
    Batch.with(runs.run("a")).run(&mut order).await.unwrap();
    assert_eq!(
        order.sums.unwrap(),
        (0..1_000).map(|item| item * 10).collect::<Vec<_>>()
    );
    assert_eq!(
        KEYS.lock().unwrap().len(),
        1_000 + (700 - kept),
        "only what was in flight was done twice"
    );
}

#[tokio::test]
async fn a_run_that_is_over_gives_its_result_at_once() {
    let _one = CALLS.lock().await;
    let (_folder, file) = file();
    LEFT.store(usize::MAX, SeqCst);
    let runs = Checkpoints::open(&file).await.unwrap();
    let mut first = order();
    Whole
        .with(runs.run("order-17"))
        .run(&mut first)
        .await
        .unwrap();
    LEFT.store(0, SeqCst);
    let mut again = Order::default();
    assert_eq!(
        Whole
            .with(runs.run("order-17"))
            .run(&mut again)
            .await
            .unwrap(),
        WholeExit::Default
    );
    assert_eq!(again, first);
}

#[node(Order, writes = left)]
fn ask(items: &[u32]) -> String {
    format!("{} items?", items.len())
}

#[node(Order, appends = log)]
fn note(approval: &bool) -> Vec<String> {
    vec![format!("approved: {approval}")]
}

#[tokio::test]
async fn the_history_is_kept_as_far_as_it_is_wanted_and_a_run_forks_from_it() {
    let _one = CALLS.lock().await;
    LEFT.store(usize::MAX, SeqCst);
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file)
        .await
        .unwrap()
        .retention(Retention::Last(3));
    Whole.with(runs.run("a")).run(&mut order()).await.unwrap();
    let history = runs.history("a").await.unwrap();
    let paths: Vec<_> = history
        .iter()
        .map(|step| (step.step, step.path.as_str()))
        .collect();
    assert_eq!(
        paths,
        [
            (7, "Whole > batch"),
            (8, "Whole > (left, right)"),
            (9, "Whole > last")
        ]
    );

    assert_eq!(
        runs.state_at::<Order>("a", 7).await.unwrap().unwrap().left,
        None,
        "the step after it fills it"
    );
    assert!(
        runs.state_at::<Order>("a", 1).await.unwrap().is_none(),
        "not kept any more"
    );
    assert!(
        runs.state_at::<Vec<u8>>("a", 7)
            .await
            .unwrap_err()
            .to_string()
            .starts_with("cannot read the store")
    );

    runs.fork("a", 7, "b").await.unwrap();
    KEYS.lock().unwrap().clear();
    let mut forked = Order::default();
    Whole.with(runs.run("b")).run(&mut forked).await.unwrap();
    let mut keys = KEYS.lock().unwrap().clone();
    keys.sort();
    assert_eq!(keys, ["b/8/branch-0", "b/8/branch-1", "b/9"]);
    assert_eq!(forked.sums.as_deref(), Some(&[10, 20, 30, 40, 50][..]));
}
