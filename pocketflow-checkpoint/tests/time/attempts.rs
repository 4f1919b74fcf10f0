//! Long waits between attempts: the run goes on at the next attempt, when that is due, whatever happens
//! to its process.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use pocketflow::{Attempt, Error, Failed, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, NextAttempt, RunSummary, Status, Storage};
use serde::{Deserialize, Serialize};

use crate::clock::{Clocked, HOUR, is_in, parked, process};

const MINUTE: i64 = 60_000;

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    /// The attempt that succeeds, for the order and for each item.
    succeeds_at: u32,
    items: Vec<u32>,
    receipt: Option<String>,
    label: Option<String>,
    packed: Option<Vec<String>>,
    problems: Vec<Failed>,
    lines: Vec<Line>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    succeeds_at: u32,
    receipt: Option<String>,
}

/// What was tried: the key of the work with the attempts at it.
static TRIED: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

#[derive(Debug, thiserror::Error)]
#[error("the bank is closed")]
struct Closed(#[source] std::io::Error);

fn pays(attempt: Attempt<'_>, succeeds_at: u32) -> Result<String, Closed> {
    let key = attempt.key().expect("a key").to_string();
    let last = attempt.last_error().map(|error| format!(", {error}"));
    let tried = format!("{}{}", attempt.number(), last.unwrap_or_default());
    TRIED.lock().unwrap().entry(key).or_default().push(tried);
    if attempt.number() < succeeds_at {
        return Err(Closed(std::io::Error::other("it is night")));
    }
    Ok(format!("paid at {attempt:?}"))
}

/// The attempts at the work with this key.
fn tried(key: &str) -> Vec<String> {
    TRIED.lock().unwrap().get(key).cloned().unwrap_or_default()
}

/// How often each work of a run was tried, whatever its identity is.
fn counts(run: &str) -> Vec<usize> {
    let tried = TRIED.lock().unwrap();
    let of_run = tried
        .iter()
        .filter(|(key, _)| key.starts_with(&format!("{run}/")));
    let mut counts: Vec<_> = of_run.map(|(_, tried)| tried.len()).collect();
    counts.sort();
    counts
}

#[node(Order, writes = receipt, attempts = 5, wait = "2h", backoff = 2.0)]
async fn pay(succeeds_at: &u32, #[attempt] attempt: Attempt<'_>) -> Result<String, Closed> {
    pays(attempt, *succeeds_at)
}

#[node(Order, writes = label)]
async fn label() -> String {
    "a label".into()
}

#[node(Order, writes = packed, attempts = 3, wait = "2h", parallel = 2)]
async fn pack(
    #[each(items)] item: &u32,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, Closed> {
    pays(attempt, *item)
}

#[node(Order, appends = packed, failures = problems, attempts = 3, wait = "2h", parallel = 2)]
async fn sort(
    #[each(items)] item: &u32,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, Closed> {
    pays(attempt, *item)
}

#[node(Line, writes = receipt, attempts = 3, wait = "2h")]
async fn settle(succeeds_at: &u32, #[attempt] attempt: Attempt<'_>) -> Result<String, Closed> {
    pays(attempt, *succeeds_at)
}

flow! { Checkout { label >> pay; } }
flow! { Pack { pack; } }
flow! { Sort { sort; } }
flow! { Fork { (pay, label, pack); } }
flow! { Settle { settle; } }
flow! { SettleAll: Order { Settle.each(lines, parallel = 2) >> label; } }
flow! { Quick { label; } }

mod later {
    use super::*;

    #[node(Order, writes = receipt, attempts = 2)]
    pub(super) async fn pay(
        succeeds_at: &u32,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<String, Closed> {
        pays(attempt, *succeeds_at)
    }

    flow! {
        /// The same flow in a later version of the program, which tries less often.
        pub(super) Checkout { label >> pay; }
    }
}

fn order(succeeds_at: u32, items: &[u32]) -> Order {
    let line = |succeeds_at: &u32| Line {
        succeeds_at: *succeeds_at,
        receipt: None,
    };
    Order {
        succeeds_at,
        items: items.to_vec(),
        lines: items.iter().map(line).collect(),
        ..Default::default()
    }
}

/// Runs a flow in a new process at this time, which ends when the run waits.
macro_rules! run {
    ($flow:expr, $file:expr, $run:expr, $ahead:expr, $order:expr) => {{
        let runs = process($file, $ahead).await;
        let mut order = $order;
        let ended = $flow.with(runs.run($run).park()).run(&mut order).await;
        ended.map(|_| order)
    }};
}

/// The attempt for which a parked run waits.
fn waits(ended: Result<Order, Error>) -> NextAttempt {
    let error = ended.unwrap_err();
    assert!(error.suspends());
    let parked = parked(&error);
    let attempt = parked.attempt.clone().expect("an attempt");
    assert_eq!(parked.until, Some(attempt.due));
    assert!(parked.field.is_empty() && parked.wait.is_empty());
    attempt
}

async fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    (folder, file)
}

async fn listed(runs: &Checkpoints<Clocked>, run: &str) -> RunSummary {
    let list = runs.list(None).await.unwrap();
    list.into_iter().find(|listed| listed.run == run).unwrap()
}

#[tokio::test]
async fn a_run_goes_on_at_its_next_attempt_when_that_is_due() {
    let (_folder, file) = file().await;
    let run = "survives";
    let next = waits(run!(Checkout, &file, run, 0, order(4, &[])));
    assert_eq!((next.number, next.of), (2, 5));
    assert!(is_in(next.due, 2 * HOUR), "{:?}", next.due);
    assert_eq!(next.path, "Checkout > pay");
    assert_eq!(next.causes, ["the bank is closed", "it is night"]);

    // Too early, or with a clock that has gone back, it waits for the same.
    for ahead in [HOUR, -10 * HOUR] {
        assert_eq!(
            waits(run!(Checkout, &file, run, ahead, order(4, &[]))),
            next
        );
    }
    let third = waits(run!(Checkout, &file, run, 2 * HOUR + MINUTE, order(4, &[])));
    assert_eq!(third.number, 3);
    assert!(is_in(third.due, 6 * HOUR + MINUTE), "{:?}", third.due);
    let fourth = waits(run!(Checkout, &file, run, 7 * HOUR, order(4, &[])));
    assert_eq!(fourth.number, 4);
    let ended = run!(Checkout, &file, run, 16 * HOUR, order(4, &[])).unwrap();
    assert_eq!(ended.receipt.as_deref(), Some("paid at attempt 4 of 5"));
    let again = "the bank is closed: it is night";
    let expected = [
        "1".into(),
        format!("2, {again}"),
        format!("3, {again}"),
        format!("4, {again}"),
    ];
    assert_eq!(
        tried("survives/2"),
        expected,
        "the key is the same, and none is made twice"
    );

    let runs = process(&file, 16 * HOUR).await;
    assert!(runs.storage().attempts(run, 2).await.unwrap().is_empty());
    assert_eq!(listed(&runs, run).await.next_attempt, None);
}

#[tokio::test]
async fn a_process_that_dies_in_an_attempt_repeats_that_one() {
    let (_folder, file) = file().await;
    let run = "dies";
    waits(run!(Checkout, &file, run, 0, order(3, &[])));
    let second = waits(run!(Checkout, &file, run, 3 * HOUR, order(3, &[])));
    // It takes the run up when the third attempt is due, and dies before that has ended.
    let runs = process(&file, 8 * HOUR).await;
    let claim = pocketflow_checkpoint::Claim {
        owner: "dies",
        lease: Duration::ZERO,
        flows: &["Checkout"],
        limit: 1,
    };
    let taken = runs.storage().claim(&claim).await.unwrap();
    assert_eq!(taken[0].next_attempt.as_ref(), Some(&second));
    let ended = run!(Checkout, &file, run, 8 * HOUR, order(3, &[])).unwrap();
    assert_eq!(ended.receipt.as_deref(), Some("paid at attempt 3 of 5"));
    assert_eq!(tried("dies/2").len(), 3);
}

#[tokio::test]
async fn what_a_parked_run_says() {
    let (_folder, file) = file().await;
    let error = run!(Checkout, &file, "says", 0, order(2, &[])).unwrap_err();
    let text = format!("{error:#}");
    let begins =
        "Checkout > pay: stopped: run `says` waits for attempt 2 of 5 of Checkout > pay, due at 2";
    assert!(text.starts_with(begins), "{text}");
    assert!(text.ends_with("Z: run it again then"), "{text}");
    let runs = process(&file, 0).await;
    let listed = listed(&runs, "says").await;
    assert_eq!(
        (listed.status, listed.owner, listed.step),
        (Status::Waiting, None, 1)
    );
    let next = format!("{:#}", listed.next_attempt.unwrap());
    assert!(
        next.ends_with("Z: the bank is closed: it is night"),
        "{next}"
    );
}

#[tokio::test]
async fn a_run_in_memory_waits_by_itself_and_shows_for_what() {
    let (_folder, file) = file().await;
    let run = "memory";
    let runs = process(&file, 0).await;
    let task = tokio::spawn({
        let run = runs.run(run);
        async move {
            let mut order = order(2, &[]);
            Checkout.with(run).run(&mut order).await.map(|_| order)
        }
    });
    let next = loop {
        let record = runs.storage().show(run).await.unwrap();
        match record.and_then(|record| record.next_attempt) {
            Some(next) => break next,
            None => tokio::task::yield_now().await,
        }
    };
    assert!(is_in(next.due, 2 * HOUR));
    let listed = listed(&runs, run).await;
    assert_eq!((listed.status, listed.orphaned), (Status::Running, false));
    assert_eq!(listed.next_attempt, Some(next));

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2 * 3600 + 1)).await;
    let order = task.await.unwrap().unwrap();
    assert_eq!(order.receipt.as_deref(), Some("paid at attempt 2 of 5"));
    assert_eq!(tried("memory/2").len(), 2);
}

