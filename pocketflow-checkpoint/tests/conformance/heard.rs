//! What happens in another process is heard at once, without a poll.

use std::time::Duration;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Postgres, Status};
use serde::{Deserialize, Serialize};

use super::lost::{admin, config};

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    approval: Option<bool>,
    receipt: Option<String>,
}

#[node(Order, writes = receipt)]
fn pay(approval: &bool) -> String {
    format!("paid, as approved: {approval}")
}

flow! { Shop: Order { await(approval) >> pay; } }

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(86_400);
const SOON: Duration = Duration::from_secs(60);

/// Two processes, of which the first does not poll.
async fn two(schema: &str) -> [Checkpoints<Postgres>; 2] {
    let config = format!("{} application_name={schema}", config());
    let here = Postgres::connect_in(&config, schema).await.unwrap();
    let there = Postgres::connect_in(&config, schema).await.unwrap();
    [Checkpoints::new(here).poll(NEVER), Checkpoints::new(there)]
}

/// Waits until a connection listens.
async fn one_listens(schema: &str) {
    let admin = admin().await;
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'";
    while admin
        .query_one(listening, &[&schema])
        .await
        .unwrap()
        .get::<_, i64>(0)
        != 1
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn waits(runs: &Checkpoints<Postgres>) {
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_run_that_waits_in_memory_hears_a_fill() {
    let [here, there] = two("heard_fill").await;
    let run = here.run("r");
    let waiting = tokio::spawn(async move {
        let mut order = Order::default();
        Shop.with(run).run(&mut order).await.map(|_| order)
    });
    waits(&there).await;
    one_listens("heard_fill").await;
    there.fill("r", "approval#1", "true").await.unwrap();
    let order = tokio::time::timeout(SOON, waiting).await.unwrap();
    let order = order.unwrap().unwrap();
    assert_eq!(order.receipt.unwrap(), "paid, as approved: true");
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_worker_hears_what_is_enqueued_and_filled() {
    let [here, there] = two("heard_worker").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = here.worker().flow(Shop).run_until(async {
        let _ = stopped.await;
    });
    let worker = tokio::spawn(worker);
    one_listens("heard_worker").await;
    let work = async {
        there.enqueue("r", &Shop, Order::default()).await.unwrap();
        waits(&there).await;
        there.fill("r", "approval#1", "true").await.unwrap();
        while there.list(Some(Status::Finished)).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, work).await.unwrap();
    drop(stop);
    worker.await.unwrap().unwrap();
}

/// Closes the connection that listens.
async fn lose(schema: &str) {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'";
    admin().await.query_one(end, &[&schema]).await.unwrap();
}

/// What happens while no connection listens is found when there is one again.
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_run_that_waits_in_memory_misses_no_fill() {
    let [here, there] = two("missed_fill").await;
    let run = here.run("r");
    let waiting = tokio::spawn(async move {
        let mut order = Order::default();
        Shop.with(run).run(&mut order).await
    });
    waits(&there).await;
    one_listens("missed_fill").await;
    lose("missed_fill").await;
    there.fill("r", "approval#1", "true").await.unwrap();
    let done = tokio::time::timeout(SOON, waiting).await.unwrap();
    done.unwrap().unwrap();
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_worker_misses_nothing_that_is_enqueued() {
    let [here, there] = two("missed_run").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = here.worker().flow(Shop).run_until(async {
        let _ = stopped.await;
    });
    let worker = tokio::spawn(worker);
    one_listens("missed_run").await;
    lose("missed_run").await;
    there.enqueue("r", &Shop, Order::default()).await.unwrap();
    tokio::time::timeout(SOON, waits(&there)).await.unwrap();
    drop(stop);
    worker.await.unwrap().unwrap();
}
