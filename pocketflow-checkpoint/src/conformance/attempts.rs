//! Waits between the attempts of a step. An attempt whose wait is zero is due as soon as it is stored.

use std::time::{Duration, SystemTime};

use super::support::*;
use crate::{
    Claim, DueAttempt, NewInnerRun, NewRun, PendingAttempt, Retention, RunRecord, Status, Step,
    Storage,
};

/// The next attempt of an exec of the first step.
fn attempt(branch: Option<u32>, item: Option<u64>, number: u32) -> PendingAttempt {
    PendingAttempt {
        branch,
        item,
        path: "Checkout > pay".into(),
        number,
        of: 5,
        causes: vec!["the bank is closed".into(), "it is \"night\"".into()],
    }
}

async fn keep(
    storage: &impl Storage,
    owner: &str,
    attempt: &PendingAttempt,
    wait: Duration,
) -> DueAttempt {
    let kept = storage.keep_attempt("r", owner, 1, attempt, wait).await;
    kept.unwrap()
}

async fn claim(storage: &impl Storage) -> Vec<RunRecord> {
    let claim = Claim {
        owner: "worker",
        lease: LONG,
        flows: &["Checkout"],
        limit: 9,
    };
    storage.claim(&claim).await.unwrap()
}

/// A step that had attempts.
fn tried(number: u64) -> Step {
    Step {
        attempts: true,
        ..step(number)
    }
}

pub async fn an_attempt_is_kept_until_its_step_is_stored<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let first = attempt(None, None, 2);
    let due = keep(&a, "me", &first, LONG).await;
    assert!(due.left <= LONG && due.left > LONG / 2, "{due:?}");
    let from_now = due.at.duration_since(SystemTime::now());
    assert!(from_now.is_ok_and(|left| left > LONG / 2 && left < LONG * 2));
    assert_eq!(
        b.attempts("r", 1).await.unwrap(),
        std::slice::from_ref(&first)
    );
    assert!(b.attempts("r", 2).await.unwrap().is_empty());
    let next = show(&b, "r").await.next_attempt.unwrap();
    assert_eq!((next.number, next.of, next.due), (2, 5, due.at));
    assert_eq!(
        (next.path, next.causes),
        (first.path.clone(), first.causes.clone())
    );

    // The time counts from the first call, also for an earlier attempt.
    for number in [2, 1] {
        let again = keep(&b, "me", &attempt(None, None, number), OVER).await;
        assert_eq!(again.at, due.at);
        assert!(again.left <= due.left && again.left > OVER);
    }
    // A later attempt replaces it.
    let third = attempt(None, None, 3);
    let due = keep(&a, "me", &third, OVER).await;
    assert_eq!(due.left, OVER);
    assert_eq!(b.attempts("r", 1).await.unwrap(), [third]);

    a.commit("r", "me", LONG, &tried(1), Retention::All)
        .await
        .unwrap();
    assert!(b.attempts("r", 1).await.unwrap().is_empty());
    assert_eq!(show(&b, "r").await.next_attempt, None);
    assert!(b.attempts("unknown", 1).await.unwrap().is_empty());
}

pub async fn items_and_branches_have_attempts_of_their_own<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let all = [
        attempt(None, None, 4),
        attempt(None, Some(0), 2),
        attempt(None, Some(u64::MAX), 3),
        attempt(Some(0), None, 2),
        attempt(Some(7), Some(1 << 63), 5),
    ];
    for attempt in &all {
        keep(&a, "me", attempt, LONG).await;
    }
    assert_eq!(b.attempts("r", 1).await.unwrap(), all);
    // They are not items.
    assert!(b.items("r", 1).await.unwrap().is_empty());
    // A run that waits in memory shows the one that is due last.
    keep(&a, "me", &attempt(Some(1), None, 3), 2 * LONG).await;
    let next = show(&b, "r").await.next_attempt.unwrap();
    assert_eq!(next.number, 3);
    let [listed] = &*b.list(None).await.unwrap() else {
        panic!("one run");
    };
    assert_eq!(listed.next_attempt, Some(next));
}

