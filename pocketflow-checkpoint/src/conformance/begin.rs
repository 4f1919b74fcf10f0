//! Starting a run, and its lease.

use std::time::{Duration, SystemTime};

use crate::{BeginOutcome, Pause, Retention, Status, Storage, StorageError};

use super::support::*;

pub async fn a_new_run_is_stored_and_held<S: Storage>(a: S, b: S) {
    let before = SystemTime::now();
    begin(&a, "r", "me").await;
    let run = show(&b, "r").await;
    assert_eq!(run.flow, "Checkout");
    assert_eq!(
        (run.graph, run.state, run.position),
        (new().graph, new().state, new().position)
    );
    assert_eq!(
        (run.status, run.step, run.path.as_str(), run.action),
        (Status::Running, 0, "", None)
    );
    assert_eq!(run.owner.as_deref(), Some("me"));
    assert_eq!(
        (run.exit, run.message, run.waits_for, run.filled),
        (None, None, None, false)
    );
    assert_eq!(run.created, run.updated);
    let until = run.lease_until.unwrap();
    assert_eq!(until, run.created + LONG);
    // In these tests, the clock of the database is the clock of this machine.
    assert!(run.created + Duration::from_secs(5) > before);
    assert_eq!(b.history("r").await.unwrap(), []);
    assert_eq!(b.filled("r", "card").await.unwrap(), None);
}

pub async fn a_lease_that_holds_is_respected<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let error = fails!(b.begin("r", "you", LONG, &new()).await, Alive "`r`" "`me`");
    let StorageError::Alive { until, .. } = error else {
        unreachable!()
    };
    assert_eq!(Some(until), show(&a, "r").await.lease_until);
    assert_eq!(show(&a, "r").await.owner.as_deref(), Some("me"));
}

pub async fn a_lease_that_ran_out_is_taken_over_and_the_old_owner_is_fenced<S: Storage>(
    a: S,
    b: S,
) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", OVER, &step(1), Retention::All)
        .await
        .unwrap();
    let found = again(&b, "r", "you").await;
    assert_eq!(
        (found.step, found.state, found.status),
        (1, state(1), Status::Running)
    );
    assert_eq!(found.owner.as_deref(), Some("you"));
    let before = show(&b, "r").await;

    fails!(a.commit("r", "me", LONG, &step(2), Retention::All).await, LeaseLost "`r`" "`me`" "`you`");
    fails!(
        a.wait(
            "r",
            "me",
            &Pause {
                position: "[9]",
                state: StateChange::all("9"),
                ..pause(1)
            }
        )
        .await,
        LeaseLost
    );
    fails!(
        a.finish("r", "me", "done", &StateChange::all("9")).await,
        LeaseLost
    );
    fails!(a.fail("r", "me", "bad").await, LeaseLost);
    fails!(a.renew("r", "me", LONG).await, LeaseLost);
    fails!(a.release("r", "me").await, LeaseLost);
    let item = Default::default();
    fails!(a.keep_item("r", "me", 2, &item, "1").await, LeaseLost);

    assert_eq!(show(&b, "r").await, before);
    assert_eq!(b.history("r").await.unwrap().len(), 1);
    assert_eq!(b.items("r", 2).await.unwrap(), []);
    b.commit("r", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
}

pub async fn an_expired_lease_that_nobody_took_still_counts<S: Storage>(a: S, _: S) {
    a.begin("r", "me", OVER, &new()).await.unwrap();
    a.commit("r", "me", OVER, &step(1), Retention::All)
        .await
        .unwrap();
    a.finish("r", "me", "done", &StateChange::all("{}"))
        .await
        .unwrap();
}

pub async fn an_owner_can_start_its_run_again<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let found = again(&b, "r", "me").await;
    assert_eq!(found.owner.as_deref(), Some("me"));
    b.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
}

pub async fn a_released_run_is_anybodys<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    a.release("r", "me").await.unwrap();
    let run = show(&a, "r").await;
    assert_eq!(
        (run.owner, run.lease_until, run.status),
        (None, None, Status::Running)
    );
    fails!(a.release("r", "me").await, LeaseLost "begin the run again");
    fails!(
        a.commit("r", "me", LONG, &step(2), Retention::All).await,
        LeaseLost
    );
    assert_eq!(again(&b, "r", "you").await.step, 1);
}

pub async fn renewing_makes_a_lease_longer<S: Storage>(a: S, b: S) {
    a.begin("r", "me", OVER, &new()).await.unwrap();
    let before = show(&a, "r").await;
    a.renew("r", "me", LONG).await.unwrap();
    let after = show(&a, "r").await;
    assert!(after.lease_until >= before.lease_until.map(|until| until + LONG));
    assert_eq!(after.updated, before.updated);
    fails!(b.begin("r", "you", LONG, &new()).await, Alive);
}

