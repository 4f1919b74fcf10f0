//! Durable runs. The record is outside the driver that stores the run.

use std::sync::atomic::{AtomicBool, Ordering};

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::Checkpoints;
use pocketflow_record::{Outcome, Record, Recording};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Serialize, Deserialize)]
struct Document {
    text: String,
    words: Option<usize>,
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    items: Vec<String>,
    packed: Vec<String>,
    approval: Option<String>,
    receipt: Option<String>,
    documents: Vec<Document>,
}

/// Whether the third item fails.
static BROKEN: AtomicBool = AtomicBool::new(true);

#[node(Order, writes = packed)]
async fn pack(#[each(items)] item: &str) -> Result<String, String> {
    if item == "c" && BROKEN.load(Ordering::Relaxed) {
        return Err("it is broken".into());
    }
    Ok(item.to_uppercase())
}

#[node(Order, writes = receipt)]
fn pay(approval: &str) -> String {
    format!("approved by {approval}")
}

#[node(Document, writes = words)]
fn count(text: &str) -> usize {
    text.len()
}

flow! { Pack: Order { pack; } }
flow! { Shop: Order { await(approval) >> pay; } }
/// Whether shipping fails.
static DELAYED: AtomicBool = AtomicBool::new(true);

#[node(Order, writes = approval)]
fn approve() -> String {
    "Bob".into()
}

#[node(Order)]
async fn ship(receipt: &str) -> Result<(), String> {
    match DELAYED.load(Ordering::Relaxed) {
        true => Err(format!("no ship for {receipt}")),
        false => Ok(()),
    }
}

flow! { Payment: Order { approve >> pay; } }
flow! { Deliver: Order { Payment >> ship; } }
flow! { Count { count; } }
flow! { CountAll: Order { Count.each(documents); } }

async fn runs(folder: &tempfile::TempDir) -> Checkpoints {
    Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_run_that_resumes_is_another_run_with_the_results_that_were_stored() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(&folder).await;
    let record = Record::folder(folder.path()).unwrap();
    let mut order = Order {
        items: vec!["a".into(), "b".into(), "c".into()],
        ..Order::default()
    };
    let first = Pack
        .with(&record)
        .with(runs.run("order-17"))
        .run(&mut order);
    first.await.unwrap_err();
    BROKEN.store(false, Ordering::Relaxed);
    let second = Pack
        .with(&record)
        .with(runs.run("order-17"))
        .run(&mut order);
    second.await.unwrap();
    // A run that is over runs nothing, and there is nothing to record.
    let third = Pack
        .with(&record)
        .with(runs.run("order-17"))
        .run(&mut order);
    third.await.unwrap();

    let recording = Recording::open(folder.path().join("order-17.jsonl")).unwrap();
    let both: Vec<_> = recording.with_id("order-17").collect();
    let [failed, resumed] = &both[..] else {
        panic!("{both:#?}")
    };
    assert!(matches!(failed.outcome(), Outcome::Failed(_)));
    assert_eq!(resumed.outcome(), Outcome::Exit("default"));
    let kept: Vec<_> = (0..3)
        .map(|item| {
            let exec = resumed.steps[0].exec(None, Some(item)).unwrap();
            (exec.value.as_ref().unwrap().text(), exec.kept)
        })
        .collect();
    assert_eq!(
        kept,
        [(r#""A""#, true), (r#""B""#, true), (r#""C""#, false)]
    );
    assert_eq!(resumed.steps[0].attempts.len(), 1);
}

#[tokio::test]
async fn a_run_that_is_parked_is_suspended_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let runs = runs(&folder).await;
    let mut order = Order::default();
    {
        let record = Record::create(&path).unwrap();
        let run = Shop.with(&record).with(runs.run("order-1").park());
        assert!(run.run(&mut order).await.unwrap_err().suspends());
    }
    runs.fill("order-1", "approval#1", "\"Ada\"").await.unwrap();
    {
        let record = Record::append(&path).unwrap();
        let run = Shop.with(&record).with(runs.run("order-1").park());
        run.run(&mut order).await.unwrap();
    }
    let recording = Recording::open(&path).unwrap();
    let both: Vec<_> = recording.with_id("order-1").collect();
    let [parked, resumed] = &both[..] else {
        panic!("{both:#?}")
    };
    assert!(matches!(parked.outcome(), Outcome::Suspended(_)));
    assert_eq!(parked.steps[0].step.waits.as_deref(), Some("approval"));
    // What has arrived is seen where it was waited for.
    let [wait, pay] = &resumed.steps[..] else {
        panic!("{resumed:#?}")
    };
    let arrived = wait.ended.as_ref().unwrap().changes().changed;
    assert_eq!(arrived.get("approval").unwrap().text(), "\"Ada\"");
    assert_eq!(pay.step.path, ["pay"]);
    assert_eq!(
        resumed.state_at_end().get("receipt"),
        Some(r#""approved by Ada""#)
    );
}

#[tokio::test]
async fn inside_the_other_driver_the_wait_would_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(&folder).await;
    let record = Record::in_memory();
    let mut order = Order::default();
    let parked = Shop.with(runs.run("order-2").park()).with(&record);
    parked.run(&mut order).await.unwrap_err();
    runs.fill("order-2", "approval#1", "\"Ada\"").await.unwrap();
    let resumed = Shop.with(runs.run("order-2").park()).with(&record);
    resumed.run(&mut order).await.unwrap();
    let recording = Recording::read(record.text()).unwrap();
    let paths: Vec<_> = recording
        .runs()
        .iter()
        .flat_map(|run| &run.steps)
        .map(|step| &*step.step.path[0])
        .collect();
    assert_eq!(paths, ["pay"]);
    // A run that has not come to a step has its id as well.
    assert_eq!(recording.with_id("order-2").count(), 2);
}

#[tokio::test]
async fn inner_runs_have_the_ids_of_durable_runs() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(&folder).await;
    let record = Record::in_memory();
    let document = |text: &str| Document {
        text: text.into(),
        words: None,
    };
    let mut order = Order {
        documents: vec![document("a"), document("bc")],
        ..Order::default()
    };
    let run = CountAll.with(&record).with(runs.run("order-3"));
    run.run(&mut order).await.unwrap();
    let recording = Recording::read(record.text()).unwrap();
    let ids: Vec<_> = recording
        .runs()
        .iter()
        .map(|run| run.run.id.as_deref().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "order-3",
            "order-3/1/documents[0]",
            "order-3/1/documents[1]"
        ]
    );
}

