//! A node that fails for good, or panics, and `retry` after it has been mended.

use serde_json::{Value, json};

use crate::journal::attempts;
use crate::place::{Place, WORKERS};
use crate::poll::Deadline;
use crate::servers::Servers;

fn order() -> Value {
    let parcel = |weight| json!({"weight": weight});
    json!({"cents": 4200, "items": [5, 6, 7, 8, 9, 10], "parcels": [parcel(5), parcel(7), parcel(9)]})
}

/// The text of the error of a failed run, for an assertion.
fn error(status: &Value) -> &Value {
    &status["error"]
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_node_that_failed_goes_on_after_a_retry() {
    let place = Place::one().await;
    place.start("Sell", "sell", &order()).await.unwrap();
    let status = place.until("Sell", "sell", "failed").await;
    let expected = json!({
        "message": "Sell > Payment > pay: exec failed at attempt 2 of 2: the bank refused: no cover",
        "path": ["Sell", "Payment", "pay"],
        "stage": "exec failed at attempt 2 of 2",
        "attempts": 2,
        "causes": ["the bank refused", "no cover"],
    });
    assert_eq!(error(&status), &expected);
    assert_eq!(status["at"], "Sell > Payment > pay");
    let refused = place.result("Sell", "sell").await.unwrap_err();
    assert!(
        refused.message.contains("the bank refused: no cover"),
        "{refused:?}"
    );

    // It is not mended yet: both attempts are made once more.
    place.call("Sell", "sell", "retry", None).await.unwrap();
    let status = place.until("Sell", "sell", "failed").await;
    assert_eq!(error(&status), &expected);
    assert_eq!(place.begun("sell", "pay"), 4);

    place.make("mended", "sell");
    place.call("Sell", "sell", "retry", None).await.unwrap();
    let store = place.finished("Sell", "sell").await;
    assert_eq!(store["receipt"], "paid 42");
    assert_eq!(
        (place.begun("sell", "reserve"), place.begun("sell", "pay")),
        (1, 5)
    );
    // Nothing changes when it is over.
    let status = place.call("Sell", "sell", "retry", None).await.unwrap();
    assert_eq!(
        (&status["status"], &status["exit"]),
        (&json!("finished"), &json!("default"))
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn the_items_that_were_done_are_not_repeated_by_a_retry() {
    let place = Place::one().await;
    place.start("Quote", "quote", &order()).await.unwrap();
    let status = place.until("Quote", "quote", "failed").await;
    assert_eq!(
        error(&status)["causes"],
        json!(["nobody knows the price of 7"])
    );
    assert_eq!(error(&status)["item"], 2);
    let lines = place.lines("quote");
    let done = lines
        .iter()
        .filter(|line| line.starts_with("done price"))
        .count();
    assert!((3..=5).contains(&done), "{lines:#?}");

    place.make("mended", "quote");
    place.call("Quote", "quote", "retry", None).await.unwrap();
    let store = place.finished("Quote", "quote").await;
    assert_eq!(store["prices"], json!([50, 60, 70, 80, 90, 100]));
    // Items 5 and 6 had been recorded before 7 failed. What was in flight beside it may run again.
    let again = place.begun("quote", "price") - 6;
    assert!((1..=2).contains(&again), "{:#?}", place.lines("quote"));
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn the_inner_runs_that_were_done_are_not_repeated_by_a_retry() {
    let place = Place::one().await;
    place.start("Ship", "ship", &order()).await.unwrap();
    let status = place.until("Ship", "ship", "failed").await;
    assert_eq!(
        error(&status)["path"],
        json!(["Ship", "parcels[1]", "send"])
    );
    assert_eq!(error(&status)["causes"], json!(["it was lost"]));

    place.make("mended", "ship");
    place.call("Ship", "ship", "retry", None).await.unwrap();
    let store = place.finished("Ship", "ship").await;
    let sent: Vec<_> = store["parcels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parcel| &parcel["sent"])
        .collect();
    assert_eq!(sent, ["sent, 5 g", "sent, 7 g", "sent, 9 g"]);
    assert_eq!(place.begun("ship", "print_label"), 3);
    assert_eq!(place.begun("ship", "send"), 4);
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_panic_is_a_failure() {
    let place = Place::one().await;
    place.start("Break", "break", &order()).await.unwrap();
    let status = place.until("Break", "break", "failed").await;
    let message = error(&status)["message"].as_str().unwrap();
    assert!(message.contains("the machine is broken"), "{message}");
    // How many attempts were made is not known.
    assert_eq!(error(&status).get("attempts"), None);
    assert_eq!(place.begun("break", "break_down"), 1);

    place.make("mended", "break");
    place.call("Break", "break", "retry", None).await.unwrap();
    let store = place.finished("Break", "break").await;
    assert_eq!(store["state"], "whole again");
    assert_eq!(
        (
            place.begun("break", "reserve"),
            place.begun("break", "break_down")
        ),
        (1, 2)
    );
}

/// Between two attempts, a run needs no worker.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_long_wait_between_attempts_outlives_the_workers_and_the_server() {
    let mut place = Place::one().await;
    place.start("Call", "call", &order()).await.unwrap();
    let status = place.until("Call", "call", "sleeping").await;
    assert_eq!(status["next_attempt"]["number"], 2);
    assert_eq!(status["next_attempt"]["of"], 2);
    assert_eq!(status["next_attempt"]["causes"], json!(["nobody answers"]));
    place.kill_worker(0);
    place.kill_worker(1);
    place.kill_server(0);
    place.servers.start_again(0).await;
    let store = place.finished("Call", "call").await;
    assert_eq!(store["state"], "answered at attempt 2");
    let lines = place.lines("call");
    let attempts: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("begin call_back"))
        .collect();
    assert_eq!(
        attempts,
        ["begin call_back call/2 1", "begin call_back call/2 2"]
    );
}

/// The workers are started again whenever they are dead.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_step_that_kills_its_worker_again_and_again_fails_the_run() {
    let environment = [("WORKER_MAX_CRASHES", "3")];
    let mut place = Place::with(Servers::one().await, &environment).await;
    place.start("Explode", "boom", &order()).await.unwrap();
    let deadline = Deadline::seconds(60);
    let mut begun = 0;
    let status = loop {
        let now = place.begun("boom", "explode");
        if now > begun {
            begun = now;
            for worker in 0..WORKERS {
                place.kill_worker(worker);
            }
        }
        let status = place.status("Explode", "boom").await;
        if status["status"] == "failed" {
            break status;
        }
        deadline.pause(|| status.to_string()).await;
    };
    let message = error(&status)["message"].as_str().unwrap();
    let expected = "Explode > explode: stopped: 3 processes in a row have died here, and nothing was recorded in between";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(
        (
            place.begun("boom", "explode"),
            place.begun("boom", "reserve")
        ),
        (3, 1)
    );
    place.make("mended", "boom");
    place.call("Explode", "boom", "retry", None).await.unwrap();
    assert_eq!(
        place.finished("Explode", "boom").await["state"],
        "it is quiet"
    );
}

/// The first attempt at a burst costs nothing more.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn the_second_attempt_at_a_burst_is_recorded() {
    let mut place = Place::one().await;
    place.call("Held", "held", "run", None).await.unwrap();
    place.until_begun("held", "hold").await;
    assert_eq!(attempts(&place.servers).await, 0);
    for worker in 0..WORKERS {
        place.kill_worker(worker);
    }
    let deadline = Deadline::seconds(60);
    while place.begun("held", "hold") < 2 {
        deadline.pause(|| place.printed()).await;
    }
    assert_eq!(attempts(&place.servers).await, 1);
    place.make("go", "held");
    place.until("Held", "held", "waiting").await;
}
