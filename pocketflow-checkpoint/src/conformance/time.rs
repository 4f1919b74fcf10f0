//! Waits with a deadline, and sleeps. A deadline of zero has passed as soon as it is stored.

use std::time::{Duration, SystemTime};

use super::support::*;
use crate::{OpenWait, Pause, Retention, Status, Storage};

const NOW: Option<Duration> = Some(OVER);
const LATER: Option<Duration> = Some(LONG);

/// Does what the driver does when it reaches the step after `step`.
async fn wait(
    storage: &impl Storage,
    owner: &str,
    step: u64,
    field: &'static str,
    within: Option<Duration>,
) -> OpenWait {
    let pause = Pause {
        field,
        within,
        ..pause(step)
    };
    storage.wait("r", owner, &pause).await.unwrap()
}

/// Whether the time is about the length of the longest wait from now. The clock of a server may be
/// another one.
fn is_later(until: Option<SystemTime>) -> bool {
    let left = until.unwrap().duration_since(SystemTime::now());
    left.is_ok_and(|left| left > LONG / 2 && left < LONG * 2)
}

pub async fn a_wait_expires_once<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    for _ in 0..2 {
        let wait = wait(&a, "me", 0, "card", NOW).await;
        assert!(wait.expired && wait.value.is_none(), "{wait:?}");
        assert_eq!((&*wait.name, wait.until, wait.left), ("card#1", None, None));
    }
    let run = show(&b, "r").await;
    assert_eq!(
        (run.owner.as_deref(), run.status, run.until),
        (Some("me"), Status::Running, None),
        "it goes on"
    );
    for name in ["card#1", "card"] {
        let error =
            fails!(b.fill("r", name, "1").await, WaitClosed "`card#1`" "its deadline passed");
        assert!(!error.to_string().contains("it waits"), "{error}");
    }
    // If the process dies before the step is stored, the wait has expired all the same.
    a.release("r", "me").await.unwrap();
    assert_eq!(again(&b, "r", "you").await.status, Status::Running);
    assert!(wait(&b, "you", 0, "card", LATER).await.expired);

    b.commit("r", "you", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    let open = wait(&b, "you", 1, "card", LATER).await;
    assert_eq!((&*open.name, open.expired), ("card#2", false));
    fails!(a.fill("r", "card#1", "1").await, WaitClosed "its deadline passed" "`card#2`");
    a.fill("r", "card", "2").await.unwrap();
    assert_eq!(a.filled("r", "card#2").await.unwrap().as_deref(), Some("2"));
    assert_eq!(a.filled("r", "card#1").await.unwrap(), None);
}

pub async fn the_deadline_that_is_stored_counts<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let first = wait(&a, "me", 0, "card", LATER).await;
    assert!(
        is_later(first.until) && first.left.unwrap() <= LONG,
        "{first:?}"
    );
    let stored = show(&b, "r").await;
    assert_eq!(
        (stored.status, stored.until),
        (Status::Waiting, first.until)
    );
    assert_eq!(b.list(None).await.unwrap()[0].until, first.until);

    // The flow has another deadline now.
    again(&b, "r", "you").await;
    let second = wait(&b, "you", 0, "card", NOW).await;
    assert_eq!((second.expired, second.until), (false, first.until));
    assert!(second.left <= first.left);

    // It has none any more.
    again(&a, "r", "me").await;
    let third = wait(&a, "me", 0, "card", None).await;
    assert_eq!((third.expired, third.until), (false, None));
}

pub async fn a_value_that_came_in_time_is_not_lost<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let open = wait(&a, "me", 0, "card", LATER).await;
    b.fill("r", &open.name, "1").await.unwrap();
    assert_eq!(show(&b, "r").await.until, None);
    assert_eq!(again(&b, "r", "you").await.status, Status::Waiting);
    let filled = wait(&b, "you", 0, "card", NOW).await;
    assert_eq!(
        (filled.value.as_deref(), filled.expired),
        (Some("1"), false)
    );
}

pub async fn a_refused_value_does_not_make_the_wait_longer<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let open = wait(&a, "me", 0, "card", LATER).await;
    b.fill("r", "card", "1").await.unwrap();
    again(&b, "r", "you").await;
    let pause = Pause {
        within: LATER,
        refused: Some("no"),
        ..pause(0)
    };
    let again = b.wait("r", "you", &pause).await.unwrap();
    assert_eq!((again.value, again.until), (None, open.until));
    assert_eq!(show(&a, "r").await.message.as_deref(), Some("no"));
}

pub async fn a_run_sleeps<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let asleep = wait(&a, "me", 0, "", LATER).await;
    assert!(!asleep.expired && asleep.name.is_empty() && is_later(asleep.until));
    let run = show(&b, "r").await;
    assert_eq!(
        (run.status, run.waits_for, run.wait, run.owner, run.until),
        (Status::Waiting, None, None, None, asleep.until)
    );
    let listed = b.list(Some(Status::Waiting)).await.unwrap();
    assert_eq!((listed[0].until, listed[0].inner_waits), (asleep.until, 0));
    fails!(b.fill("r", "", "1").await, Invalid);
    fails!(b.fill("r", "card", "1").await, NotWaiting);
    let moved = b.moved(&[("r".into(), 0)]).await.unwrap();
    assert!(moved.is_empty(), "it still sleeps");

    // It is started again too early.
    assert_eq!(again(&b, "r", "you").await.status, Status::Waiting);
    let still = wait(&b, "you", 0, "", NOW).await;
    assert_eq!((still.expired, still.until), (false, asleep.until));

    // The next sleep.
    again(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    assert!(wait(&a, "me", 1, "", NOW).await.expired);
    let run = show(&b, "r").await;
    assert_eq!((run.owner.as_deref(), run.until), (Some("me"), None));
    a.commit("r", "me", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    assert_eq!(show(&b, "r").await.status, Status::Running);
}

pub async fn of_a_value_and_the_end_of_the_time_one_wins<S: Storage + Clone>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let graph = Some(r#"{"waits":["card"]}"#);
    for number in 0..20 {
        let name = format!("card#{}", number + 1);
        let pause = Pause {
            graph,
            within: NOW,
            ..pause(number)
        };
        let (filled, waited) = tokio::join!(b.fill("r", &name, "1"), a.wait("r", "me", &pause),);
        let waited = waited.unwrap();
        match filled {
            Ok(()) => assert_eq!(
                (waited.value.as_deref(), waited.expired),
                (Some("1"), false)
            ),
            Err(error) => {
                assert!(
                    waited.expired && waited.value.is_none(),
                    "{waited:?}, {error}"
                );
            }
        }
        a.commit("r", "me", LONG, &step(number + 1), Retention::None)
            .await
            .unwrap();
    }
}

pub async fn a_rewound_run_waits_anew<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    assert!(wait(&a, "me", 1, "card", NOW).await.expired);
    a.commit("r", "me", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    a.release("r", "me").await.unwrap();
    b.rewind("r", 1).await.unwrap();
    again(&b, "r", "you").await;
    let open = wait(&b, "you", 1, "card", LATER).await;
    assert_eq!((&*open.name, open.expired), ("card#1", false));
    assert!(is_later(open.until));
}
