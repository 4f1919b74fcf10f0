//! Workers: what they run, how they end, and what they survive.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pocketflow::{Action, Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use super::flaky::Flaky;
use super::support::*;
use crate::{Changed, Checkpoints, OtherFlow, OtherInput, Status, Storage, Worker};

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    total: u64,
    items: Vec<u32>,
    reserved: Option<u64>,
    doubled: Option<Vec<u32>>,
    approval: Option<String>,
    receipt: Option<String>,
}

/// The keys of the work that was done. A key includes the run's id, so tests do not affect each
/// other.
static DONE: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn done(attempt: Attempt<'_>) {
    let key = attempt.key().expect("a key").to_string();
    DONE.lock().unwrap().push(key);
}

/// The pieces of work of the runs with this prefix, and how many of them were done more than once.
fn count(prefix: &str) -> (usize, usize) {
    let keys = DONE.lock().unwrap();
    let keys: Vec<_> = keys.iter().filter(|key| key.starts_with(prefix)).collect();
    let once: HashSet<_> = keys.iter().collect();
    (once.len(), keys.len() - once.len())
}

#[node(Order, writes = reserved)]
async fn reserve(total: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
    done(attempt);
    *total
}

#[node(Order, writes = doubled, parallel = 2)]
async fn double(#[each(items)] item: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    done(attempt);
    item * 2
}

#[derive(Action, Serialize, Deserialize)]
enum Answer {
    Yes,
    No,
}

#[node(Order)]
fn decide(approval: &str) -> Answer {
    if approval == "yes" {
        Answer::Yes
    } else {
        Answer::No
    }
}

#[node(Order, writes = receipt)]
async fn pay(reserved: &u64, doubled: &[u32], #[attempt] attempt: Attempt<'_>) -> String {
    done(attempt);
    format!("{reserved} {doubled:?}")
}

flow! {
    Sell {
        reserve >> double >> await(approval) >> decide;
        decide - "no" >> await(approval);
        decide - "yes" >> pay;
    }
}

#[node(Order, writes = receipt)]
async fn charge(total: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    done(attempt);
    match total {
        1 => Err("no money".into()),
        2 => panic!("the total is {total}"),
        _ => Ok(format!("{total}")),
    }
}

flow! { Charge { reserve >> charge; } }

/// The signals of a run's node `slow`.
#[derive(Default)]
struct Gate {
    started: Notify,
    go: Notify,
}

fn gate(run: &str) -> Arc<Gate> {
    static GATES: Mutex<BTreeMap<String, Arc<Gate>>> = Mutex::new(BTreeMap::new());
    GATES
        .lock()
        .unwrap()
        .entry(run.to_owned())
        .or_default()
        .clone()
}

#[node(Order, writes = reserved)]
async fn slow(total: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
    let key = attempt.key().expect("a key").to_string();
    let gate = gate(key.split('/').next().unwrap_or_default());
    gate.started.notify_one();
    gate.go.notified().await;
    done(attempt);
    *total
}

flow! { Slow { slow >> charge; } }

fn order(total: u64) -> Order {
    Order {
        total,
        items: vec![1, 2, 3],
        ..Default::default()
    }
}

/// An id that no other test uses on any engine.
fn id(name: &str) -> String {
    format!("{name}-{:08x}", fastrand::u32(..))
}

fn runs<S: Storage>(storage: S) -> Checkpoints<S> {
    Checkpoints::new(storage).poll(Duration::from_millis(10))
}

fn worker<S: Storage>(runs: &Checkpoints<S>) -> Worker<S> {
    runs.worker().flow(Sell).flow(Charge).flow(Slow)
}

/// Lets a worker work until the other future ends.
async fn during<S: Storage, T>(worker: Worker<S>, other: impl Future<Output = T>) -> T {
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(worker.run_until(async { drop(stopped.await) }));
    let done = timeout(Duration::from_secs(60), other).await;
    drop(stop);
    worker.await.unwrap().unwrap();
    done.expect("it takes no minute")
}

async fn until<S: Storage>(runs: &Checkpoints<S>, run: &str, status: Status) {
    while show(runs.storage(), run).await.status != status {
        sleep(Duration::from_millis(2)).await;
    }
}

pub async fn what_is_enqueued_is_run<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    let [one, two] = ["one", "two"].map(id);
    web.enqueue(&*one, &Charge, order(7)).await.unwrap();
    web.enqueue(&*two, &Charge, order(8)).await.unwrap();
    worker(&back).run_until_idle().await.unwrap();
    for (run, receipt) in [(&one, "7"), (&two, "8")] {
        let mut order = Order::default();
        Charge.with(web.run(run)).run(&mut order).await.unwrap();
        assert_eq!(order.receipt.as_deref(), Some(receipt));
        assert_eq!(count(&format!("{run}/")), (2, 0));
    }
}