#[tokio::test]
async fn a_run_in_memory_survives_its_process() {
    let (_folder, file) = file().await;
    let run = "memory lost";
    let runs = process(&file, 0).await;
    let task = tokio::spawn({
        let run = runs.run(run);
        async move { Checkout.with(run).run(&mut order(2, &[])).await.map(drop) }
    });
    while runs.storage().attempts(run, 2).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let next = waits(run!(Checkout, &file, run, HOUR, order(2, &[])));
    assert_eq!(next.number, 2);
    let ended = run!(Checkout, &file, run, 3 * HOUR, order(2, &[])).unwrap();
    assert_eq!(ended.receipt.as_deref(), Some("paid at attempt 2 of 5"));
}

#[tokio::test]
async fn each_item_goes_on_at_its_own_attempt() {
    let (_folder, file) = file().await;
    let run = "items";
    // Of these, the second and the last fail.
    let order = || order(0, &[1, 2, 1, 1, 3]);
    let next = waits(run!(Pack, &file, run, 0, order()));
    assert_eq!((next.number, next.of), (2, 3));
    assert_eq!(next.path, "Pack > pack[1]");
    assert_eq!(counts(run), [1, 1, 1, 1, 1], "the others have been done");
    let runs = process(&file, 0).await;
    assert_eq!(runs.storage().items(run, 1).await.unwrap().len(), 3);
    assert_eq!(runs.storage().attempts(run, 1).await.unwrap().len(), 2);

    let next = waits(run!(Pack, &file, run, 3 * HOUR, order()));
    assert_eq!((next.number, &*next.path), (3, "Pack > pack[4]"));
    // The other attempt has been made, and does not make the run due.
    assert!(is_in(next.due, 5 * HOUR));
    let listed = listed(&process(&file, 3 * HOUR).await, run).await;
    assert_eq!(listed.next_attempt, Some(next));
    let ended = run!(Pack, &file, run, 6 * HOUR, order()).unwrap();
    let packed = ended.packed.unwrap();
    assert_eq!(packed[1], "paid at attempt 2 of 3");
    assert_eq!(packed[4], "paid at attempt 3 of 3");
    assert_eq!(counts(run), [1, 1, 1, 2, 3]);
}

