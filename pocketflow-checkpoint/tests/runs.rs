//! Durable runs in one process. For the storage, a run that is dropped looks like one whose process
//! has died.

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

flow! {
    /// Asks, and records the answer.
    pub Approve {
        ask >> await(approval) >> note;
    }
}

#[tokio::test]
async fn a_parked_run_is_listed_filled_and_resumed_elsewhere() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let parked = Approve
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    assert_eq!(
        parked.cause().downcast_ref(),
        Some(&Parked {
            run: "a".into(),
            field: "approval".into(),
            wait: "approval#1".into()
        })
    );
    drop(runs);

    let elsewhere = Checkpoints::open(&file).await.unwrap();
    let waiting = elsewhere.list(Some(Status::Waiting)).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].run.as_str()), (1, "a"));
    assert!(matches!(
        elsewhere.fill("a", "left", "1").await,
        Err(StorageError::NotWaiting { .. })
    ));
    // The field is not filled, so the run is parked again.
    Approve
        .with(elsewhere.run("a").park())
        .run(&mut Order::default())
        .await
        .unwrap_err();

    elsewhere.fill("a", "approval", "\"maybe\"").await.unwrap();
    let wrong = Approve
        .with(elsewhere.run("a").park())
        .run(&mut Order::default())
        .await
        .unwrap_err();
    assert!(wrong.cause().is::<WrongValue>(), "{wrong:#}");
    assert_eq!(
        elsewhere.list(Some(Status::Waiting)).await.unwrap().len(),
        1,
        "it still waits"
    );

    elsewhere.fill("a", "approval", "true").await.unwrap();
    let mut order = Order::default();
    Approve
        .with(elsewhere.run("a").park())
        .run(&mut order)
        .await
        .unwrap();
    assert_eq!(
        (order.approval, order.left.as_deref()),
        (Some(true), Some("5 items?"))
    );
    assert_eq!(order.log, ["approved: true"]);
}

#[tokio::test]
async fn a_run_waits_in_memory_until_it_is_filled() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let run = runs.run("a");
    let waits = tokio::spawn(async move {
        let mut order = order();
        Approve.with(run).run(&mut order).await.map(|_| order)
    });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    runs.fill("a", "approval", "false").await.unwrap();
    assert_eq!(waits.await.unwrap().unwrap().log, ["approved: false"]);
}

#[node(Order)]
async fn for_ever(items: &[u32]) {
    std::future::pending::<()>().await;
    drop(items.to_vec());
}

flow! { Stuck { for_ever; } }

#[tokio::test]
async fn a_run_that_is_alive_is_not_run_twice_and_one_that_is_dropped_is_free() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let run = runs.run("a");
    let alive = tokio::spawn(async move { Stuck.with(run).run(&mut order()).await.map(drop) });
    while runs.list(Some(Status::Running)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let error = Stuck
        .with(runs.run("a"))
        .run(&mut order())
        .await
        .unwrap_err();
    let cause = error.cause().downcast_ref::<StorageError>();
    assert!(
        matches!(cause, Some(StorageError::Alive { run, .. }) if run == "a"),
        "{error:#}"
    );

    alive.abort();
    let _ = alive.await;
    // A separate task gives its lease back.
    while runs
        .storage()
        .show("a")
        .await
        .unwrap()
        .unwrap()
        .owner
        .is_some()
    {
        tokio::task::yield_now().await;
    }
    let again = tokio::time::timeout(
        Duration::from_millis(50),
        Stuck.with(runs.run("a")).run(&mut order()),
    )
    .await;
    assert!(again.is_err(), "it runs");
}

