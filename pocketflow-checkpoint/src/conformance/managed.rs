//! Whole runs of a flow that people cancel, edit and rewind, and that are removed when they are old.

use std::time::Duration;

use crate::{Checkpoints, MovedOn, Parked, Status, Storage, StorageError};
use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::manage::each_status;
use super::support::*;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Order {
    total: u32,
    answer: Option<bool>,
    receipt: Option<String>,
}

/// Waits until the test says so, once for each run.
static BILL: tokio::sync::Notify = tokio::sync::Notify::const_new();

#[node(Order)]
async fn bill(total: &u32) {
    if *total == 1 {
        BILL.notified().await;
    }
}

#[node(Order, writes = receipt)]
fn pay(total: &u32, answer: &bool, #[attempt] attempt: Attempt<'_>) -> String {
    let key = attempt.key().expect("a key");
    format!("{total} {answer} {key}")
}

flow! { Sell { bill >> await(answer) >> pay; } }
flow! { Twice { bill >> again >> await(answer) >> pay; again: bill; } }

fn id(name: &str) -> String {
    format!("{name}-{:08x}", fastrand::u32(..))
}

fn order(total: u32) -> Order {
    Order {
        total,
        ..Order::default()
    }
}

fn cause<T: std::error::Error + Send + Sync + 'static>(error: &pocketflow::Error) -> &T {
    error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"))
}

async fn until(storage: &impl Storage, run: &str, what: impl Fn(&crate::RunRecord) -> bool) {
    let look = async {
        while !storage
            .show(run)
            .await
            .unwrap()
            .is_some_and(|run| what(&run))
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), look)
        .await
        .expect("it takes no 20 s");
}

pub async fn a_cancelled_run_stops_at_its_next_step<S: Storage>(a: S, b: S) {
    let (run, runs) = (id("cancelled"), Checkpoints::new(a));
    let driver = runs.run(&run);
    let started = tokio::spawn(async move { Sell.with(driver).run(&mut order(1)).await.map(drop) });
    until(&b, &run, |run| run.status == Status::Running).await;
    Checkpoints::new(b).cancel(&run).await.unwrap();
    BILL.notify_one();
    let error = started.await.unwrap().unwrap_err();
    assert!(matches!(cause(&error), StorageError::Cancelled { run: of } if *of == run));
    let record = show(runs.storage(), &run).await;
    assert_eq!((record.status, record.step), (Status::Cancelled, 0));
    let error = Sell
        .with(runs.run(&run))
        .run(&mut order(1))
        .await
        .unwrap_err();
    assert!(matches!(cause(&error), StorageError::Cancelled { .. }));
    runs.retry(&run).await.unwrap();
    BILL.notify_one();
    let error = Sell
        .with(runs.run(&run).park())
        .run(&mut order(1))
        .await
        .unwrap_err();
    cause::<Parked>(&error);
}

pub async fn a_cancelled_run_does_not_wait_any_longer<S: Storage>(a: S, b: S) {
    let runs = Checkpoints::new(a).poll(Duration::from_millis(5));
    let elsewhere = Checkpoints::new(b);
    for here in [true, false] {
        let run = id("waits");
        let driver = runs.run(&run);
        let waits =
            tokio::spawn(async move { Sell.with(driver).run(&mut order(2)).await.map(drop) });
        until(elsewhere.storage(), &run, |run| {
            run.status == Status::Waiting
        })
        .await;
        match here {
            true => runs.cancel(&run).await.unwrap(),
            false => elsewhere.cancel(&run).await.unwrap(),
        }
        let error = waits.await.unwrap().unwrap_err();
        assert!(
            matches!(cause(&error), StorageError::Cancelled { .. }),
            "{error:#}"
        );
        assert_eq!(
            show(elsewhere.storage(), &run).await.status,
            Status::Cancelled
        );
    }
}

pub async fn a_run_that_waits_in_memory_is_edited_and_rewound<S: Storage>(a: S, b: S) {
    let runs = Checkpoints::new(a).poll(Duration::from_millis(5));
    let elsewhere = Checkpoints::new(b);
    let run = id("edited");
    let driver = runs.run(&run);
    let waits = tokio::spawn(async move {
        let mut order = order(2);
        Sell.with(driver).run(&mut order).await.map(|_| order)
    });
    until(elsewhere.storage(), &run, |run| {
        run.status == Status::Waiting
    })
    .await;
    elsewhere.edit(&run, "total", "3").await.unwrap();
    elsewhere.fill_value(&run, "answer#1", &true).await.unwrap();
    let sold = waits.await.unwrap().unwrap();
    assert_eq!(sold.receipt.as_deref(), Some(&*format!("3 true {run}/3")));

    // What was done after step 1 is done again, with the same key.
    elsewhere.rewind(&run, 1).await.unwrap();
    elsewhere.edit_value(&run, "total", &4).await.unwrap();
    let driver = runs.run(&run);
    let waits =
        tokio::spawn(async move { Sell.with(driver).run(&mut Order::default()).await.map(drop) });
    until(elsewhere.storage(), &run, |run| {
        run.status == Status::Waiting
    })
    .await;
    elsewhere
        .fill_value(&run, "answer#1", &false)
        .await
        .unwrap();
    waits.await.unwrap().unwrap();
    let mut result = Order::default();
    Sell.with(runs.run(&run)).run(&mut result).await.unwrap();
    assert_eq!(
        result.receipt.as_deref(),
        Some(&*format!("4 false {run}/3"))
    );

    // A process that waits for a run that is rewound does not put it forward again.
    let run = id("rewound");
    let driver = runs.run(&run);
    let waits = tokio::spawn(async move { Twice.with(driver).run(&mut order(2)).await.map(drop) });
    until(elsewhere.storage(), &run, |run| {
        run.status == Status::Waiting
    })
    .await;
    elsewhere.rewind(&run, 1).await.unwrap();
    let error = waits.await.unwrap().unwrap_err();
    cause::<MovedOn>(&error);
    let record = show(elsewhere.storage(), &run).await;
    assert_eq!((record.status, record.step), (Status::Running, 1));
    let error = Twice
        .with(runs.run(&run).park())
        .run(&mut order(2))
        .await
        .unwrap_err();
    cause::<Parked>(&error);
}

pub async fn old_runs_are_removed_by_themselves<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    // The times are in milliseconds.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let runs = Checkpoints::new(b)
        .remove_finished_after(Duration::from_millis(1))
        .remove_failed_after(Duration::from_secs(600));
    let run = id("next");
    let error = Sell
        .with(runs.run(&run).park())
        .run(&mut order(2))
        .await
        .unwrap_err();
    cause::<Parked>(&error);
    for (run, stays) in [
        ("finished", false),
        ("cancelled", false),
        ("failed", true),
        ("stuck", true),
    ] {
        assert_eq!(a.show(run).await.unwrap().is_some(), stays, "{run}");
    }
}