#[tokio::test]
async fn an_item_whose_failure_is_collected_waits_before() {
    let (_folder, file) = file().await;
    let run = "collected";
    let order = || order(0, &[9, 1]);
    for (ahead, number) in [(0, 2), (3 * HOUR, 3)] {
        assert_eq!(waits(run!(Sort, &file, run, ahead, order())).number, number);
    }
    let ended = run!(Sort, &file, run, 6 * HOUR, order()).unwrap();
    assert_eq!(ended.problems[0].attempts, 3);
    assert_eq!(ended.problems[0].cause(), "the bank is closed");
    assert_eq!(ended.packed.unwrap().len(), 1);
    assert_eq!(counts(run), [1, 3]);
}

#[tokio::test]
async fn the_branches_of_a_fork_go_on_at_their_own_attempts() {
    let (_folder, file) = file().await;
    let run = "fork";
    let order = || order(3, &[2, 1]);
    let next = waits(run!(Fork, &file, run, 0, order()));
    assert_eq!(next.number, 2);
    assert_eq!(counts(run), [1, 1, 1]);
    let next = waits(run!(Fork, &file, run, 3 * HOUR, order()));
    assert_eq!((next.number, next.of), (3, 5), "only `pay` is left");
    let ended = run!(Fork, &file, run, 8 * HOUR, order()).unwrap();
    assert_eq!(ended.receipt.as_deref(), Some("paid at attempt 3 of 5"));
    assert_eq!(ended.packed.unwrap()[0], "paid at attempt 2 of 3");
    assert_eq!(counts(run), [1, 2, 3]);
}

