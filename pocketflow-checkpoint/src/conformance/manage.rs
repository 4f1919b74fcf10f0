//! What people do to runs from outside.

use std::time::{Duration, SystemTime};

use crate::{Claim, Pause, Retention, Status, Storage};

use super::support::*;

/// A run in each status, by its name.
pub async fn each_status(storage: &impl Storage) {
    for run in [
        "running",
        "orphaned",
        "waiting",
        "failed",
        "stuck",
        "cancelled",
        "finished",
    ] {
        begin(storage, run, "me").await;
        for number in 1..=3 {
            storage
                .commit(run, "me", LONG, &step(number), Retention::All)
                .await
                .unwrap();
        }
    }
    storage.renew("orphaned", "me", OVER).await.unwrap();
    let pause = Pause {
        state: StateChange::some("{}"),
        ..pause(3)
    };
    storage.wait("waiting", "me", &pause).await.unwrap();
    storage.fail("failed", "me", "bad").await.unwrap();
    storage.give_up("stuck", "me", "it dies").await.unwrap();
    storage.cancel("cancelled").await.unwrap();
    storage
        .finish("finished", "me", "done", &StateChange::some("{}"))
        .await
        .unwrap();
}

pub async fn an_orphaned_run_is_told_from_a_running_one<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    begin(&a, "released", "me").await;
    a.release("released", "me").await.unwrap();
    let orphaned = async || {
        let runs = b.list(None).await.unwrap();
        for run in &runs {
            assert_eq!(
                show(&b, &run.run).await.orphaned,
                run.orphaned,
                "{}",
                run.run
            );
        }
        let runs = runs.into_iter().filter(|run| run.orphaned);
        let mut names: Vec<_> = runs.map(|run| run.run).collect();
        names.sort();
        names
    };
    assert_eq!(orphaned().await, ["orphaned", "released"]);
    again(&a, "released", "you").await;
    assert_eq!(orphaned().await, ["orphaned"]);

    // A run that waits for a worker is not lost. Once a worker has had it, it may be.
    a.enqueue("enqueued", &new()).await.unwrap();
    let enqueued = async || {
        let record = show(&b, "enqueued").await;
        let runs = b.list(Some(Status::Running)).await.unwrap();
        let listed = runs.into_iter().filter(|run| run.enqueued);
        let listed: Vec<_> = listed.map(|run| run.run).collect();
        assert_eq!(listed == ["enqueued"], record.enqueued);
        (record.enqueued, record.orphaned)
    };
    assert_eq!(enqueued().await, (true, false));
    assert_eq!(orphaned().await, ["orphaned"]);
    let claim = Claim {
        owner: "worker",
        lease: LONG,
        flows: &["Checkout"],
        limit: 1,
    };
    let claimed = a.claim(&claim).await.unwrap();
    assert_eq!(claimed[0].run, "enqueued");
    assert_eq!(enqueued().await, (false, false));
    a.release("enqueued", "worker").await.unwrap();
    assert_eq!(enqueued().await, (false, true));
}

pub async fn a_run_is_cancelled<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    // The one that is cancelled already stays as it is.
    let before = show(&a, "cancelled").await;
    for run in [
        "running",
        "orphaned",
        "waiting",
        "failed",
        "stuck",
        "cancelled",
    ] {
        b.cancel(run).await.unwrap();
        let record = show(&a, run).await;
        assert_eq!(
            (record.status, record.owner),
            (Status::Cancelled, None),
            "{run}"
        );
        assert_eq!(
            (record.step, record.wait, record.message),
            (3, None, None),
            "{run}"
        );
        fails!(a.begin(run, "you", LONG, &new()).await, Cancelled run "Checkpoints::retry");
    }
    assert_eq!(show(&a, "cancelled").await, before);
    fails!(b.cancel("finished").await, WrongStatus "cannot be cancelled" "it is finished");
    fails!(b.cancel("unknown").await, UnknownRun);
    // Its owner learns of it, whatever it does next.
    fails!(a.commit("running", "me", LONG, &step(4), Retention::All).await, Cancelled "`running`");
    fails!(a.renew("running", "me", LONG).await, Cancelled);
    fails!(
        a.keep_item("running", "me", 4, &Default::default(), "1")
            .await,
        Cancelled
    );
    fails!(a.wait("running", "me", &pause(3)).await, Cancelled);
    fails!(a.fail("running", "me", "bad").await, Cancelled);
    fails!(
        a.finish("running", "me", "done", &StateChange::some("{}"))
            .await,
        Cancelled
    );
    fails!(a.release("running", "me").await, Cancelled);
    assert_eq!(b.list(Some(Status::Cancelled)).await.unwrap().len(), 6);
}