pub async fn attempts_are_fenced<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let first = attempt(None, None, 2);
    fails!(b.keep_attempt("r", "you", 1, &first, LONG).await, LeaseLost);
    fails!(
        b.wait_to_retry("r", "you", SystemTime::now()).await,
        LeaseLost
    );
    fails!(
        b.keep_attempt("unknown", "me", 1, &first, LONG).await,
        UnknownRun
    );
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    fails!(b.keep_attempt("r", "me", 1, &first, LONG).await, Behind);
    b.cancel("r").await.unwrap();
    fails!(a.keep_attempt("r", "me", 2, &first, LONG).await, Cancelled);
    fails!(
        a.wait_to_retry("r", "me", SystemTime::now()).await,
        Cancelled
    );
}

pub async fn a_run_waits_for_an_attempt<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let due = keep(&a, "me", &attempt(None, None, 2), LONG).await;
    // Another item has been tried already, and is not shown.
    keep(&a, "me", &attempt(None, Some(1), 4), OVER).await;
    a.wait_to_retry("r", "me", due.at).await.unwrap();
    let record = show(&b, "r").await;
    assert_eq!(
        (record.status, record.owner.as_deref(), record.orphaned),
        (Status::Waiting, None, false)
    );
    assert_eq!(
        (record.waits_for, record.wait, record.until),
        (None, None, None)
    );
    assert_eq!((record.filled, record.inner_waits), (false, 0));
    let next = record.next_attempt.unwrap();
    assert_eq!((next.number, next.due), (2, due.at));
    let [listed] = &*b.list(Some(Status::Waiting)).await.unwrap() else {
        panic!("one run");
    };
    assert_eq!(listed.next_attempt, Some(next));
    fails!(b.fill("r", "card", "1").await, NotWaiting);
    assert!(claim(&b).await.is_empty(), "it is not due");

    // It is started again too early, and waits again.
    again(&b, "r", "you").await;
    assert_eq!(show(&a, "r").await.status, Status::Running);
    let still = keep(&b, "you", &attempt(None, None, 2), OVER).await;
    assert_eq!(still.at, due.at);
    b.wait_to_retry("r", "you", still.at).await.unwrap();
    assert!(claim(&a).await.is_empty());

    // When it is due, a worker takes it up. If that dies, another one does at once.
    again(&b, "r", "you").await;
    let past = SystemTime::now() - 10 * LONG;
    b.wait_to_retry("r", "you", past).await.unwrap();
    for storage in [&a, &b] {
        let [taken] = &*claim(storage).await else {
            panic!("it is due");
        };
        assert!(taken.next_attempt.is_some());
        assert_eq!(show(storage, "r").await.status, Status::Running);
        storage.release("r", "worker").await.unwrap();
    }
    claim(&a).await;
    a.commit("r", "worker", LONG, &tried(1), Retention::All)
        .await
        .unwrap();
    let record = show(&b, "r").await;
    assert_eq!(
        (record.status, record.next_attempt),
        (Status::Running, None)
    );
}

