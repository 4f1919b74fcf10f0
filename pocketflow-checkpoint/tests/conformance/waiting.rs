//! Waiting and filling.

use pocketflow_checkpoint::{Filled, Keep, Pause, Status, Storage};

use crate::support::*;

/// A run that has finished a step and waits for `card`.
async fn waiting(storage: &impl Storage, run: &str) {
    begin(storage, run, "me").await;
    storage.commit(run, "me", LONG, &step(1), Keep::All).await.unwrap();
    storage
        .wait(
            run,
            "me",
            &Pause { step: 1, field: "card", position: "[7]", graph: "{}", state: r#"{"total":1.5}"# },
        )
        .await
        .unwrap();
}

fn card(value: &str) -> Option<Filled> {
    Some(Filled { field: "card".into(), value: value.into() })
}

pub(crate) async fn a_run_waits_and_is_filled<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    let run = show(&b, "r").await;
    assert_eq!((run.status, run.waits_for.as_deref(), run.filled), (Status::Waiting, Some("card"), false));
    assert_eq!((run.step, run.position.as_str(), run.state.as_str()), (1, "[7]", r#"{"total":1.5}"#));
    assert_eq!((run.owner, run.lease_until), (None, None));
    fails!(a.commit("r", "me", LONG, &step(2), Keep::All).await, LeaseLost);
    assert_eq!(b.filled("r").await.unwrap(), None);

    b.fill("r", "card", r#" {"number": 4242} "#).await.unwrap();
    let run = show(&a, "r").await;
    assert_eq!((run.status, run.waits_for.as_deref(), run.filled), (Status::Waiting, Some("card"), true));
    let found = again(&a, "r", "you").await;
    assert_eq!((found.status, found.filled), (Status::Waiting, true));
    assert_eq!(a.filled("r").await.unwrap(), card(r#" {"number": 4242} "#));
    assert_eq!(show(&a, "r").await.status, Status::Running);
    fails!(b.fill("r", "card", "1").await, NotWaiting "it is running");

    a.commit("r", "you", LONG, &step(2), Keep::All).await.unwrap();
    assert_eq!(a.filled("r").await.unwrap(), None);
    let run = show(&a, "r").await;
    assert_eq!((run.status, run.waits_for, run.filled), (Status::Running, None, false));
}

pub(crate) async fn only_what_waits_is_filled<S: Storage>(a: S, b: S) {
    begin(&a, "running", "me").await;
    fails!(b.fill("running", "card", "1").await, NotWaiting "`running`" "`card`" "it is running");
    a.finish("running", "me", "done", "{}").await.unwrap();
    fails!(b.fill("running", "card", "1").await, NotWaiting "it is finished");
    begin(&a, "failed", "me").await;
    a.fail("failed", "me", "bad").await.unwrap();
    fails!(b.fill("failed", "card", "1").await, NotWaiting "it is failed");

    waiting(&a, "r").await;
    fails!(b.fill("r", "Card", "1").await, NotWaiting "waits for `card`");
    b.fill("r", "card", "1").await.unwrap();
    fails!(b.fill("r", "card", "2").await, NotWaiting "has been filled");
    assert_eq!(b.filled("r").await.unwrap(), card("1"));
}

pub(crate) async fn only_json_is_filled<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    for bad in ["", "Ada", "{", "1 2", "'x'", "NaN"] {
        let error = fails!(b.fill("r", "card", bad).await, InvalidJson "`card`" "`r`");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(b.filled("r").await.unwrap(), None);
    b.fill("r", "card", "null").await.unwrap();
    assert_eq!(b.filled("r").await.unwrap(), card("null"));
}

pub(crate) async fn waiting_is_fenced<S: Storage>(a: S, b: S) {
    a.begin("r", "me", OVER, &new()).await.unwrap();
    again(&b, "r", "you").await;
    fails!(
        a.wait("r", "me", &Pause { step: 0, field: "card", position: "[]", graph: "{}", state: "{}" }).await,
        LeaseLost
    );
    assert_eq!(show(&b, "r").await.status, Status::Running);
}

pub(crate) async fn a_run_that_still_waits_can_be_filled_while_it_is_held<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    let found = again(&a, "r", "you").await;
    assert_eq!((found.status, found.filled), (Status::Waiting, false));
    let run = show(&b, "r").await;
    assert_eq!((run.status, run.owner.as_deref()), (Status::Waiting, Some("you")));
    fails!(b.begin("r", "third", LONG, &new()).await, Alive);
    b.fill("r", "card", "1").await.unwrap();
    a.release("r", "you").await.unwrap();
    assert_eq!(a.filled("r").await.unwrap(), card("1"));
}

pub(crate) async fn what_was_filled_outlasts_a_crash_and_a_failure<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    b.fill("r", "card", "1").await.unwrap();
    a.begin("r", "dies", OVER, &new()).await.unwrap();
    again(&b, "r", "fails").await;
    assert_eq!(b.filled("r").await.unwrap(), card("1"));
    b.fail("r", "fails", "bad").await.unwrap();
    again(&b, "r", "works").await;
    assert_eq!(b.filled("r").await.unwrap(), card("1"));
    b.finish("r", "works", "done", "{}").await.unwrap();
    assert_eq!(b.filled("r").await.unwrap(), None);
}

pub(crate) async fn a_refused_value_goes<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    b.fill("r", "card", r#""no card""#).await.unwrap();
    again(&a, "r", "you").await;
    a.wait("r", "you", &Pause { step: 1, field: "card", position: "[7]", graph: "{}", state: "{}" })
        .await
        .unwrap();
    assert_eq!(a.filled("r").await.unwrap(), None);
    assert!(!show(&a, "r").await.filled);
    b.fill("r", "card", "1").await.unwrap();
    // Another field is asked for instead.
    again(&a, "r", "you").await;
    a.wait("r", "you", &Pause { step: 1, field: "address", position: "[7]", graph: "{}", state: "{}" })
        .await
        .unwrap();
    assert_eq!(a.filled("r").await.unwrap(), None);
    b.fill("r", "address", "1").await.unwrap();
}

pub(crate) async fn a_value_that_came_meanwhile_stays<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    again(&a, "r", "you").await;
    assert_eq!(a.filled("r").await.unwrap(), None);
    b.fill("r", "card", "1").await.unwrap();
    a.wait("r", "you", &Pause { step: 1, field: "card", position: "[7]", graph: "{}", state: "{}" })
        .await
        .unwrap();
    assert_eq!(a.filled("r").await.unwrap(), card("1"));
    assert!(show(&a, "r").await.filled);
}

pub(crate) async fn of_two_that_fill_one_wins<S: Storage>(a: S, b: S) {
    for round in 0..20 {
        let run = format!("r{round}");
        waiting(&a, &run).await;
        let (x, y) = tokio::join!(a.fill(&run, "card", "1"), b.fill(&run, "card", "2"));
        let (value, loser) = if x.is_ok() { ("1", y) } else { ("2", x) };
        fails!(loser, NotWaiting);
        assert_eq!(a.filled(&run).await.unwrap(), card(value));
    }
}
