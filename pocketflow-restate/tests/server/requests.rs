//! What a run answers: refusals, fills, and a second start.

use serde_json::{Value, json};

use crate::flows::maps::Card;
use crate::place::{Place, Refused};
use crate::poll::Deadline;

/// The code of a refusal, whose message must contain a text.
#[track_caller]
fn code(refused: Result<Value, Refused>, text: &str) -> u16 {
    let refused = refused.unwrap_err();
    assert!(refused.message.contains(text), "{refused:?}");
    refused.code
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_value_that_does_not_fit_is_refused_and_the_run_goes_on_waiting() {
    let place = Place::one().await;
    place.start("Simple", "a", &json!({})).await.unwrap();
    let status = place.until("Simple", "a", "waiting").await;
    assert_eq!(
        status["waits"],
        json!([{"name": "approval#1", "field": "approval"}])
    );
    assert_eq!(
        code(
            place.fill("Simple", "a", "approval", json!(7)).await,
            "approval"
        ),
        400
    );
    assert_eq!(
        code(
            place.fill("Simple", "a", "approval", json!(null)).await,
            "approval"
        ),
        400
    );
    code(
        place.fill("Simple", "a", "aproval", json!("Ada")).await,
        "aproval",
    );
    let other = json!({"field": "approval", "value": "Ada", "wait": "approval#2"});
    assert_eq!(
        code(
            place.call("Simple", "a", "fill", Some(&other)).await,
            "approval#2"
        ),
        409
    );
    assert_eq!(place.status("Simple", "a").await["status"], "waiting");
    assert_eq!(place.begun("a", "revise"), 0);

    let right = json!({"field": "approval", "value": "Ada", "wait": "approval#1"});
    place
        .call("Simple", "a", "fill", Some(&right))
        .await
        .unwrap();
    let store = place.finished("Simple", "a").await;
    assert_eq!(store["text"], "rain, approved by Ada");
    // An answer is used once. Without the name of its wait, nobody knows what it answers.
    let unnamed = place.fill("Simple", "a", "approval", json!("Ada")).await;
    assert_eq!(code(unnamed, "a"), 409);
}

/// The values of two inner runs that wait at the same time are not mixed up, and a wrong one is refused.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn an_answer_goes_to_the_inner_run_that_it_names() {
    let place = Place::one().await;
    let desk = json!({"topic": "a", "notes": []});
    let document = |title: &str| json!({"title": title, "parts": ["rain"]});
    let documents = [document("one"), document("two")];
    let library = json!({"facts": desk, "figures": desk, "desks": [], "documents": documents, "problems": []});
    place.start("Agents", "b", &library).await.unwrap();
    let waits = loop {
        let mut status = place.until("Agents", "b", "waiting").await;
        let waits = status["waits"].take();
        if waits.as_array().is_some_and(|waits| waits.len() == 2) {
            break waits;
        }
    };
    let inner = |index: usize| waits[index]["inner"].as_str().unwrap();
    assert!(
        inner(0).ends_with("documents[0]") && inner(1).ends_with("documents[1]"),
        "{waits:#}"
    );
    let fill = |index: usize, value: Value| json!({"field": "approval", "value": value, "wait": "approval#1", "inner": inner(index)});
    let wrong = place
        .call("Agents", "b", "fill", Some(&fill(0, json!(7))))
        .await;
    assert_eq!(code(wrong, "approval"), 400);
    // It does not say whom it answers.
    let both = place.fill("Agents", "b", "approval", json!("Ada")).await;
    assert!([400, 409].contains(&code(both, "inner")));
    place
        .call("Agents", "b", "fill", Some(&fill(1, json!("Eve"))))
        .await
        .unwrap();
    place
        .call("Agents", "b", "fill", Some(&fill(0, json!("Ada"))))
        .await
        .unwrap();
    let store = place.finished("Agents", "b").await;
    let summaries: Vec<_> = store["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["summary"])
        .collect();
    assert_eq!(
        summaries,
        ["about rain, approved by Ada", "about rain, approved by Eve"]
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_run_is_started_once() {
    let place = Place::one().await;
    let race = json!({"until": 3, "laps": [], "state": "ready"});
    place.start("Laps", "c", &race).await.unwrap();
    assert_eq!(place.finished("Laps", "c").await["laps"], json!([0, 1, 2]));
    let status = place.start("Laps", "c", &race).await.unwrap();
    assert_eq!(status["status"], "finished");
    let other = json!({"until": 4, "laps": [], "state": "ready"});
    assert_eq!(code(place.start("Laps", "c", &other).await, "until"), 409);
    assert_eq!(place.begun("c", "lap"), 3);

    let wrong = json!({"until": "three", "laps": [], "state": ""});
    assert_eq!(code(place.start("Laps", "d", &wrong).await, "until"), 400);
    for handler in ["status", "result", "retry", "cancel", "wait"] {
        assert_eq!(
            code(place.call("Laps", "d", handler, None).await, "d"),
            404,
            "{handler}"
        );
    }
    assert_eq!(
        code(place.fill("Laps", "d", "state", json!("x")).await, "d"),
        404
    );
    // A worker alone may take steps.
    let internal = place
        .call("Laps", "c", "step", Some(&json!({})))
        .await
        .unwrap_err();
    assert!((400..500).contains(&internal.code), "{internal:?}");
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_deadline_that_is_not_needed_any_more_changes_nothing() {
    let place = Place::one().await;
    place.start("Hasty", "g", &json!({})).await.unwrap();
    place.until("Hasty", "g", "waiting").await;
    place
        .fill("Hasty", "g", "approval", json!("Ada"))
        .await
        .unwrap();
    let deadline = Deadline::seconds(60);
    while place.begun("g", "revise") == 0 {
        deadline.pause(|| place.printed()).await;
    }
    let status = place.until("Hasty", "g", "waiting").await;
    assert_eq!(status["waits"][0]["name"], "copies#1");
    // The server delivers the deadline.
    let sql = "SELECT id FROM sys_invocation WHERE status = 'scheduled'";
    assert_eq!(place.servers.query(sql).await.len(), 1);
    while !place.servers.query(sql).await.is_empty() {
        deadline.pause(|| "it is not delivered".into()).await;
    }
    assert_eq!(place.status("Hasty", "g").await, status);
    place.fill("Hasty", "g", "copies", json!(3)).await.unwrap();
    let store = place.finished("Hasty", "g").await;
    assert_eq!(
        (&store["printed"], &store["state"]),
        (&json!("3 of rain, approved by Ada"), &json!(null))
    );
    assert_eq!(place.begun("g", "revise"), 1);
}

/// Whatever is called while a run runs, each step is taken once.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn calls_while_a_run_runs_disturb_nothing() {
    let place = Place::one().await;
    let race = json!({"until": 150, "laps": [], "state": ""});
    place.start("Laps", "h", &race).await.unwrap();
    let mut calls = 0;
    while place.status("Laps", "h").await["status"] != "finished" {
        place.call("Laps", "h", "retry", None).await.unwrap();
        place.start("Laps", "h", &race).await.unwrap();
        place
            .fill("Laps", "h", "state", json!("x"))
            .await
            .unwrap_err();
        calls += 1;
    }
    assert!(calls > 1);
    let laps: Vec<_> = (0..150).collect();
    assert_eq!(place.finished("Laps", "h").await["laps"], json!(laps));
    assert_eq!(place.begun("h", "lap"), laps.len());
}

/// A run's id may contain any character.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn an_id_may_be_any_text() {
    let place = Place::one().await;
    let (id, encoded) = ("ü/1?x=%2F#", "%C3%BC%2F1%3Fx%3D%252F%23");
    place.start("Simple", encoded, &json!({})).await.unwrap();
    let status = place.until("Simple", encoded, "waiting").await;
    assert_eq!(status["run"], id);
    place
        .fill("Simple", encoded, "approval", json!("Ada"))
        .await
        .unwrap();
    assert_eq!(
        place.finished("Simple", encoded).await["text"],
        "rain, approved by Ada"
    );
    assert_eq!(place.begun(id, "revise"), 1);
}

/// A wait for the result ends when the run is over, however that comes about.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_caller_may_wait_for_the_end() {
    let place = Place::one().await;
    place.start("Simple", "e", &json!({})).await.unwrap();
    place.until("Simple", "e", "waiting").await;
    assert_eq!(code(place.result("Simple", "e").await, "waiting"), 409);
    let wait = place.call("Simple", "e", "wait", None);
    let fill = async {
        place
            .fill("Simple", "e", "approval", json!("Ada"))
            .await
            .unwrap();
    };
    let (waited, ()) = tokio::join!(wait, fill);
    let waited = waited.unwrap();
    assert_eq!(waited["exit"], "default");
    assert_eq!(waited["store"]["text"], "rain, approved by Ada");
    assert_eq!(place.result("Simple", "e").await.unwrap(), waited);

    place.start("Simple", "f", &json!({})).await.unwrap();
    place.until("Simple", "f", "waiting").await;
    let wait = place.call("Simple", "f", "wait", None);
    let cancel = async {
        place.call("Simple", "f", "cancel", None).await.unwrap();
    };
    let (waited, ()) = tokio::join!(wait, cancel);
    assert_eq!(code(waited, "cancelled"), 409);
}

/// A request is sent again because its answer was lost.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn an_answer_that_names_its_wait_can_be_sent_again() {
    let place = Place::one().await;
    // An empty body is enough, because its nodes fill all that they read.
    place.call("Simple", "again", "run", None).await.unwrap();
    place.until("Simple", "again", "waiting").await;
    let fill = |value: &str| json!({"field": "approval", "value": value, "wait": "approval#1"});
    let answer = async |value: &str| {
        let fill = fill(value);
        place.call("Simple", "again", "fill", Some(&fill)).await
    };
    answer("Ada").await.unwrap();
    answer("Ada").await.unwrap();
    let store = place.finished("Simple", "again").await;
    assert_eq!(store["text"], "rain, approved by Ada");
    assert_eq!(answer("Ada").await.unwrap()["status"], "finished");
    assert_eq!(code(answer("Eve").await, "again"), 409);
    assert_eq!(place.begun("again", "revise"), 1);
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_result_is_json_as_serde_makes_it() {
    let place = Place::one().await;
    let missing = place.call("Weigh", "none", "run", None).await;
    assert_eq!(code(missing, "`title`"), 400);
    let card = json!({"title": "a", "color": "red", "size": {"x": 1}});
    place.start("Weigh", "card", &card).await.unwrap();
    // JSON has no infinity, and it must not be lost.
    let store =
        json!({"title": "a", "color": "red", "size": {"x": 1}, "weight": {"$ron": "Some(inf)"}});
    assert_eq!(place.finished("Weigh", "card").await, store);
    let waited = place.call("Weigh", "card", "wait", None).await.unwrap();
    assert_eq!(waited["store"], store);
    let ingress = place.servers.ingress(0);
    let client = pocketflow_restate::client::<Card>(&ingress, "Weigh").unwrap();
    let read = client.result("card").await.unwrap().store;
    assert_eq!(read.weight, Some(f64::INFINITY));
    assert_eq!(read.more["color"], "red");
}