pub async fn attempts_start_over_when_a_run_does<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    let second = attempt(None, None, 3);
    let keep = async || {
        let kept = a.keep_attempt("r", "me", 2, &second, LONG).await;
        let due = kept.unwrap().at;
        assert_eq!(b.attempts("r", 2).await.unwrap().len(), 1);
        due
    };
    let none = async || {
        assert!(b.attempts("r", 2).await.unwrap().is_empty());
        again(&a, "r", "me").await;
    };
    keep().await;
    a.fail("r", "me", "the last attempt failed").await.unwrap();
    none().await;

    // A lease that is released, and a process that dies, change nothing.
    keep().await;
    a.release("r", "me").await.unwrap();
    again(&a, "r", "me").await;
    assert_eq!(b.attempts("r", 2).await.unwrap().len(), 1);

    // A person retries it while it waits.
    let due = keep().await;
    fails!(b.retry("r").await, WrongStatus "it is running");
    assert_eq!(b.attempts("r", 2).await.unwrap().len(), 1);
    a.wait_to_retry("r", "me", due).await.unwrap();
    b.retry("r").await.unwrap();
    let record = show(&b, "r").await;
    assert_eq!(
        (record.status, record.next_attempt),
        (Status::Running, None)
    );
    assert_eq!(claim(&a).await.len(), 1);
    a.release("r", "worker").await.unwrap();
    none().await;

    keep().await;
    b.cancel("r").await.unwrap();
    assert_eq!(show(&b, "r").await.next_attempt, None);
    b.retry("r").await.unwrap();
    none().await;

    keep().await;
    a.release("r", "me").await.unwrap();
    assert_eq!(b.drop_items("r").await.unwrap(), 0, "it is not an item");
    none().await;

    keep().await;
    a.release("r", "me").await.unwrap();
    b.rewind("r", 1).await.unwrap();
    none().await;
}

pub async fn attempts_are_progress<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    for number in 2..5 {
        keep(&a, "me", &attempt(None, None, number), OVER).await;
        // The process dies. It has done something since the last one did.
        a.renew("r", "me", OVER).await.unwrap();
        assert_eq!(again(&b, "r", "you").await.crashes, 1);
        // The next one has not.
        b.renew("r", "you", OVER).await.unwrap();
        assert_eq!(again(&a, "r", "me").await.crashes, 2);
    }
}

pub async fn an_inner_run_waits_for_an_attempt<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let new = NewRun {
        flow: "Summarize".into(),
        ..new()
    };
    let inner = NewInnerRun {
        outer: "r",
        step: 1,
        new: &new,
    };
    let begin_inner = async |owner: &str| {
        for run in ["r/1/a", "r/1/b"] {
            a.begin_inner(run, owner, &inner).await.unwrap();
        }
    };
    begin_inner("me").await;
    a.keep_item("r/1/b", "me", 1, &Default::default(), "1")
        .await
        .unwrap();
    let late = SystemTime::now() + LONG;
    for (run, due) in [("r/1/a", late), ("r/1/b", late - Duration::from_secs(1))] {
        let next = attempt(None, None, 2);
        a.keep_attempt(run, "me", 1, &next, LONG).await.unwrap();
        a.wait_to_retry(run, "me", due).await.unwrap();
        let record = show(&b, run).await;
        assert_eq!(record.status, Status::Waiting);
        assert_eq!(record.next_attempt.unwrap().number, 2);
        assert_eq!(
            record.owner.as_deref(),
            Some("me"),
            "the outermost run is held"
        );
    }
    a.wait_for_inner("r", "me").await.unwrap();
    assert_eq!(show(&b, "r").await.inner_waits, 2);
    assert!(claim(&b).await.is_empty());

    // It begins again with the outermost run, and waits again.
    again(&a, "r", "me").await;
    begin_inner("me").await;
    assert_eq!(show(&b, "r/1/a").await.status, Status::Running);
    a.wait_to_retry("r/1/a", "me", SystemTime::now() - LONG)
        .await
        .unwrap();
    a.wait_to_retry("r/1/b", "me", late).await.unwrap();
    a.wait_for_inner("r", "me").await.unwrap();
    assert_eq!(claim(&b).await.len(), 1, "the first of them is due");
    assert_eq!(show(&a, "r").await.status, Status::Running);
    begin_inner("worker").await;
    for run in ["r/1/a", "r/1/b"] {
        a.wait_to_retry(run, "worker", late).await.unwrap();
    }
    a.wait_for_inner("r", "worker").await.unwrap();
    assert!(claim(&b).await.is_empty());

    // A person lets it go on.
    b.retry("r").await.unwrap();
    assert_eq!(claim(&b).await.len(), 1);
    begin_inner("worker").await;
    assert!(b.attempts("r/1/a", 1).await.unwrap().is_empty());
    assert_eq!(show(&b, "r/1/b").await.next_attempt, None);
}