#[tokio::test]
async fn an_answer_that_leaves_the_field_empty_is_refused() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    Approve
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    runs.fill("a", "approval", "null").await.unwrap();
    let wrong = Approve
        .with(runs.run("a").park())
        .run(&mut Order::default())
        .await
        .unwrap_err();
    assert!(wrong.cause().is::<WrongValue>(), "{wrong:#}");
    assert_eq!(runs.list(Some(Status::Waiting)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wait_in_memory_continues_after_a_wrong_answer() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let run = runs.run("a");
    let waits = tokio::spawn(async move {
        let mut order = order();
        Approve.with(run).run(&mut order).await.map(|_| order)
    });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    for answer in ["\"maybe\"", "null"] {
        // Another process does not have the type, so the run rejects the value.
        let elsewhere = Checkpoints::open(&file).await.unwrap();
        while elsewhere.fill("a", "approval", answer).await.is_err() {
            tokio::task::yield_now().await;
        }
        // This process has the type.
        let error = runs.fill("a", "approval", answer).await.unwrap_err();
        assert!(matches!(error, StorageError::WrongValue { .. }), "{error}");
    }
    while let Err(error) = runs.fill_value("a", "approval", &true).await {
        assert!(
            matches!(error, StorageError::AlreadyFilled { .. }),
            "the run has not refused the last yet: {error}"
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(waits.await.unwrap().unwrap().log, ["approved: true"]);
}

#[tokio::test]
async fn a_run_that_resumes_elsewhere_ends_the_other_wait_and_stays_intact() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file)
        .await
        .unwrap()
        .poll(Duration::from_millis(1));
    let run = runs.run("a");
    let waits = tokio::spawn(async move { Approve.with(run).run(&mut order()).await.map(drop) });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    // Another process starts the run, so it is filled and finished there before the first process
    // learns of it.
    let elsewhere = Checkpoints::open(&file).await.unwrap();
    let mut order = Order::default();
    let other = async {
        let filled = async {
            while elsewhere.fill("a", "approval", "true").await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let (run, ()) = tokio::join!(Approve.with(elsewhere.run("a")).run(&mut order), filled);
        run
    };
    let (other, first) = (other.await, waits.await.unwrap());
    for outcome in [other.map(drop), first] {
        let Err(error) = outcome else { continue };
        assert!(
            error.cause().is::<MovedOn>(),
            "one of the two goes on, and the other says why it does not: {error:#}"
        );
    }
    assert_eq!(
        runs.list(Some(Status::Finished)).await.unwrap().len(),
        1,
        "it is finished once, and did not fail"
    );
}

mod changed {
    use super::*;

    /// The flow before the change.
    mod before {
        use super::*;
        flow! { pub(crate) Steps { ask >> await(approval) >> note; } }
    }

    mod with_more {
        use super::*;
        #[node(Order, writes = right)]
        fn extra(approval: &bool) -> String {
            format!("{approval}")
        }
        flow! { pub(crate) Steps { ask >> await(approval) >> extra >> note; } }
    }

    mod with_less {
        use super::*;
        flow! { pub(crate) Steps { (ask, other) >> await(approval) >> note; } }
        #[node(Order, writes = right)]
        fn other() -> String {
            String::new()
        }
    }

    #[tokio::test]
    async fn a_node_that_was_not_reached_may_be_added() {
        let (_folder, file) = file();
        let runs = Checkpoints::open(&file).await.unwrap();
        before::Steps
            .with(runs.run("a").park())
            .run(&mut order())
            .await
            .unwrap_err();
        runs.fill("a", "approval", "true").await.unwrap();
        let mut order = Order::default();
        with_more::Steps
            .with(runs.run("a"))
            .run(&mut order)
            .await
            .unwrap();
        assert_eq!((order.right.as_deref(), order.log.len()), (Some("true"), 1));
    }

    #[tokio::test]
    async fn a_node_that_is_gone_stops_the_run_before_any_other() {
        let (_folder, file) = file();
        let runs = Checkpoints::open(&file).await.unwrap();
        before::Steps
            .with(runs.run("a").park())
            .run(&mut order())
            .await
            .unwrap_err();
        runs.fill("a", "approval", "true").await.unwrap();
        let mut untouched = order();
        let error = with_less::Steps
            .with(runs.run("a"))
            .run(&mut untouched)
            .await
            .unwrap_err();
        let Changed { conflicts, .. } = error.cause().downcast_ref().unwrap();
        assert_eq!(conflicts, &["the node `ask` of `Steps` is gone"]);
        assert!(
            error
                .cause()
                .to_string()
                .contains("help: finish it with the program that started it")
        );
        assert_eq!(untouched, order());
        assert_eq!(
            runs.list(Some(Status::Waiting)).await.unwrap().len(),
            1,
            "the run is as it was"
        );
        let mut shared = Order::default();
        before::Steps
            .with(runs.run("a"))
            .run(&mut shared)
            .await
            .unwrap();
        assert_eq!(shared.log.len(), 1);
        with_less::Steps
            .with(runs.run("a"))
            .run(&mut untouched)
            .await
            .unwrap();
        assert_eq!(
            untouched.log.len(),
            1,
            "a run that is over gives its result, whatever became of its flow"
        );
    }

    #[derive(Shared, Default, Debug, Serialize, Deserialize)]
    struct Newer {
        log: Vec<String>,
        approval: Option<bool>,
        /// There was no store, and the type has no default.
        price: u64,
    }

    #[node(Newer, appends = log)]
    fn note_price(approval: &bool, price: &u64) -> Vec<String> {
        vec![format!("{approval} for {price}")]
    }

    #[node(Newer)]
    fn ask_again(price: &u64) {
        assert!(*price > 0);
    }

    mod newer {
        use super::{ask_again as ask, note_price as note};
        pocketflow::flow! { pub(crate) Steps { ask >> await(approval) >> note; } }
    }

    #[tokio::test]
    async fn a_field_without_a_default_needs_a_migration_and_each_start_migrates_what_was_stored() {
        let (_folder, file) = file();
        let runs = Checkpoints::open(&file).await.unwrap();
        before::Steps
            .with(runs.run("a").park())
            .run(&mut order())
            .await
            .unwrap_err();
        let error = newer::Steps
            .with(runs.run("a").park())
            .run(&mut Newer::default())
            .await
            .unwrap_err();
        let text = error.cause().to_string();
        assert!(
            text.contains(
                "the stored state does not fit the store of this program: missing field `price`"
            ),
            "{text}"
        );

        let migrated = || {
            runs.run("a").park().migrate(|mut state| {
                let price = state["items"]
                    .as_array_mut()
                    .map_or(0, |items| items.drain(..).count());
                state["price"] = price.into();
                Ok(state)
            })
        };
        for _ in 0..2 {
            newer::Steps
                .with(migrated())
                .run(&mut Newer::default())
                .await
                .unwrap_err();
        }
        runs.fill("a", "approval", "true").await.unwrap();
        let mut shared = Newer::default();
        newer::Steps
            .with(migrated())
            .run(&mut shared)
            .await
            .unwrap();
        assert_eq!(shared.log, ["true for 5"]);
    }

    #[tokio::test]
    async fn a_migration_lets_it_go_on() {
        let (_folder, file) = file();
        let runs = Checkpoints::open(&file).await.unwrap();
        before::Steps
            .with(runs.run("a").park())
            .run(&mut order())
            .await
            .unwrap_err();
        runs.fill("a", "approval", "true").await.unwrap();
        let run = runs.run("a").migrate(|mut state| {
            state["right"] = "made up".into();
            Ok(state)
        });
        let mut shared = Order::default();
        with_less::Steps.with(run).run(&mut shared).await.unwrap();
        assert_eq!(
            (shared.right.as_deref(), shared.log.len()),
            (Some("made up"), 1)
        );
    }
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

flow! {
    /// Receives the value that it records.
    NotedFor(approval) {
        note;
    }
}

#[tokio::test]
async fn a_run_that_cannot_begin_holds_no_lease() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let error = NotedFor
        .with(runs.run("a"))
        .run(&mut order())
        .await
        .unwrap_err();
    assert!(error.cause().is::<pocketflow::EmptyField>(), "{error:#}");
    while runs
        .storage()
        .show("a")
        .await
        .unwrap()
        .unwrap()
        .owner
        .is_some()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        runs.storage().show("a").await.unwrap().unwrap().status,
        Status::Running,
        "it has not failed"
    );
}

#[tokio::test]
async fn a_run_whose_lease_is_lost_stops_and_says_who_has_it() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file)
        .await
        .unwrap()
        .lease(Duration::ZERO);
    let run = runs.run("a");
    let lost = tokio::spawn(async move { Stuck.with(run).run(&mut order()).await.map(drop) });
    while runs.list(Some(Status::Running)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let other = runs.run("a");
    let taken = tokio::spawn(async move { Stuck.with(other).run(&mut order()).await.map(drop) });
    let error = lost.await.unwrap().unwrap_err();
    assert!(
        matches!(
            error.cause().downcast_ref(),
            Some(StorageError::LeaseLost { .. })
        ),
        "{error:#}"
    );
    assert_eq!(
        runs.list(Some(Status::Running)).await.unwrap().len(),
        1,
        "it is well in other hands"
    );
    taken.abort();
}