pub async fn a_run_is_enqueued_once<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    web.enqueue("one", &Charge, order(7)).await.unwrap();
    back.enqueue("one", &Charge, order(7)).await.unwrap();
    let cause = |error: pocketflow::Error| format!("{error:#}");
    let error = web.enqueue("one", &Charge, order(8)).await.unwrap_err();
    assert!(error.cause().is::<OtherInput>(), "{}", cause(error));
    let error = web.enqueue("one", &Sell, order(7)).await.unwrap_err();
    assert!(error.cause().is::<Changed>(), "{}", cause(error));

    worker(&back).run_until_idle().await.unwrap();
    web.enqueue("one", &Charge, order(7)).await.unwrap();
    let error = web.enqueue("one", &Charge, order(8)).await.unwrap_err();
    assert!(error.cause().is::<OtherInput>(), "{}", cause(error));
    let error = web.enqueue("one", &Sell, order(7)).await.unwrap_err();
    assert!(error.cause().is::<OtherFlow>(), "{}", cause(error));
}

pub async fn a_run_that_waits_holds_no_place<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    let prefix = id("waits");
    let ids: Vec<_> = (0..5).map(|run| format!("{prefix}-{run}")).collect();
    for run in &ids {
        web.enqueue(run, &Sell, order(7)).await.unwrap();
    }
    during(worker(&back).concurrency(1), async {
        for run in &ids {
            until(&web, run, Status::Waiting).await;
        }
        for (answer, visit) in [("no", 1), ("yes", 2)] {
            for run in &ids {
                let wait = format!("approval#{visit}");
                while show(web.storage(), run).await.wait.as_deref() != Some(&*wait) {
                    sleep(Duration::from_millis(2)).await;
                }
                web.fill_value(run, &wait, answer).await.unwrap();
            }
        }
        for run in &ids {
            until(&web, run, Status::Finished).await;
        }
    })
    .await;
    assert_eq!(count(&prefix), (5 * 5, 0));
    for run in &ids {
        let mut order = Order::default();
        Sell.with(web.run(run)).run(&mut order).await.unwrap();
        assert_eq!(order.receipt.as_deref(), Some("7 [2, 4, 6]"));
    }
}

pub async fn two_workers_share_the_runs<S: Storage + Clone>(a: S, b: S) {
    const RUNS: usize = 60;
    let (web, one, two) = (runs(a.clone()), runs(a), runs(b));
    let prefix = id("shared");
    for run in 0..RUNS {
        let run = format!("{prefix}-{run}");
        web.enqueue(&*run, &Sell, order(1)).await.unwrap();
    }
    let fill = async {
        for run in 0..RUNS {
            let run = format!("{prefix}-{run}");
            until(&web, &run, Status::Waiting).await;
            web.fill_value(&run, "approval#1", "yes").await.unwrap();
        }
        for run in 0..RUNS {
            until(&web, &format!("{prefix}-{run}"), Status::Finished).await;
        }
    };
    let one = worker(&one).concurrency(5);
    during(one, during(worker(&two).concurrency(9), fill)).await;
    assert_eq!(count(&prefix), (RUNS * 5, 0));
}

pub async fn a_run_that_fails_stays_failed<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    let [fails, panics, well] = ["fails", "panics", "well"].map(id);
    web.enqueue(&*fails, &Charge, order(1)).await.unwrap();
    web.enqueue(&*panics, &Charge, order(2)).await.unwrap();
    web.enqueue(&*well, &Charge, order(3)).await.unwrap();
    worker(&back).run_until_idle().await.unwrap();
    worker(&back).run_until_idle().await.unwrap();
    let of = async |run: &str| {
        let record = show(web.storage(), run).await;
        assert_eq!((record.step, &record.owner), (record.step, &None));
        (record.status, record.message.unwrap_or_default())
    };
    let (status, message) = of(&fails).await;
    assert_eq!(status, Status::Failed);
    assert!(
        message.contains("charge") && message.contains("no money"),
        "{message}"
    );
    let (status, message) = of(&panics).await;
    assert_eq!(status, Status::Failed);
    assert!(
        message.contains("Charge > charge") && message.contains("it panicked: the total is 2"),
        "{message}"
    );
    assert_eq!(of(&well).await.0, Status::Finished);
    for run in [fails, panics] {
        assert_eq!(count(&format!("{run}/")), (2, 0), "it is not tried again");
    }
}

/// The same flow after a change.
mod changed {
    use super::*;

    #[node(Order, writes = receipt)]
    fn refund(total: &u64) -> String {
        format!("-{total}")
    }

    flow! { pub(super) Charge { refund; } }
}