pub async fn a_lease_without_end<S: Storage>(a: S, b: S) {
    a.begin("r", "me", Duration::MAX, &new()).await.unwrap();
    fails!(b.begin("r", "you", LONG, &new()).await, Alive);
    a.renew("r", "me", Duration::MAX).await.unwrap();
    fails!(b.begin("r", "you", LONG, &new()).await, Alive);
}

pub async fn a_failed_run_starts_again<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    let item = Default::default();
    a.keep_item("r", "me", 2, &item, "1").await.unwrap();
    a.fail("r", "me", "out of\0 ink").await.unwrap();
    let run = show(&a, "r").await;
    assert_eq!(
        (run.status, run.message.as_deref()),
        (Status::Failed, Some("out of\u{fffd} ink"))
    );
    assert_eq!((run.owner, run.lease_until), (None, None));

    // The caller sees the state that was found, ...
    let found = again(&b, "r", "you").await;
    assert_eq!(
        (found.status, found.message.is_some(), found.step),
        (Status::Failed, true, 1)
    );
    assert_eq!(b.items("r", 2).await.unwrap(), [(item, "1".to_owned())]);
    // ... and from now on the run is running.
    let run = show(&b, "r").await;
    assert_eq!(
        (run.status, run.message, run.owner.as_deref()),
        (Status::Running, None, Some("you"))
    );
}