#[tokio::test]
async fn the_runs_of_a_worker_are_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(&folder).await;
    let record = Record::folder(folder.path().join("records")).unwrap();
    for id in ["order-4", "order-5"] {
        runs.enqueue(id, &Shop, Order::default()).await.unwrap();
    }
    runs.enqueue("order-6", &CountAll, Order::default())
        .await
        .unwrap();
    let worker = || {
        let worker = runs.worker().flow(Shop.with(record.clone()));
        worker.flow::<Order, _>(CountAll.with(record.clone()))
    };
    worker().run_until_idle().await.unwrap();
    for id in ["order-4", "order-5"] {
        runs.fill(id, "approval#1", "\"Ada\"").await.unwrap();
    }
    worker().run_until_idle().await.unwrap();
    record.finish().unwrap();
    for id in ["order-4", "order-5"] {
        let file = folder.path().join("records").join(format!("{id}.jsonl"));
        let recording = Recording::open(file).unwrap();
        let both: Vec<_> = recording.with_id(id).map(|run| run.outcome()).collect();
        assert!(
            matches!(both[..], [Outcome::Suspended(_), Outcome::Exit("default")]),
            "{both:?}"
        );
    }
    assert!(folder.path().join("records/order-6.jsonl").exists());
}

#[tokio::test]
async fn a_step_that_was_stored_is_recorded_once() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(&folder).await;
    let record = Record::in_memory();
    let mut order = Order::default();
    let first = Deliver.with(&record).with(runs.run("order-7"));
    first.run(&mut order).await.unwrap_err();
    DELAYED.store(false, Ordering::Relaxed);
    let second = Deliver.with(&record).with(runs.run("order-7"));
    second.run(&mut order).await.unwrap();
    let recording = Recording::read(record.text()).unwrap();
    let paths: Vec<Vec<_>> = recording
        .with_id("order-7")
        .map(|run| {
            run.steps
                .iter()
                .map(|step| step.step.path.join(" > "))
                .collect()
        })
        .collect();
    assert_eq!(
        paths,
        [
            vec!["Payment > approve", "Payment > pay", "ship"],
            vec!["ship"]
        ]
    );
    let resumed = &recording.runs()[1];
    assert_eq!(resumed.run.resumed.as_ref().unwrap().steps, 2);
    assert_eq!(resumed.run.resumed.as_ref().unwrap().flows[0].place, "ship");
    // The nested flow, in which the stored step is, is left before the first step.
    let [payment] = &resumed.nested[..] else {
        panic!("{resumed:#?}")
    };
    assert!(payment.leave.is_some());
    assert_eq!(payment.steps, 0..0);
}
