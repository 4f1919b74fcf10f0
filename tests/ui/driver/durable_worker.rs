// A worker runs flows whose stores it can store, as a durable run does, and can make.

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite};
use serde::Deserialize;

#[derive(Default, Deserialize)]
struct Receipt;

#[derive(Shared, Default, Deserialize)]
struct Order {
    cents: u64,
    receipt: Option<Receipt>,
}

#[node(Order, writes = receipt)]
fn pay(cents: &u64) -> Receipt {
    println!("{cents} cents");
    Receipt
}

flow! { Shop: Order { pay; } }

#[derive(Shared, Default)]
struct Mail {
    text: String,
}

#[node(Mail)]
fn send(text: &str) {
    println!("{text}");
}

flow! { Outbox: Mail { send; } }

async fn work(runs: Checkpoints<Sqlite>) {
    let worker = runs.worker().flow(Shop);
    worker.flow(Outbox).run().await.unwrap();
}

fn main() {}
