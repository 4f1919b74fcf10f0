//! A run is cancelled wherever it is.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::Place;
use crate::trace;

/// Cancels a run, and checks that nothing revives it but `retry`.
async fn cancel(place: &Place, flow: &str, run: &str) -> Value {
    let start = Instant::now();
    let status = place.call(flow, run, "cancel", None).await.unwrap();
    assert_eq!(status["status"], "cancelled", "{status:#}");
    assert!(start.elapsed() < Duration::from_secs(30));
    place
        .fill(flow, run, "approval", json!("Ada"))
        .await
        .unwrap_err();
    // A second time, nothing happens.
    let again = place.call(flow, run, "cancel", None).await.unwrap();
    assert_eq!(again["status"], "cancelled");
    let refused = place.result(flow, run).await.unwrap_err();
    assert!(
        refused.code == 409 && refused.message.contains("cancelled"),
        "{refused:?}"
    );
    place.status(flow, run).await
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn while_it_waits() {
    let place = Place::one().await;
    place.start("Simple", "a", &json!({})).await.unwrap();
    place.until("Simple", "a", "waiting").await;
    cancel(&place, "Simple", "a").await;
    assert_eq!(place.begun("a", "revise"), 0);

    // It waits again, and is answered now.
    place.call("Simple", "a", "retry", None).await.unwrap();
    place.until("Simple", "a", "waiting").await;
    place
        .fill("Simple", "a", "approval", json!("Ada"))
        .await
        .unwrap();
    assert_eq!(
        place.finished("Simple", "a").await["text"],
        "rain, approved by Ada"
    );
    assert_eq!(
        (place.begun("a", "draft"), place.begun("a", "revise")),
        (1, 1)
    );
}

/// The step that is running ends first, and its result is kept.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn while_a_step_runs() {
    let place = Place::one().await;
    place.start("Held", "b", &json!({})).await.unwrap();
    place.until_begun("b", "hold").await;
    let cancelled = cancel(&place, "Held", "b");
    let release = async {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..300))).await;
        place.make("go", "b");
    };
    tokio::join!(cancelled, release);

    place.call("Held", "b", "retry", None).await.unwrap();
    place.until("Held", "b", "waiting").await;
    assert_eq!(place.begun("b", "draft"), 1);
    // It may have been cancelled before the end of the step was recorded.
    assert!((1..=2).contains(&place.begun("b", "hold")));
    place
        .fill("Held", "b", "approval", json!("Ada"))
        .await
        .unwrap();
    assert_eq!(
        place.finished("Held", "b").await["text"],
        "rain, held, approved by Ada"
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn while_it_sleeps() {
    let place = Place::one().await;
    place.start("Asleep", "c", &json!({})).await.unwrap();
    place.until("Asleep", "c", "sleeping").await;
    cancel(&place, "Asleep", "c").await;
    place.call("Asleep", "c", "retry", None).await.unwrap();
    place.until("Asleep", "c", "sleeping").await;
    assert_eq!(
        (place.begun("c", "draft"), place.begun("c", "late")),
        (1, 0)
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn between_two_attempts() {
    let place = Place::one().await;
    let order = json!({"cents": 100, "items": [], "parcels": []});
    place.start("Later", "d", &order).await.unwrap();
    place.until("Later", "d", "sleeping").await;
    cancel(&place, "Later", "d").await;
    assert_eq!(place.begun("d", "call_later"), 1);
    // A person lets the attempts start over.
    place.call("Later", "d", "retry", None).await.unwrap();
    place.until("Later", "d", "sleeping").await;
    assert_eq!(place.begun("d", "call_later"), 2);
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn while_inner_runs_wait() {
    let place = Place::one().await;
    let kind = crate::kinds::KINDS
        .iter()
        .find(|kind| kind.flow == "Agents")
        .unwrap();
    place.start("Agents", "e", &(kind.store)()).await.unwrap();
    place.until("Agents", "e", "waiting").await;
    cancel(&place, "Agents", "e").await;
    assert_eq!(place.begun("e", "publish"), 0);
    place.call("Agents", "e", "retry", None).await.unwrap();
    place.until("Agents", "e", "waiting").await;
    assert_eq!(place.begun("e", "conclude"), 6);
    assert_eq!(place.begun("e", "write"), 15);
}

/// In the middle of a batch: some items are done, and others have not begun.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn while_a_batch_runs() {
    let place = Place::one().await;
    let numbers: Vec<u64> = (0..2_000).collect();
    place
        .start("Batch", "f", &json!({"numbers": numbers, "rounds": 0}))
        .await
        .unwrap();
    place.until_begun("f", "square").await;
    cancel(&place, "Batch", "f").await;
    let begun = place.begun("f", "square");
    assert!(begun < numbers.len(), "it was over already");
    place.call("Batch", "f", "retry", None).await.unwrap();
    let store = place.finished("Batch", "f").await;
    assert_eq!(
        store["sum"],
        numbers.iter().map(|number| number * number).sum::<u64>()
    );
    let again = place.begun("f", "square") - numbers.len();
    assert!(
        again <= crate::flows::batches::WIDTH,
        "{again} items ran again"
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn when_it_has_failed_or_finished() {
    let place = Place::one().await;
    let order = json!({"cents": 100, "items": [], "parcels": []});
    place.start("Sell", "g", &order).await.unwrap();
    place.until("Sell", "g", "failed").await;
    cancel(&place, "Sell", "g").await;
    place.make("mended", "g");
    place.call("Sell", "g", "retry", None).await.unwrap();
    assert_eq!(place.finished("Sell", "g").await["receipt"], "paid 1");
    let status = place.call("Sell", "g", "cancel", None).await.unwrap();
    assert_eq!(status["status"], "finished");
}

/// A run is cancelled and goes on, at random moments: no step that was recorded is taken again.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn again_and_again() {
    let place = Place::one().await;
    let race = json!({"until": 100, "laps": [], "state": ""});
    place.start("Laps", "h", &race).await.unwrap();
    let mut times = 0;
    while place.status("Laps", "h").await["status"] != "finished" {
        let moment = Duration::from_millis(fastrand::u64(0..60));
        tokio::time::sleep(moment).await;
        let status = place.call("Laps", "h", "cancel", None).await.unwrap();
        if status["status"] == "cancelled" {
            times += 1;
            let status = place.call("Laps", "h", "retry", None).await.unwrap();
            assert_ne!(status["status"], "cancelled");
        }
    }
    assert!(times > 0);
    let laps: Vec<_> = (0..100).collect();
    assert_eq!(place.finished("Laps", "h").await["laps"], json!(laps));
    let count = trace::check_order(&fs::read_to_string(place.log()).unwrap());
    assert!(
        count.pieces == laps.len() && count.again <= times,
        "{count:?} after {times} cancellations"
    );
}
