//! The ways in which a burst ends.

use std::sync::Arc;
use std::sync::Mutex;

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::{Server, work};
use crate::job::{FlowJob, Job};
use crate::wire::Status;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    items: Vec<u64>,
    priced: Option<Vec<u64>>,
    receipt: Option<String>,
}

/// What goes wrong in a run, by its id.
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn is_wrong(attempt: Attempt<'_>) -> bool {
    let key = attempt.key().unwrap();
    WRONG.lock().unwrap().iter().any(|run| *run == key.run)
}

/// From now on, nothing goes wrong in this run.
fn mend(run: &str) {
    WRONG.lock().unwrap().retain(|wrong| wrong != run);
}

#[node(Order, writes = priced, parallel = 2)]
async fn price(#[each(items)] item: &u64, #[attempt] attempt: Attempt<'_>) -> Result<u64, String> {
    work(attempt).await;
    match *item {
        3 if is_wrong(attempt) => Err("it has no price".into()),
        item => Ok(item * 10),
    }
}

#[node(Order, writes = receipt)]
async fn pay(priced: &[u64], #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    assert!(!is_wrong(attempt), "the till is stuck");
    priced.iter().sum::<u64>().to_string()
}

flow! { Shop: Order { price >> pay; } }

fn shop() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(Shop, |_: &str| Ok(Order::default())))
}

fn start(run: &str, items: &[u64]) -> Server {
    WRONG.lock().unwrap().push(run.to_owned());
    let store = serde_json::json!({ "items": items }).to_string();
    Server::start(shop(), run, &store, 1)
}

#[test]
fn a_run_that_has_failed_goes_on_there_and_repeats_only_what_failed() {
    let mut server = start("fails", &[1, 2, 3, 4]);
    assert_eq!(server.go_on(100_000), Status::Failed);
    let status = server.status();
    let error = status.error.unwrap();
    assert_eq!(
        error.to_string(),
        "Shop > price[2]: exec failed: it has no price"
    );
    assert_eq!(error.causes, ["it has no price"]);
    assert_eq!(
        (status.step, status.at.as_deref()),
        (0, Some("Shop > price"))
    );
    let before = server.begun();
    mend("fails");
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "100");
    // The item that failed, and what was in flight with it.
    assert!(server.repeated() <= 2, "{} of {before}", server.repeated());
}

#[test]
fn a_panic_fails_the_run_and_keeps_what_was_recorded() {
    let mut server = start("panics", &[1]);
    assert_eq!(server.go_on(100_000), Status::Failed);
    let error = server.status().error.unwrap();
    assert_eq!(
        error.to_string(),
        "Shop > pay: stopped: it panicked: the till is stuck"
    );
    assert_eq!(server.status().step, 1);
    mend("panics");
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "10");
}
