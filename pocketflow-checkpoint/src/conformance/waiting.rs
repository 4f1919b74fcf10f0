//! Waiting and filling.

use crate::{OpenWait, Pause, Retention, Status, Storage};

use super::support::*;

/// A run that has finished a step and waits for `card`.
async fn waiting(storage: &impl Storage, run: &str) {
    begin(storage, run, "me").await;
    storage
        .commit(run, "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    storage
        .wait(
            run,
            "me",
            &Pause {
                step: 1,
                field: "card",
                within: None,
                position: "[7]",
                graph: Some("{}"),
                state: StateChange::all(r#"{"total":1.5}"#),
                refused: None,
            },
        )
        .await
        .unwrap();
}

fn card(value: &str) -> Option<String> {
    Some(value.to_owned())
}

pub async fn a_run_waits_and_is_filled<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    let run = show(&b, "r").await;
    assert_eq!(
        (run.status, run.waits_for.as_deref(), run.filled),
        (Status::Waiting, Some("card"), false)
    );
    assert_eq!(
        (run.step, run.position.as_str(), run.state.as_str()),
        (1, "[7]", r#"{"total":1.5}"#)
    );
    assert_eq!((run.owner, run.lease_until), (None, None));
    fails!(
        a.commit("r", "me", LONG, &step(2), Retention::All).await,
        LeaseLost
    );
    assert_eq!(b.filled("r", "card").await.unwrap(), None);

    b.fill("r", "card", r#" {"number": 4242} "#).await.unwrap();
    let run = show(&a, "r").await;
    assert_eq!(
        (run.status, run.waits_for.as_deref(), run.filled),
        (Status::Waiting, Some("card"), true)
    );
    let found = again(&a, "r", "you").await;
    assert_eq!((found.status, found.filled), (Status::Waiting, true));
    assert_eq!(
        a.filled("r", "card").await.unwrap(),
        card(r#" {"number": 4242} "#)
    );
    assert_eq!(show(&a, "r").await.status, Status::Running);
    fails!(b.fill("r", "card", "1").await, AlreadyFilled "`card#1`");

    a.commit("r", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    assert_eq!(a.filled("r", "card").await.unwrap(), None);
    let run = show(&a, "r").await;
    assert_eq!(
        (run.status, run.waits_for, run.filled),
        (Status::Running, None, false)
    );
}

pub async fn only_what_waits_is_filled<S: Storage>(a: S, b: S) {
    begin(&a, "running", "me").await;
    fails!(b.fill("running", "card", "1").await, NotWaiting "`running`" "`card`" "it is running" "`card#1`");
    a.finish("running", "me", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    fails!(b.fill("running", "card", "1").await, NotWaiting "it is finished");
    begin(&a, "failed", "me").await;
    a.fail("failed", "me", "bad").await.unwrap();
    fails!(b.fill("failed", "card", "1").await, NotWaiting "it is failed");

    waiting(&a, "r").await;
    fails!(b.fill("r", "Card", "1").await, NotWaiting "waits for `card#1`");
    b.fill("r", "card", "1").await.unwrap();
    fails!(b.fill("r", "card", "2").await, AlreadyFilled "has been filled");
    fails!(b.fill("r", "card", "1").await, AlreadyFilled);
    assert_eq!(b.filled("r", "card").await.unwrap(), card("1"));
}

pub async fn only_json_is_filled<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    for bad in ["", "Ada", "{", "1 2", "'x'", "NaN"] {
        let error = fails!(b.fill("r", "card", bad).await, InvalidJson "`card`" "`r`");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(b.filled("r", "card").await.unwrap(), None);
    b.fill("r", "card", "null").await.unwrap();
    assert_eq!(b.filled("r", "card").await.unwrap(), card("null"));
}

pub async fn waiting_is_fenced<S: Storage>(a: S, b: S) {
    a.begin("r", "me", OVER, &new()).await.unwrap();
    again(&b, "r", "you").await;
    fails!(a.wait("r", "me", &pause(0)).await, LeaseLost);
    assert_eq!(show(&b, "r").await.status, Status::Running);
}

pub async fn a_run_that_still_waits_can_be_filled_while_it_is_held<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    let found = again(&a, "r", "you").await;
    assert_eq!((found.status, found.filled), (Status::Waiting, false));
    let run = show(&b, "r").await;
    assert_eq!(
        (run.status, run.owner.as_deref()),
        (Status::Waiting, Some("you"))
    );
    fails!(b.begin("r", "third", LONG, &new()).await, Alive);
    b.fill("r", "card", "1").await.unwrap();
    a.release("r", "you").await.unwrap();
    assert_eq!(a.filled("r", "card").await.unwrap(), card("1"));
}

/// Does what the driver does when it reaches the step after `step`.
async fn wait(
    storage: &impl Storage,
    owner: &str,
    step: u64,
    field: &str,
    refused: Option<&str>,
) -> OpenWait {
    let pause = Pause {
        step,
        field,
        within: None,
        position: "[7]",
        graph: Some("{}"),
        state: StateChange::all("{}"),
        refused,
    };
    storage.wait("r", owner, &pause).await.unwrap()
}

fn open(name: &str, value: Option<&str>) -> OpenWait {
    OpenWait {
        name: name.into(),
        value: value.map(Into::into),
        expired: false,
        until: None,
        left: None,
    }
}

pub async fn what_was_filled_outlasts_a_crash_and_a_failure<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    b.fill("r", "card", "1").await.unwrap();
    a.begin("r", "dies", OVER, &new()).await.unwrap();
    again(&b, "r", "fails").await;
    assert_eq!(b.filled("r", "card").await.unwrap(), card("1"));
    b.fail("r", "fails", "bad").await.unwrap();
    again(&b, "r", "works").await;
    assert_eq!(
        wait(&b, "works", 1, "card", None).await,
        open("card#1", Some("1"))
    );
    assert_eq!(
        show(&b, "r").await.owner.as_deref(),
        Some("works"),
        "it goes on"
    );
    b.commit("r", "works", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    b.finish("r", "works", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    assert_eq!(b.filled("r", "card").await.unwrap(), None);
}

pub async fn a_refused_value_goes<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    b.fill("r", "card", r#""no card""#).await.unwrap();
    again(&a, "r", "you").await;
    assert_eq!(
        wait(&a, "you", 1, "card", Some("no card at\0 all")).await,
        open("card#1", None)
    );
    assert_eq!(a.filled("r", "card").await.unwrap(), None);
    let run = show(&a, "r").await;
    assert_eq!(
        (run.filled, run.message.as_deref()),
        (false, Some("no card at\u{fffd} all"))
    );
    b.fill("r", "card#1", "1").await.unwrap();
    let run = show(&a, "r").await;
    assert_eq!((run.filled, run.message), (true, None));
    // The run asks for another field instead.
    again(&a, "r", "you").await;
    assert_eq!(
        wait(&a, "you", 1, "address", None).await,
        open("address#1", None)
    );
    assert_eq!(a.filled("r", "card").await.unwrap(), None);
    b.fill("r", "address", "1").await.unwrap();
}

pub async fn a_value_that_came_meanwhile_stays<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    again(&a, "r", "you").await;
    assert_eq!(a.filled("r", "card").await.unwrap(), None);
    b.fill("r", "card", "1").await.unwrap();
    assert_eq!(
        wait(&a, "you", 1, "card", None).await,
        open("card#1", Some("1"))
    );
    let run = show(&a, "r").await;
    assert_eq!((run.filled, run.owner.as_deref()), (true, Some("you")));
}

/// A page that is clicked twice, after the run has asked its next question.
pub async fn an_answer_is_taken_by_the_wait_that_it_names<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    assert_eq!(show(&b, "r").await.wait.as_deref(), Some("card#1"));
    assert_eq!(
        b.list(None).await.unwrap()[0].wait.as_deref(),
        Some("card#1")
    );
    b.fill("r", "card#1", "1").await.unwrap();
    fails!(b.fill("r", "card#1", "2").await, AlreadyFilled "`card#1`");
    again(&a, "r", "you").await;
    assert_eq!(
        wait(&a, "you", 1, "card", None).await,
        open("card#1", Some("1"))
    );
    a.commit("r", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    fails!(b.fill("r", "card#1", "2").await, WaitClosed "`card#1`" "closed");
    assert_eq!(wait(&a, "you", 2, "card", None).await, open("card#2", None));
    fails!(b.fill("r", "card#1", "2").await, WaitClosed "`card#1`" "`card#2`");
    assert_eq!(b.filled("r", "card").await.unwrap(), None);
    // When the run reaches the wait again, the wait is the same.
    again(&b, "r", "she").await;
    assert_eq!(wait(&b, "she", 2, "card", None).await, open("card#2", None));
    a.fill("r", "card#2", "3").await.unwrap();
    again(&b, "r", "he").await;
    b.commit("r", "he", LONG, &step(3), Retention::All)
        .await
        .unwrap();
    b.finish("r", "he", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    fails!(b.fill("r", "card#2", "3").await, WaitClosed "`card#2`");
    fails!(b.fill("r", "card#3", "3").await, NotWaiting "it is finished");
}

pub async fn an_early_answer_is_kept_for_its_wait<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    b.fill("r", "card#2", "2").await.unwrap();
    fails!(b.fill("r", "card#2", "3").await, AlreadyFilled "`card#2`");
    fails!(b.fill("r", "card#0", "3").await, Invalid "counted from 1");
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    assert_eq!(wait(&a, "me", 1, "card", None).await, open("card#1", None));
    assert_eq!(
        (
            show(&b, "r").await.filled,
            b.filled("r", "card").await.unwrap()
        ),
        (false, None)
    );
    b.fill("r", "card", "1").await.unwrap();
    again(&a, "r", "you").await;
    assert_eq!(
        wait(&a, "you", 1, "card", None).await,
        open("card#1", Some("1"))
    );
    a.commit("r", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    assert_eq!(
        wait(&a, "you", 2, "card", None).await,
        open("card#2", Some("2"))
    );
    assert!(show(&b, "r").await.filled);
    // It also survives a crash at that point.
    a.renew("r", "you", OVER).await.unwrap();
    again(&b, "r", "she").await;
    assert_eq!(
        wait(&b, "she", 2, "card", None).await,
        open("card#2", Some("2"))
    );
    // If it does not fit, it is discarded.
    assert_eq!(
        wait(&b, "she", 2, "card", Some("no card")).await,
        open("card#2", None)
    );
}

pub async fn a_fork_counts_its_waits_on<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    b.fill("r", "card", "1").await.unwrap();
    again(&a, "r", "you").await;
    a.commit("r", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    a.release("r", "you").await.unwrap();
    for (from, name) in [(1, "card#1"), (2, "card#2")] {
        let fork = format!("fork {from}");
        b.fork("r", from, &fork).await.unwrap();
        b.begin(&fork, "me", LONG, &new()).await.unwrap();
        let pause = Pause {
            step: from,
            field: "card",
            within: None,
            position: "[7]",
            graph: Some("{}"),
            state: StateChange::all("{}"),
            refused: None,
        };
        assert_eq!(b.wait(&fork, "me", &pause).await.unwrap(), open(name, None));
    }
}

pub async fn of_two_that_fill_one_wins<S: Storage>(a: S, b: S) {
    for round in 0..20 {
        let run = format!("r{round}");
        waiting(&a, &run).await;
        let (x, y) = tokio::join!(a.fill(&run, "card", "1"), b.fill(&run, "card", "2"));
        let (value, loser) = if x.is_ok() { ("1", y) } else { ("2", x) };
        fails!(loser, AlreadyFilled);
        assert_eq!(a.filled(&run, "card").await.unwrap(), card(value));
    }
}

pub async fn runs_that_moved_are_found_in_one_query<S: Storage>(a: S, b: S) {
    let ids = [
        "waits",
        "\"quoted\" \\ \n\u{1F600}'",
        "$.a[0]",
        "filled",
        "running",
        "failed",
        "finished",
        "later",
    ];
    for id in ids {
        waiting(&a, id).await;
    }
    let all: Vec<_> = ids.iter().map(|id| ((*id).to_owned(), 1)).collect();
    let moved = async |waiting: &[(String, u64)]| {
        let mut moved = b.moved(waiting).await.unwrap();
        moved.sort();
        moved
    };
    assert_eq!(moved(&[]).await, [""; 0]);
    assert_eq!(moved(&all).await, [""; 0]);

    a.fill("filled", "card", "1").await.unwrap();
    for id in ["running", "failed", "finished", "later"] {
        a.fill(id, "card", "1").await.unwrap();
        again(&a, id, "you").await;
    }
    a.fail("failed", "you", "bad").await.unwrap();
    a.finish("finished", "you", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    a.commit("later", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    a.wait("later", "you", &pause(2)).await.unwrap();
    let expected = ["failed", "filled", "finished", "later", "running"];
    assert_eq!(moved(&all).await, expected);
    assert_eq!(moved(&[("later".into(), 2)]).await, [""; 0]);
    assert_eq!(moved(&[("unknown".into(), 0)]).await, ["unknown"]);
    // A run that another process looks at still waits.
    again(&a, "waits", "you").await;
    assert_eq!(moved(&all).await, expected);
}

pub async fn a_change_changes_the_version<S: Storage>(a: S, b: S) {
    waiting(&a, "r").await;
    for storage in [&a, &b] {
        for by in [&a, &b] {
            let before = storage.version().await.unwrap();
            again(by, "r", "you").await;
            by.release("r", "you").await.unwrap();
            // A storage that cannot tell has none.
            assert!(before.is_none() || storage.version().await.unwrap() != before);
        }
    }
}