#[tokio::test]
async fn inner_runs_go_on_at_their_own_attempts() {
    let (_folder, file) = file().await;
    let run = "inner";
    let order = || order(0, &[1, 2, 3, 1]);
    let error = run!(SettleAll, &file, run, 0, order()).unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains(
            "run `inner/1/lines[1]` waits for attempt 2 of 3 of SettleAll > lines[1] > settle"
        ),
        "{text}"
    );
    assert!(text.ends_with("Z: run `inner` again then"), "{text}");
    let runs = process(&file, 0).await;
    let outermost = listed(&runs, run).await;
    assert_eq!(
        (outermost.status, outermost.inner_waits),
        (Status::Waiting, 2)
    );
    let inner = listed(&runs, "inner/1/lines[2]").await;
    assert_eq!(inner.next_attempt.unwrap().number, 2);

    // A worker takes the outermost run up when the first of them is due.
    let statuses = async |ahead: i64| {
        runs.storage().ahead.store(ahead, SeqCst);
        let worker = runs.worker().flow(SettleAll);
        worker.run_until_idle().await.unwrap();
        listed(&runs, run).await.status
    };
    assert_eq!(statuses(HOUR).await, Status::Waiting);
    assert_eq!(counts(run), [1, 1, 1, 1]);
    assert_eq!(statuses(3 * HOUR).await, Status::Waiting);
    assert_eq!(counts(run), [1, 1, 2, 2]);
    assert_eq!(listed(&runs, run).await.inner_waits, 1);
    assert_eq!(statuses(4 * HOUR).await, Status::Waiting);
    assert_eq!(statuses(6 * HOUR).await, Status::Finished);
    assert_eq!(counts(run), [1, 1, 2, 3]);
}

#[tokio::test]
async fn a_worker_with_one_seat_takes_other_runs_meanwhile() {
    let (_folder, file) = file().await;
    let runs = process(&file, 0).await;
    let worker = || runs.worker().flow(Checkout).flow(Quick).concurrency(1);
    let slow = order(2, &[]);
    runs.enqueue("seat", &Checkout, slow).await.unwrap();
    for number in 0..3 {
        let run = format!("quick {number}");
        runs.enqueue(run, &Quick, order(0, &[])).await.unwrap();
    }
    worker().run_until_idle().await.unwrap();
    assert_eq!(runs.list(Some(Status::Finished)).await.unwrap().len(), 3);
    let waits = listed(&runs, "seat").await;
    assert_eq!((waits.status, waits.owner), (Status::Waiting, None));
    assert_eq!(waits.next_attempt.unwrap().number, 2);

    runs.storage().ahead.store(HOUR, SeqCst);
    worker().run_until_idle().await.unwrap();
    assert_eq!(listed(&runs, "seat").await.status, Status::Waiting);
    assert_eq!(tried("seat/2").len(), 1);
    runs.storage().ahead.store(3 * HOUR, SeqCst);
    worker().run_until_idle().await.unwrap();
    assert_eq!(listed(&runs, "seat").await.status, Status::Finished);
    assert_eq!(tried("seat/2").len(), 2);
}