pub async fn a_finished_run_is_returned_and_not_taken<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    a.keep_item("r", "me", 2, &Default::default(), "1")
        .await
        .unwrap();
    a.finish("r", "me", "declined", &StateChange::all(r#"{"total":7}"#))
        .await
        .unwrap();
    let found = again(&b, "r", "you").await;
    assert_eq!(
        (found.status, found.exit.as_deref()),
        (Status::Finished, Some("declined"))
    );
    assert_eq!(
        (found.state.as_str(), found.owner.clone()),
        (r#"{"total":7}"#, None)
    );
    assert_eq!(show(&a, "r").await, found);
    assert_eq!(a.items("r", 2).await.unwrap(), []);
    assert_eq!(a.history("r").await.unwrap().len(), 1);
    fails!(
        b.commit("r", "you", LONG, &step(2), Retention::All).await,
        LeaseLost
    );
    fails!(
        a.finish("r", "me", "again", &StateChange::all("{}")).await,
        LeaseLost
    );
}

pub async fn owners_that_die_are_counted<S: Storage>(a: S, b: S) {
    a.begin("r", "dies 1", OVER, &new()).await.unwrap();
    a.commit("r", "dies 1", OVER, &step(1), Retention::All)
        .await
        .unwrap();
    for crashes in 1..=3 {
        let BeginOutcome::Known(found) = b
            .begin("r", &format!("dies {crashes}b"), OVER, &new())
            .await
            .unwrap()
        else {
            panic!("it is known")
        };
        assert_eq!(found.crashes, crashes);
    }
    // An orderly end does not count, and neither does a run that starts again after it.
    again(&b, "r", "goes").await;
    again(&b, "r", "goes").await;
    b.release("r", "goes").await.unwrap();
    assert_eq!(again(&b, "r", "fails").await.crashes, 4);
    b.fail("r", "fails", "bad").await.unwrap();
    assert_eq!(show(&a, "r").await.crashes, 4);
    // A step is stored, so the run makes progress.
    b.begin("r", "keeps", OVER, &new()).await.unwrap();
    b.keep_item("r", "keeps", 2, &Default::default(), "1")
        .await
        .unwrap();
    assert_eq!(again(&b, "r", "works").await.crashes, 1);
    b.commit("r", "works", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    assert_eq!(show(&a, "r").await.crashes, 0);
}

pub async fn a_stuck_run_starts_after_a_retry<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    fails!(b.retry("r").await, WrongStatus "cannot be retried: it is running");
    a.give_up("r", "me", "it dies").await.unwrap();
    let run = show(&b, "r").await;
    assert_eq!(
        (run.status, run.message.as_deref(), run.owner),
        (Status::Stuck, Some("it dies"), None)
    );
    assert_eq!(b.list(Some(Status::Stuck)).await.unwrap().len(), 1);
    fails!(b.begin("r", "you", LONG, &new()).await, Stuck "it dies" "retry");
    b.retry("r").await.unwrap();
    let run = show(&b, "r").await;
    assert_eq!(
        (run.status, run.message, run.crashes),
        (Status::Running, None, 0)
    );
    again(&b, "r", "you").await;
    fails!(b.give_up("r", "me", "it dies").await, LeaseLost);
    fails!(b.retry("s").await, UnknownRun);
}

/// The state after the future of a run is dropped, when nothing can be awaited.
pub async fn a_lease_is_given_back_later<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.release_later("r", "me");
    // Only the owner can give the lease back.
    begin(&a, "s", "you").await;
    a.release_later("s", "me");
    drop(a);
    assert_eq!(show(&b, "r").await.owner, None);
    assert_eq!(show(&b, "s").await.owner.as_deref(), Some("you"));
}

pub async fn ids_are_any_text<S: Storage>(a: S, b: S) {
    let long = "é".repeat(100);
    let ids = [
        "-",
        "' OR 1=1 --",
        "a\nb\tc",
        "日本 🦀",
        " ",
        "?1 $1 %s",
        "A",
        "a",
        long.as_str(),
    ];
    for id in ids {
        begin(&a, id, id).await;
        a.commit(id, id, LONG, &step(1), Retention::All)
            .await
            .unwrap();
        assert_eq!(show(&b, id).await.run, id);
        assert_eq!(show(&b, id).await.owner.as_deref(), Some(id));
        a.wait(
            id,
            id,
            &Pause {
                field: id,
                position: "[1]",
                ..pause(1)
            },
        )
        .await
        .unwrap();
        b.fill(id, id, "1").await.unwrap();
        assert_eq!(b.filled(id, id).await.unwrap().as_deref(), Some("1"));
    }
    assert_eq!(b.list(None).await.unwrap().len(), ids.len());
}

pub async fn ids_that_cannot_be<S: Storage>(a: S, _: S) {
    let long = "x".repeat(201);
    for (bad, why) in [("", "empty"), (long.as_str(), "200"), ("a\0b", "NUL")] {
        fails!(a.begin(bad, "me", LONG, &new()).await, Invalid "run" why);
        fails!(a.begin("r", bad, LONG, &new()).await, Invalid "owner" why);
        fails!(
            a.commit(bad, "me", LONG, &step(1), Retention::All).await,
            Invalid
        );
        fails!(
            a.keep_item(bad, "me", 1, &Default::default(), "1").await,
            Invalid
        );
        fails!(a.items(bad, 1).await, Invalid);
        fails!(a.wait("r", "me", &Pause { field: bad, ..pause(0) }).await, Invalid "field");
        fails!(a.fill(bad, "card", "1").await, Invalid);
        fails!(a.fill("r", bad, "1").await, Invalid "field");
        fails!(a.filled(bad, "card").await, Invalid);
        fails!(a.filled("r", bad).await, Invalid);
        fails!(a.show(bad).await, Invalid);
        fails!(a.history(bad).await, Invalid);
        fails!(a.checkpoint(bad, 1).await, Invalid);
        fails!(a.fork(bad, 1, "s").await, Invalid);
        fails!(a.fork("r", 1, bad).await, Invalid "new run");
        fails!(a.remove(bad).await, Invalid);
    }
    assert_eq!(a.list(None).await.unwrap(), []);
    begin(&a, "r", "me").await;
    let huge = u64::MAX;
    fails!(a.commit("r", "me", LONG, &step(huge), Retention::All).await, Invalid "step" "too large");
    fails!(a.items("r", huge).await, Invalid);
}

pub async fn of_two_that_race_one_wins<S: Storage>(a: S, b: S) {
    for round in 0..30 {
        let run = format!("r{round}");
        let new = new();
        let (x, y) = tokio::join!(
            a.begin(&run, "a", LONG, &new),
            b.begin(&run, "b", LONG, &new)
        );
        let (winner, loser) = if x.is_ok() { (x, y) } else { (y, x) };
        assert_eq!(winner.unwrap(), BeginOutcome::New);
        fails!(loser, Alive);
    }
}

pub async fn of_two_that_race_for_a_dead_run_one_wins<S: Storage>(a: S, b: S) {
    for round in 0..30 {
        let run = format!("r{round}");
        let new = new();
        a.begin(&run, "dead", OVER, &new).await.unwrap();
        let (x, y) = tokio::join!(
            a.begin(&run, "a", LONG, &new),
            b.begin(&run, "b", LONG, &new)
        );
        let (name, winner, loser) = if x.is_ok() { ("a", x, y) } else { ("b", y, x) };
        assert!(
            matches!(winner.unwrap(), BeginOutcome::Known(record) if record.owner.as_deref() == Some(name))
        );
        fails!(loser, Alive);
        assert_eq!(show(&a, &run).await.owner.as_deref(), Some(name));
    }
}
