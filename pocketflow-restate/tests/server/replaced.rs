//! Another version of the program starts at the same address, in the middle of a burst or while a run waits.

use serde_json::{Value, json};

use crate::place::Place;

const FLOW: &str = "Story";

fn tale() -> Value {
    json!({"lines": []})
}

/// Nodes and a field are new, behind what the run has reached.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_goes_on_in_a_version_that_it_fits_in_the_middle_of_a_burst() {
    let mut place = Place::one().await;
    place.start(FLOW, "a", &tale()).await.unwrap();
    place.until_begun("a", "two").await;
    place.replace_workers("second").await;
    place.make("go", "a");
    place.until(FLOW, "a", "waiting").await;
    place
        .fill(FLOW, "a", "approval", json!("Ada"))
        .await
        .unwrap();
    let store = place.finished(FLOW, "a").await;
    assert_eq!(
        store["lines"],
        json!(["one", "two", "between", "three, Ada"])
    );
    assert_eq!(store["epilogue"], "all is well");
    assert_eq!(place.begun("a", "one"), 1);
    assert_eq!(place.begun("a", "two"), 2);
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_goes_on_in_a_version_that_it_fits_while_it_waits() {
    let mut place = Place::one().await;
    place.start(FLOW, "b", &tale()).await.unwrap();
    place.make("go", "b");
    place.until(FLOW, "b", "waiting").await;
    place.replace_workers("second").await;
    place
        .fill(FLOW, "b", "approval", json!("Ada"))
        .await
        .unwrap();
    let store = place.finished(FLOW, "b").await;
    // The node `between` comes before the wait.
    assert_eq!(store["lines"], json!(["one", "two", "three, Ada"]));
    assert_eq!(store["epilogue"], "all is well");
    assert_eq!((place.begun("b", "one"), place.begun("b", "two")), (1, 1));
}

/// A node is gone, and a field has another type.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_is_refused_by_a_version_that_it_does_not_fit() {
    let mut place = Place::one().await;
    place.start(FLOW, "c", &tale()).await.unwrap();
    place.until_begun("c", "two").await;
    place.replace_workers("third").await;
    place.make("go", "c");
    let status = place.until(FLOW, "c", "failed").await;
    let message = status["error"]["message"].as_str().unwrap();
    assert!(message.contains("two"), "{message}");
    let help =
        "help: start a worker with the program that started it, and let the run go on with `retry`";
    assert!(message.contains(help), "{message}");
    let again = place.call(FLOW, "c", "retry", None).await;
    place.until(FLOW, "c", "failed").await;
    drop(again);
    assert_eq!((place.begun("c", "four"), place.begun("c", "two")), (0, 1));

    // With the old version, it goes on.
    place.replace_workers("first").await;
    place.call(FLOW, "c", "retry", None).await.unwrap();
    place.until(FLOW, "c", "waiting").await;
    place
        .fill(FLOW, "c", "approval", json!("Ada"))
        .await
        .unwrap();
    let store = place.finished(FLOW, "c").await;
    assert_eq!(store["lines"], json!(["one", "two", "three, Ada"]));
    assert_eq!((place.begun("c", "one"), place.begun("c", "two")), (1, 2));
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_that_waits_is_refused_by_a_version_that_it_does_not_fit() {
    let mut place = Place::one().await;
    place.start(FLOW, "d", &tale()).await.unwrap();
    place.make("go", "d");
    place.until(FLOW, "d", "waiting").await;
    place.replace_workers("third").await;
    let refused = place
        .fill(FLOW, "d", "approval", json!(7))
        .await
        .unwrap_err();
    assert!(
        refused.code == 409 && refused.message.contains("`two`"),
        "{refused:?}"
    );
    assert_eq!(place.begun("d", "four"), 0);

    // Its old version answers it.
    place.replace_workers("first").await;
    assert_eq!(place.status(FLOW, "d").await["status"], "waiting");
    place
        .fill(FLOW, "d", "approval", json!("Ada"))
        .await
        .unwrap();
    assert_eq!(
        place.finished(FLOW, "d").await["lines"],
        json!(["one", "two", "three, Ada"])
    );
}

/// A field has another name and another type, and a node has moved.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_that_waits_goes_on_in_a_version_that_converts_it() {
    let mut place = Place::one().await;
    place.start(FLOW, "e", &tale()).await.unwrap();
    place.make("go", "e");
    place.until(FLOW, "e", "waiting").await;

    // The first migration fails, and leaves the run as it was.
    place.replace_workers("odd").await;
    let refused = place
        .fill(FLOW, "e", "approval", json!("Ada"))
        .await
        .unwrap_err();
    let why =
        "the migration cannot convert what an older program has stored: nobody knows this form";
    assert!(
        refused.code == 409 && refused.message.contains(why),
        "{refused:?}"
    );
    assert_eq!(place.status(FLOW, "e").await["status"], "waiting");
    place.call(FLOW, "e", "retry", None).await.unwrap();
    let status = place.until(FLOW, "e", "failed").await;
    let message = status["error"]["message"].as_str().unwrap();
    assert!(message.contains(why), "{message}");

    // The next one goes on.
    place.replace_workers("fourth").await;
    place.call(FLOW, "e", "retry", None).await.unwrap();
    place.until(FLOW, "e", "waiting").await;
    place
        .fill(FLOW, "e", "approval", json!("Ada"))
        .await
        .unwrap();
    let store = place.finished(FLOW, "e").await;
    assert_eq!(
        store,
        json!({"text": "one. two. two. three, Ada.", "approval": "Ada"})
    );
    assert_eq!((place.begun("e", "one"), place.begun("e", "two")), (1, 2));

    // It is not compared with a store that has another form now.
    place
        .start(FLOW, "e", &json!({"text": "Once. "}))
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_is_converted_in_the_middle_of_a_burst() {
    let mut place = Place::one().await;
    place.start(FLOW, "f", &tale()).await.unwrap();
    place.until_begun("f", "two").await;
    place.replace_workers("fourth").await;
    place.until(FLOW, "f", "waiting").await;
    place
        .fill(FLOW, "f", "approval", json!("Ada"))
        .await
        .unwrap();
    let store = place.finished(FLOW, "f").await;
    assert_eq!(store["text"], "one. two. three, Ada.");
    assert_eq!(place.begun("f", "one"), 1);
}