pub async fn a_cancelled_run_is_not_revived_by_a_fill<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    b.cancel("waiting").await.unwrap();
    for wait in ["card", "card#1", "card#2"] {
        fails!(b.fill("waiting", wait, "1").await, NotWaiting "`waiting`" "it is cancelled");
    }
    assert_eq!(show(&a, "waiting").await.status, Status::Cancelled);
    assert_eq!(
        a.moved(&[("waiting".into(), 3)]).await.unwrap(),
        ["waiting"]
    );
    // It asks again after a retry, and an answer from before is not lost.
    b.retry("waiting").await.unwrap();
    again(&a, "waiting", "you").await;
    assert_eq!(
        a.wait("waiting", "you", &pause(3)).await.unwrap().name,
        "card#1"
    );
    b.fill("waiting", "card", "1").await.unwrap();
    b.cancel("waiting").await.unwrap();
    b.retry("waiting").await.unwrap();
    again(&a, "waiting", "you").await;
    let wait = a.wait("waiting", "you", &pause(3)).await.unwrap();
    assert_eq!((&*wait.name, wait.value.as_deref()), ("card#1", Some("1")));
}

pub async fn a_run_that_ended_badly_is_retried<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    for run in ["failed", "stuck", "cancelled"] {
        b.retry(run).await.unwrap();
        let record = show(&a, run).await;
        assert_eq!(
            (record.status, record.orphaned, record.step),
            (Status::Running, true, 3)
        );
        assert_eq!((record.message, record.crashes), (None, 0));
        again(&a, run, "you").await;
        a.commit(run, "you", LONG, &step(4), Retention::All)
            .await
            .unwrap();
    }
    fails!(b.retry("running").await, WrongStatus "cannot be retried" "it is running" "goes on by itself");
    fails!(b.retry("orphaned").await, WrongStatus "it is running");
    fails!(b.retry("waiting").await, WrongStatus "it is waiting" "fill");
    fails!(b.retry("finished").await, WrongStatus "it is finished" "rewind");
    fails!(b.retry("unknown").await, UnknownRun);
}

pub async fn a_lease_is_released_by_anybody<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    b.release_lease("running").await.unwrap();
    let record = show(&a, "running").await;
    assert_eq!(
        (record.status, record.owner, record.orphaned),
        (Status::Running, None, true)
    );
    fails!(a.commit("running", "me", LONG, &step(4), Retention::All).await, LeaseLost "begin the run again");
    again(&b, "running", "you").await;
    assert_eq!(show(&b, "running").await.crashes, 0);
    b.release_lease("orphaned").await.unwrap();
    for run in [
        "orphaned",
        "waiting",
        "failed",
        "stuck",
        "cancelled",
        "finished",
    ] {
        fails!(b.release_lease(run).await, NoLease run);
    }
    fails!(b.release_lease("unknown").await, UnknownRun);
    // A run that waits may be held by a process that looks at it.
    again(&a, "waiting", "you").await;
    b.release_lease("waiting").await.unwrap();
    let record = show(&a, "waiting").await;
    assert_eq!((record.status, record.owner), (Status::Waiting, None));
}

pub async fn a_run_is_rewound<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    fails!(b.rewind("running", 1).await, Alive "`me`");
    b.release_lease("running").await.unwrap();
    for run in [
        "running",
        "orphaned",
        "waiting",
        "failed",
        "stuck",
        "cancelled",
        "finished",
    ] {
        fails!(b.rewind(run, 7).await, NoCheckpoint "step 7");
        b.rewind(run, 2).await.unwrap();
        let record = show(&a, run).await;
        assert_eq!(
            (record.status, record.step, record.orphaned),
            (Status::Running, 2, true)
        );
        assert_eq!(
            (&*record.path, &*record.position),
            (&*step(2).path, &*step(2).position)
        );
        assert_eq!(record.action.as_deref(), Some("action2"));
        assert_eq!((record.graph, record.state), (graph(2), state(2)));
        assert_eq!(
            (record.exit, record.message, record.wait),
            (None, None, None)
        );
        let history = a.history(run).await.unwrap();
        assert_eq!(
            history.iter().map(|step| step.step).collect::<Vec<_>>(),
            [1, 2]
        );
        // It goes on from there.
        again(&b, run, "you").await;
        b.commit(run, "you", LONG, &step(3), Retention::All)
            .await
            .unwrap();
        assert_eq!(show(&a, run).await.state, state(3));
        assert_eq!(a.checkpoint(run, 3).await.unwrap().unwrap().state, state(3));
    }
    fails!(b.rewind("unknown", 1).await, UnknownRun);
}

