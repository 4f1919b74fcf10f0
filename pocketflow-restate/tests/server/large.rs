//! Large stores.

use serde_json::{Value, json};

use crate::place::Place;
use crate::servers::Servers;

const MB: usize = 1 << 20;

fn archive(length: usize, until: u32, add: usize) -> Value {
    json!({"text": "x".repeat(length), "until": until, "count": 0, "add": add})
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_store_of_5_mb() {
    let mut place = Place::one().await;
    place
        .start("Grow", "a", &archive(5 * MB, 60, 100))
        .await
        .unwrap();
    place.until_begun("a", "count").await;
    place.kill_worker(0);
    place.kill_worker(1);
    let store = place.finished("Grow", "a").await;
    assert_eq!(
        (&store["count"], &store["length"]),
        (&json!(60), &json!(5 * MB + 100))
    );
    let begun = place.begun("a", "count");
    assert!((60..=62).contains(&begun), "{begun}");
}

/// The run fails with an error that says what to do, and keeps what it had before.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_store_that_grows_to_50_mb_is_an_error() {
    let place = Place::one().await;
    place
        .start("Grow", "b", &archive(1_000, 2, 50 * MB))
        .await
        .unwrap();
    let status = place.until("Grow", "b", "failed").await;
    let error = &status["error"];
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("max_store") && message.len() < 1_000,
        "{message}"
    );
    assert_eq!(status["at"], "Grow > add");
    assert_eq!(
        (place.begun("b", "count"), place.begun("b", "measure")),
        (2, 0)
    );
    // Whoever raises the limit may go on: nothing that was done is repeated.
    place.call("Grow", "b", "retry", None).await.unwrap();
    place.until("Grow", "b", "failed").await;
    assert_eq!((place.begun("b", "count"), place.begun("b", "add")), (2, 2));
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_store_of_50_mb_is_refused_at_the_start() {
    let place = Place::one().await;
    let refused = place
        .start("Grow", "c", &archive(50 * MB, 2, 0))
        .await
        .unwrap_err();
    assert!([400, 413].contains(&refused.code), "{refused:?}");
    let unknown = place.call("Grow", "c", "status", None).await.unwrap_err();
    assert_eq!(unknown.code, 404);
}

/// Both limits can be raised.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_store_of_50_mb_with_other_limits() {
    let limits = [
        ("RESTATE_INGRESS__REQUEST_SIZE_LIMIT", "128MB"),
        ("RESTATE_WORKER__INVOKER__MESSAGE_SIZE_LIMIT", "128MB"),
        (
            "RESTATE_WORKER__INVOKER__PER_INVOCATION_MEMORY_LIMIT",
            "256MB",
        ),
        ("RESTATE_WORKER__INVOKER__EAGER_STATE_SIZE_LIMIT", "128MB"),
        ("RESTATE_BIFROST__RECORD_SIZE_LIMIT", "128MB"),
        ("RESTATE_NETWORKING__MESSAGE_SIZE_LIMIT", "128MB"),
    ];
    let servers = Servers::with(1, &limits).await;
    let place = Place::with(servers, &[("WORKER_MAX_STORE", "125000000")]).await;
    place
        .start("Grow", "d", &archive(50 * MB, 3, 100))
        .await
        .unwrap();
    let store = place.finished("Grow", "d").await;
    assert_eq!(
        (&store["count"], &store["length"]),
        (&json!(3), &json!(50 * MB + 100))
    );
}