pub async fn a_run_that_does_not_fit_is_left_with_a_message<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    let [odd, unknown, well] = ["odd", "unknown", "well"].map(id);
    web.enqueue(&*odd, &changed::Charge, order(3))
        .await
        .unwrap();
    web.enqueue(&*unknown, &Slow, order(3)).await.unwrap();
    web.enqueue(&*well, &Charge, order(3)).await.unwrap();
    let before = show(web.storage(), &unknown).await;
    let worker = back.worker().flow(Charge).concurrency(1);
    worker.run_until_idle().await.unwrap();

    let record = show(web.storage(), &odd).await;
    assert_eq!((record.status, record.step), (Status::Running, 0));
    let message = record.message.unwrap();
    assert!(
        message.contains("the node `refund` of `Charge` is gone"),
        "{message}"
    );
    assert_eq!(record.owner, None);
    assert_eq!(show(web.storage(), &unknown).await, before);
    assert_eq!(show(web.storage(), &well).await.status, Status::Finished);
    // The program that it fits can still run it.
    let mut order = Order::default();
    changed::Charge
        .with(web.run(&odd))
        .run(&mut order)
        .await
        .unwrap();
    assert_eq!(order.receipt.as_deref(), Some("-3"));
}

pub async fn a_worker_that_ends_finishes_its_steps<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    let run = id("ends");
    web.enqueue(&*run, &Slow, order(3)).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let (heard, has_heard) = oneshot::channel::<()>();
    let ending = worker(&back).grace(Duration::from_secs(60));
    let ending = tokio::spawn(ending.run_until(async {
        drop(stopped.await);
        drop(heard);
    }));
    gate(&run).started.notified().await;
    drop(stop);
    drop(has_heard.await);
    // It takes up nothing more.
    let next = id("next");
    back.enqueue(&*next, &Charge, order(3)).await.unwrap();
    assert!(!ending.is_finished());
    gate(&run).go.notify_one();
    ending.await.unwrap().unwrap();

    let record = show(web.storage(), &run).await;
    assert_eq!((record.status, record.step), (Status::Running, 1));
    assert_eq!((record.owner, record.message), (None, None));
    assert_eq!(show(web.storage(), &next).await.step, 0);
    worker(&web).run_until_idle().await.unwrap();
    assert_eq!(show(web.storage(), &run).await.status, Status::Finished);
    assert_eq!(count(&format!("{run}/")), (2, 0));
}

pub async fn a_worker_does_not_wait_for_a_step_for_ever<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    for drops in [false, true] {
        let run = id("hangs");
        web.enqueue(&*run, &Slow, order(3)).await.unwrap();
        let hanging = worker(&back).grace(Duration::from_millis(20));
        let (stop, stopped) = oneshot::channel::<()>();
        let mut hanging = Box::pin(hanging.run_until(async { drop(stopped.await) }));
        let gate = gate(&run);
        tokio::select! {
            () = gate.started.notified() => {}
            ended = &mut hanging => panic!("{ended:?}"),
        }
        if drops {
            drop(hanging);
        } else {
            drop(stop);
            hanging.await.unwrap();
        }
        // The lease is released in the background.
        while show(web.storage(), &run).await.owner.is_some() {
            sleep(Duration::from_millis(2)).await;
        }
        gate.go.notify_one();
        worker(&web).run_until_idle().await.unwrap();
        assert_eq!(show(web.storage(), &run).await.status, Status::Finished);
        assert_eq!(count(&format!("{run}/")), (2, 0));
    }
}

pub async fn a_worker_takes_over_from_one_that_died<S: Storage>(a: S, b: S) {
    let (web, back) = (runs(a), runs(b));
    let run = id("died");
    web.enqueue(&*run, &Charge, order(3)).await.unwrap();
    let claim = crate::Claim {
        owner: "died",
        lease: OVER,
        flows: &["Charge"],
        limit: 1,
    };
    assert_eq!(web.storage().claim(&claim).await.unwrap().len(), 1);
    worker(&back).run_until_idle().await.unwrap();
    assert_eq!(show(web.storage(), &run).await.status, Status::Finished);
}

pub async fn a_worker_survives_a_storage_that_fails<S: Storage>(a: S, b: S) {
    const RUNS: usize = 20;
    let lease = Duration::from_millis(500);
    let web = runs(a);
    let back = runs(Flaky::new(b, 8)).lease(lease);
    let prefix = id("survives");
    let ids: Vec<_> = (0..RUNS).map(|run| format!("{prefix}-{run}")).collect();
    for run in &ids {
        web.enqueue(run, &Sell, order(7)).await.unwrap();
    }
    during(worker(&back).concurrency(4), async {
        for run in &ids {
            until(&web, run, Status::Waiting).await;
            web.fill_value(run, "approval#1", "yes").await.unwrap();
            until(&web, run, Status::Finished).await;
        }
    })
    .await;
    assert_eq!(count(&prefix), (RUNS * 5, 0));
}