pub async fn a_rewound_run_asks_again<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    a.wait("r", "me", &pause(1)).await.unwrap();
    a.fill("r", "card#1", "1").await.unwrap();
    again(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    a.keep_item("r", "me", 3, &Default::default(), "1")
        .await
        .unwrap();
    a.fill("r", "card#2", "2").await.unwrap();
    a.release("r", "me").await.unwrap();

    b.rewind("r", 1).await.unwrap();
    assert_eq!(b.items("r", 3).await.unwrap(), []);
    again(&b, "r", "me").await;
    let wait = b.wait("r", "me", &pause(1)).await.unwrap();
    assert_eq!((&*wait.name, wait.value), ("card#1", None));
    b.fill("r", "card", "3").await.unwrap();
    again(&b, "r", "me").await;
    b.commit("r", "me", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    // An answer to a question that was not asked yet stays.
    let wait = b.wait("r", "me", &pause(2)).await.unwrap();
    assert_eq!((&*wait.name, wait.value.as_deref()), ("card#2", Some("2")));
}

pub async fn the_state_of_a_run_is_edited<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    // A long field is stored apart.
    let long = format!(r#"{{"total":7,"text":"{}"}}"#, "x".repeat(2_000));
    let mut fourth = step(4);
    fourth.state = StateChange::all(&*long);
    let mut runs = vec!["orphaned", "waiting", "failed", "stuck", "cancelled"];
    fails!(b.edit("running", r#"{"total":9}"#).await, Alive "`me`");
    b.release_lease("running").await.unwrap();
    runs.push("running");
    for run in runs {
        let before = show(&a, run).await;
        b.edit(run, r#"{"total":9.50}"#).await.unwrap();
        let record = show(&a, run).await;
        assert_eq!(record.state, r#"{"total":9.50}"#);
        assert!(record.updated >= before.updated);
        assert_eq!(
            (record.status, record.step, record.position, record.graph),
            (before.status, before.step, before.position, before.graph)
        );
        // The history stays.
        assert_eq!(a.checkpoint(run, 3).await.unwrap().unwrap().state, state(3));
    }
    fails!(b.edit("finished", r#"{"total":9}"#).await, WrongStatus "it is finished" "rewind");
    fails!(b.edit("unknown", r#"{"total":9}"#).await, UnknownRun);
    fails!(b.edit("running", r#"{"sum":9}"#).await, NoSuchField "`sum`" "`total`");
    fails!(b.edit("running", "9").await, InvalidState "`running`");
    again(&a, "running", "you").await;
    a.commit("running", "you", LONG, &fourth, Retention::All)
        .await
        .unwrap();
    assert_eq!(show(&a, "running").await.state, long);
    a.release("running", "you").await.unwrap();
    b.edit("running", r#"{"text":"short"}"#).await.unwrap();
    assert_eq!(
        show(&a, "running").await.state,
        r#"{"total":7,"text":"short"}"#
    );
    assert_eq!(
        a.checkpoint("running", 4).await.unwrap().unwrap().state,
        long
    );
    b.rewind("running", 4).await.unwrap();
    assert_eq!(show(&a, "running").await.state, long);
}

pub async fn runs_are_pruned_by_their_status<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    let soon = SystemTime::now() + Duration::from_secs(60);
    for status in [Status::Running, Status::Waiting] {
        fails!(b.prune(status, soon, None).await, Invalid "status" status.as_str());
    }
    for status in [
        Status::Finished,
        Status::Failed,
        Status::Stuck,
        Status::Cancelled,
    ] {
        assert_eq!(
            b.prune(status, SystemTime::UNIX_EPOCH, None).await.unwrap(),
            0
        );
        assert_eq!(b.prune(status, soon, None).await.unwrap(), 1);
        assert_eq!(a.show(status.as_str()).await.unwrap(), None);
    }
    assert_eq!(a.list(None).await.unwrap().len(), 3);
}

pub async fn a_vacuum_changes_no_run<S: Storage>(a: S, b: S) {
    each_status(&a).await;
    let before = b.list(None).await.unwrap();
    b.vacuum().await.unwrap();
    assert_eq!(a.list(None).await.unwrap(), before);
    a.commit("running", "me", LONG, &step(4), Retention::All)
        .await
        .unwrap();
    b.vacuum().await.unwrap();
    assert_eq!(show(&b, "running").await.state, state(4));
}
