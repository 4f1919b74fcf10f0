//! Items of a batch and branches of a fork run on any worker.

use serde_json::json;

use crate::place::{Place, WORKERS};
use crate::poll::Deadline;
use crate::servers::{Servers, free_port};

const NUMBERS: std::ops::Range<u64> = 0..100;

/// Runs batches until both workers have computed items, and checks each of them.
async fn both_workers_take_items(place: &Place, text: &str) {
    let numbers: Vec<u64> = NUMBERS.collect();
    let store = json!({"numbers": numbers, "rounds": 0, "result": text});
    let sum: u64 = NUMBERS.map(|number| number * number).sum();
    for number in 0..10 {
        let run = format!("batch-{number}");
        place.start("Batch", &run, &store).await.unwrap();
        let finished = place.finished("Batch", &run).await;
        assert_eq!(
            (&finished["sum"], &finished["result"]),
            (&json!(sum), &json!(text))
        );
        assert_eq!(place.begun(&run, "square"), numbers.len());
        if place.processes("batch-", "square").len() == WORKERS {
            return;
        }
    }
    panic!("one worker has computed all items");
}

async fn place() -> Place {
    Place::with(Servers::one().await, &[("WORKER_DISTRIBUTES", "yes")]).await
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn both_workers_compute_items() {
    both_workers_take_items(&place().await, "small").await;
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn both_workers_compute_items_of_a_store_of_5_mb() {
    both_workers_take_items(&place().await, &"x".repeat(5 << 20)).await;
}

/// An item that fails, the others that are done, and a retry.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn an_item_that_failed_elsewhere_goes_on_after_a_retry() {
    let place = place().await;
    let order = json!({"cents": 100, "items": [5, 6, 7, 8, 9, 10], "parcels": []});
    place.start("Quote", "quote", &order).await.unwrap();
    let status = place.until("Quote", "quote", "failed").await;
    let error = &status["error"];
    assert_eq!(error["causes"], json!(["nobody knows the price of 7"]));
    assert_eq!(
        (&error["path"], &error["item"]),
        (&json!(["Quote", "price"]), &json!(2))
    );
    place.make("mended", "quote");
    place.call("Quote", "quote", "retry", None).await.unwrap();
    let store = place.finished("Quote", "quote").await;
    assert_eq!(store["prices"], json!([50, 60, 70, 80, 90, 100]));
    let again = place.begun("quote", "price") - 6;
    assert!((1..=2).contains(&again), "{:#?}", place.lines("quote"));
}

/// A batch whose items run elsewhere is cancelled, and goes on.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_batch_whose_items_run_elsewhere_is_cancelled() {
    let place = place().await;
    let numbers: Vec<u64> = (0..1_000).collect();
    let store = json!({"numbers": numbers, "rounds": 0});
    place.start("Batch", "c", &store).await.unwrap();
    place.until_begun("c", "square").await;
    let status = place.call("Batch", "c", "cancel", None).await.unwrap();
    assert_eq!(status["status"], "cancelled");
    place.call("Batch", "c", "retry", None).await.unwrap();
    let sum: u64 = numbers.iter().map(|number| number * number).sum();
    assert_eq!(place.finished("Batch", "c").await["sum"], sum);
    let again = place.begun("c", "square") - numbers.len();
    assert!(
        again <= crate::flows::batches::WIDTH,
        "{again} items ran again"
    );
}

async fn place_of(ingress: &str) -> Place {
    let environment = [("WORKER_DISTRIBUTES", "yes"), ("WORKER_INGRESS", ingress)];
    Place::with(Servers::one().await, &environment).await
}

/// Nobody answers at the address of `distribute`: the status says so, and the run can be cancelled.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn the_status_names_an_address_at_which_nobody_answers() {
    let ingress = format!("http://127.0.0.1:{}", free_port());
    let place = place_of(&ingress).await;
    let store = json!({"numbers": [1, 2], "rounds": 0});
    place.start("Batch", "away", &store).await.unwrap();
    let deadline = Deadline::seconds(60);
    let problem = loop {
        let status = place.status("Batch", "away").await;
        if let Some(problem) = status["problem"].as_str() {
            assert_eq!(status["status"], "running");
            break problem.to_owned();
        }
        deadline.pause(|| status.to_string()).await;
    };
    let start = "work of the flow `Batch` cannot be sent to the address of `distribute`, and is tried again: ";
    assert!(problem.starts_with(start), "{problem}");
    assert!(
        problem.contains(&ingress) && problem.contains("port 8080 by default"),
        "{problem}"
    );
    let status = place.call("Batch", "away", "cancel", None).await.unwrap();
    assert_eq!(
        (&status["status"], &status["problem"]),
        (&json!("cancelled"), &json!(null))
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn the_address_of_the_administration_fails_the_run_with_what_is_meant() {
    let servers = Servers::one().await;
    let admin = servers.admin(0);
    let environment = [("WORKER_DISTRIBUTES", "yes"), ("WORKER_INGRESS", &*admin)];
    let place = Place::with(servers, &environment).await;
    let store = json!({"numbers": [1, 2], "rounds": 0});
    place.start("Batch", "admin", &store).await.unwrap();
    let status = place.until("Batch", "admin", "failed").await;
    let message = status["error"]["message"].as_str().unwrap();
    let what = format!(
        "it cannot be sent to the address of `distribute`: the answer at {admin} to `/BatchItems/compute` is not that of the ingress"
    );
    assert!(message.contains(&what), "{message}");
    assert!(message.contains("port 8080 by default"), "{message}");
    assert!(!message.contains("items()"), "{message}");
}
