//! A worker in one process: how it makes the stores of its runs, how soon it takes up a run, and how
//! often it asks. What it does with runs is in the conformance tests, which every storage passes.

use std::sync::Arc;
use std::time::Duration;

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::time::sleep;

/// It has no default.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Price(u64);

struct Bank {
    name: String,
}

#[derive(Shared, Debug, PartialEq, Serialize, Deserialize)]
#[shared(context = Bank)]
struct Order {
    price: Price,
    approval: Option<String>,
    receipt: Option<String>,
}

#[node(Order, writes = receipt)]
async fn pay(price: &Price, #[context] name: &str, #[attempt] attempt: Attempt<'_>) -> String {
    let key = attempt.key().expect("a key").to_string();
    format!("{} by {name}, {key}", price.0)
}

flow! { Pay { pay; } }
flow! { Ask { await(approval) >> pay; } }

fn order(price: u64) -> Order {
    Order {
        price: Price(price),
        approval: None,
        receipt: None,
    }
}

fn bank() -> Arc<Bank> {
    Arc::new(Bank {
        name: "the bank".into(),
    })
}

async fn file() -> (TempDir, Checkpoints<Sqlite>) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs)
}

async fn status<E: Storage>(runs: &Checkpoints<E>, run: &str) -> Status {
    runs.storage().show(run).await.unwrap().unwrap().status
}

async fn receipt<E: Storage>(runs: &Checkpoints<E>, run: &str) -> String {
    let record = runs.storage().show(run).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Finished, "{:?}", record.message);
    let state: serde_json::Value = serde_json::from_str(&record.state).unwrap();
    state["receipt"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_store_without_a_default_is_read() {
    let (_folder, runs) = file().await;
    runs.enqueue("one", &Pay, order(7)).await.unwrap();
    let worker = runs.worker().flow(Pay.context(bank()));
    worker.run_until_idle().await.unwrap();
    assert_eq!(receipt(&runs, "one").await, "7 by the bank, one/1");
}

mod unreadable {
    use super::*;

    /// Serde cannot read it as a whole, and it has no default.
    #[derive(Shared, Serialize)]
    pub(crate) struct Call {
        pub(crate) number: u64,
        #[serde(skip)]
        pub(crate) client: Client,
        pub(crate) receipt: Option<String>,
    }

    pub(crate) struct Client(pub(crate) &'static str);

    #[node(Call, writes = receipt)]
    fn call(number: &u64, client: &Client) -> String {
        format!("{number} with {}", client.0)
    }

    flow! { pub(crate) Phone { call; } }
}

#[tokio::test]
async fn a_worker_is_told_how_to_make_a_store() {
    use unreadable::{Call, Client, Phone};
    let (_folder, runs) = file().await;
    let call = |number, client| Call {
        number,
        client: Client(client),
        receipt: None,
    };
    let stored = call(7, "the client of the server");
    runs.enqueue("one", &Phone, stored).await.unwrap();
    let worker = runs.worker();
    let worker = worker.flow_with_store(Phone, move || call(0, "the client of the worker"));
    worker.run_until_idle().await.unwrap();
    assert_eq!(
        receipt(&runs, "one").await,
        "7 with the client of the worker"
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_made_does_not_end_the_worker() {
    let (_folder, runs) = file().await;
    runs.enqueue(
        "odd",
        &unreadable::Phone,
        unreadable::Call {
            number: 7,
            client: unreadable::Client("the client"),
            receipt: None,
        },
    )
    .await
    .unwrap();
    runs.enqueue("well", &Pay, order(7)).await.unwrap();
    let odd = || -> unreadable::Call { panic!("there is no client") };
    let worker = runs.worker().flow(Pay.context(bank()));
    let worker = worker.flow_with_store(unreadable::Phone, odd);
    worker.run_until_idle().await.unwrap();
    assert_eq!(status(&runs, "well").await, Status::Finished);
    let odd = runs.storage().show("odd").await.unwrap().unwrap();
    let message = odd.message.unwrap();
    assert_eq!((odd.status, odd.owner), (Status::Running, None));
    assert!(
        message.ends_with("it panicked: there is no client"),
        "{message}"
    );
}

#[tokio::test]
#[should_panic(expected = "a worker has one flow called `Pay`")]
async fn two_flows_of_one_name() {
    let (_folder, runs) = file().await;
    let _ = runs
        .worker()
        .flow(Pay.context(bank()))
        .flow(Pay.context(bank()));
}

#[tokio::test]
async fn an_empty_input_is_refused_when_the_run_is_enqueued() {
    flow! { Deliver(approval): Order { pay; } }
    let (_folder, runs) = file().await;
    let error = runs.enqueue("one", &Deliver, order(7)).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("`approval`"), "{text}");
    assert!(runs.list(None).await.unwrap().is_empty());
}

/// What happens in the process of the worker does not wait for the next look at the storage.
#[tokio::test]
async fn a_run_is_taken_up_at_once() {
    let (_folder, runs) = file().await;
    let long = Duration::from_secs(3_600);
    let runs = runs.poll(long);
    let worker = runs.worker().flow(Ask.context(bank()));
    let work = async {
        runs.enqueue("one", &Ask, order(7)).await.unwrap();
        while status(&runs, "one").await != Status::Waiting {
            sleep(Duration::from_millis(1)).await;
        }
        runs.fill_value("one", "approval#1", "Ada").await.unwrap();
        while status(&runs, "one").await != Status::Finished {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let start = std::time::Instant::now();
    tokio::select! {
        ended = worker.run() => panic!("{ended:?}"),
        () = work => {}
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}