#[tokio::test]
async fn a_person_lets_the_attempts_start_over() {
    let (_folder, file) = file().await;
    let run = "retried";
    let runs = process(&file, 0).await;
    for ahead in [0, 3 * HOUR] {
        waits(run!(Checkout, &file, run, ahead, order(9, &[])));
    }
    assert_eq!(listed(&runs, run).await.next_attempt.unwrap().number, 3);
    runs.retry(run).await.unwrap();
    let next = waits(run!(Checkout, &file, run, 0, order(9, &[])));
    assert_eq!(next.number, 2);
    assert_eq!(
        tried("retried/2").len(),
        3,
        "it has not waited for the third one"
    );

    // After its last attempt the run has failed, and starts over.
    for ahead in [3 * HOUR, 8 * HOUR, 17 * HOUR] {
        waits(run!(Checkout, &file, run, ahead, order(9, &[])));
    }
    let error = run!(Checkout, &file, run, 34 * HOUR, order(9, &[])).unwrap_err();
    assert_eq!(error.attempt(), Some(5));
    assert_eq!(listed(&runs, run).await.status, Status::Failed);
    let next = waits(run!(Checkout, &file, run, 34 * HOUR, order(9, &[])));
    assert_eq!(next.number, 2);
    assert_eq!(tried("retried/2").last().unwrap(), "1");
}

#[tokio::test]
async fn a_program_that_tries_less_often_makes_its_last_attempt() {
    let (_folder, file) = file().await;
    let run = "changed";
    for ahead in [0, 3 * HOUR] {
        waits(run!(Checkout, &file, run, ahead, order(2_000, &[])));
    }
    // The wait that is stored counts, even if the node has none any more.
    let next = waits(run!(
        later::Checkout,
        &file,
        run,
        4 * HOUR,
        order(2_000, &[])
    ));
    assert_eq!((next.number, next.of), (2, 2));
    let error = run!(later::Checkout, &file, run, 8 * HOUR, order(2_000, &[])).unwrap_err();
    let text = format!("{error:#}");
    assert_eq!(
        text,
        "Checkout > pay: exec failed at attempt 2 of 2: the bank is closed: it is night"
    );
    assert_eq!(tried("changed/2").len(), 3);
}

#[tokio::test]
async fn short_waits_are_not_stored() {
    #[node(Order, writes = receipt, attempts = 3, wait = "5ms")]
    async fn hurry(succeeds_at: &u32, #[attempt] attempt: Attempt<'_>) -> Result<String, Closed> {
        pays(attempt, *succeeds_at)
    }
    flow! { Hurry { hurry; } }
    let (_folder, file) = file().await;
    let ended = run!(Hurry, &file, "hurry", 0, order(3, &[])).unwrap();
    assert_eq!(ended.receipt.as_deref(), Some("paid at attempt 3 of 3"));
    let runs = process(&file, 0).await;
    assert!(
        runs.storage()
            .attempts("hurry", 1)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_error_says_how_long_to_wait() {
    #[derive(Debug, thiserror::Error)]
    #[error("come back later")]
    struct Busy;
    fn after(_: &Busy) -> Option<Duration> {
        Some(Duration::from_secs(3 * 3600))
    }
    #[node(Order, writes = receipt, attempts = 3, retry_after = after)]
    async fn ask(#[attempt] attempt: Attempt<'_>) -> Result<String, Busy> {
        match attempt.number() {
            1 => Err(Busy),
            _ => Ok("asked".into()),
        }
    }
    flow! { Ask { ask; } }
    let (_folder, file) = file().await;
    let next = waits(run!(Ask, &file, "ask", 0, order(0, &[])));
    assert!(is_in(next.due, 3 * HOUR));
    let next = waits(run!(Ask, &file, "ask", 2 * HOUR, order(0, &[])));
    assert_eq!(next.causes, ["come back later"]);
    let ended = run!(Ask, &file, "ask", 4 * HOUR, order(0, &[])).unwrap();
    assert_eq!(ended.receipt.as_deref(), Some("asked"));
}

#[tokio::test]
async fn a_run_that_waits_for_an_attempt_is_cancelled() {
    let (_folder, file) = file().await;
    let run = "cancelled";
    waits(run!(Checkout, &file, run, 0, order(2, &[])));
    let runs = process(&file, 3 * HOUR).await;
    runs.cancel(run).await.unwrap();
    let worker = runs.worker().flow(Checkout);
    worker.run_until_idle().await.unwrap();
    let listed = listed(&runs, run).await;
    assert_eq!(
        (listed.status, listed.next_attempt),
        (Status::Cancelled, None)
    );
    assert_eq!(tried("cancelled/2").len(), 1);
}
