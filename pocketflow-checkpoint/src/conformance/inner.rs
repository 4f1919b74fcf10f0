//! Inner runs: runs within a step of another run.

use crate::{BeginOutcome, Retention, RunRecord, Status, Storage};
use futures_util::future::join_all;
use std::time::{Duration, SystemTime};

use super::support::*;

async fn inner_again(storage: &impl Storage, run: &str, outer: (&str, u64)) -> RunRecord {
    match try_inner(storage, run, "me", outer).await.unwrap() {
        BeginOutcome::Known(record) => *record,
        BeginOutcome::New => panic!("`{run}` should have been known"),
    }
}

async fn commit(storage: &impl Storage, run: &str, number: u64, inner_runs: bool) {
    let step = crate::Step {
        inner_runs,
        ..step(number)
    };
    storage
        .commit(run, "me", LONG, &step, Retention::All)
        .await
        .unwrap();
}

async fn names(storage: &impl Storage, filter: Option<Status>) -> Vec<String> {
    let runs = storage.list(filter).await.unwrap();
    let mut names: Vec<_> = runs.into_iter().map(|run| run.run).collect();
    names.sort();
    names
}

const DOCUMENT: &str = "r/2/documents[3]";
const SECTION: &str = "r/2/documents[3]/1/sections[\"a\"]";

/// A run in its second step, with an inner run, which has one as well.
async fn nested(storage: &impl Storage) {
    begin(storage, "r", "me").await;
    commit(storage, "r", 1, false).await;
    inner(storage, DOCUMENT, ("r", 2)).await;
    inner(storage, SECTION, (DOCUMENT, 1)).await;
}

pub async fn an_inner_run_is_a_run_within_a_step<S: Storage>(a: S, b: S) {
    nested(&a).await;
    commit(&a, SECTION, 1, false).await;
    a.keep_item(SECTION, "me", 2, &Default::default(), "1")
        .await
        .unwrap();

    let record = show(&b, SECTION).await;
    assert_eq!((&*record.flow, record.step), ("Summarize", 1));
    assert_eq!(record.state, state(1));
    assert_eq!(record.outer.as_deref(), Some(DOCUMENT));
    assert_eq!(record.owner.as_deref(), Some("me"), "of the outermost run");
    assert!(record.lease_until > Some(SystemTime::now()));
    assert_eq!(b.history(SECTION).await.unwrap().len(), 1);
    let kept = b.checkpoint(SECTION, 1).await.unwrap().unwrap();
    assert_eq!(kept.state, state(1));
    assert_eq!(b.items(SECTION, 2).await.unwrap().len(), 1);
    assert_eq!(show(&b, "r").await.inner_runs, 1);
    assert_eq!(show(&b, "r").await.outer, None);
    assert_eq!(
        names(&b, None).await,
        ["r"],
        "an inner run is not listed on its own"
    );

    a.finish(SECTION, "me", "done", &StateChange::some("{}"))
        .await
        .unwrap();
    let ended = b.inner_runs(DOCUMENT).await.unwrap();
    assert_eq!(ended.len(), 1);
    let ended = &ended[0];
    assert_eq!(
        (&*ended.run, ended.status, ended.step, &*ended.position),
        (SECTION, Status::Finished, 1, "[1]")
    );
    // A finished inner run is needed until the step around it is stored.
    let late = SystemTime::now() + Duration::from_secs(60);
    let pruned = b.prune(Status::Finished, late, None).await.unwrap();
    assert_eq!(pruned, 0);

    commit(&a, DOCUMENT, 1, true).await;
    assert_eq!(b.show(SECTION).await.unwrap(), None);
    assert_eq!(b.items(SECTION, 2).await.unwrap(), []);
    assert_eq!(b.checkpoint(SECTION, 1).await.unwrap(), None);
    assert_eq!(show(&b, DOCUMENT).await.step, 1);
    inner(&a, "r/2/documents[3]/2/sections[\"a\"]", (DOCUMENT, 2)).await;
    commit(&a, "r", 2, true).await;
    assert_eq!(b.show(DOCUMENT).await.unwrap(), None);
    assert_eq!(b.inner_runs("r").await.unwrap(), []);
    assert_eq!(
        b.show("r/2/documents[3]/2/sections[\"a\"]").await.unwrap(),
        None
    );
    let record = show(&b, "r").await;
    assert_eq!((record.step, record.inner_runs), (2, 0));
    assert_eq!(record.owner.as_deref(), Some("me"));
}

pub async fn an_inner_run_is_fenced_by_the_outermost_run<S: Storage>(a: S, b: S) {
    nested(&a).await;
    fails!(try_inner(&a, "r/2/x", "you", ("r", 2)).await, LeaseLost "`you`" "`r`" "`me`");
    a.renew("r", "me", OVER).await.unwrap();
    // The lease has expired, but nobody has taken it.
    commit(&a, SECTION, 1, false).await;
    let again = again(&b, "r", "you").await;
    assert_eq!(again.step, 1);
    fails!(
        a.commit(SECTION, "me", LONG, &step(2), Retention::All).await,
        LeaseLost "`r`" "`you`"
    );
    fails!(
        a.keep_item(SECTION, "me", 2, &Default::default(), "1")
            .await,
        LeaseLost
    );
    fails!(a.wait(SECTION, "me", &pause(1)).await, LeaseLost);
    fails!(a.fail(SECTION, "me", "bad").await, LeaseLost);
    let end = StateChange::some("{}");
    fails!(a.finish(SECTION, "me", "done", &end).await, LeaseLost);
    fails!(try_inner(&a, SECTION, "me", (DOCUMENT, 1)).await, LeaseLost);
    fails!(
        try_inner(&a, "r/2/documents[3]/1/x", "me", (DOCUMENT, 1)).await,
        LeaseLost
    );
    assert_eq!(show(&b, SECTION).await.step, 1);
    b.commit(SECTION, "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    let record = show(&b, SECTION).await;
    assert_eq!((record.step, record.status), (2, Status::Running));

    // A call that was dropped comes after its step, or does not come.
    b.commit("r", "you", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    fails!(try_inner(&b, "r/2/late", "you", ("r", 2)).await, Behind "2" "`r`");
    fails!(
        try_inner(&b, "r/3/documents", "you", ("nobody", 3)).await,
        UnknownRun
    );
}

pub async fn an_inner_run_begins_again_where_it_was<S: Storage>(a: S, b: S) {
    nested(&a).await;
    commit(&a, DOCUMENT, 1, true).await;
    let record = inner_again(&a, DOCUMENT, ("r", 2)).await;
    assert_eq!((record.step, record.status), (1, Status::Running));
    assert_eq!(record.state, state(1));

    a.fail(DOCUMENT, "me", "bad").await.unwrap();
    assert_eq!(names(&b, Some(Status::Failed)).await, [""; 0]);
    let record = inner_again(&a, DOCUMENT, ("r", 2)).await;
    assert_eq!(record.status, Status::Failed);
    assert_eq!(record.message.as_deref(), Some("bad"));
    let record = show(&b, DOCUMENT).await;
    assert_eq!((record.status, record.message), (Status::Running, None));

    assert_eq!(
        a.wait(DOCUMENT, "me", &pause(1)).await.unwrap().name,
        "card#1"
    );
    let record = inner_again(&a, DOCUMENT, ("r", 2)).await;
    assert_eq!(record.status, Status::Waiting);
    assert_eq!(show(&b, DOCUMENT).await.status, Status::Waiting);
    b.fill(DOCUMENT, "card#1", "1").await.unwrap();
    inner_again(&a, DOCUMENT, ("r", 2)).await;
    assert_eq!(show(&b, DOCUMENT).await.status, Status::Running);
    let wait = a.wait(DOCUMENT, "me", &pause(1)).await.unwrap();
    assert_eq!(wait.value.as_deref(), Some("1"));

    let end = StateChange::some("{}");
    a.finish(DOCUMENT, "me", "done", &end).await.unwrap();
    let record = inner_again(&a, DOCUMENT, ("r", 2)).await;
    assert_eq!(record.status, Status::Finished);
    assert_eq!(record.exit.as_deref(), Some("done"));
    assert_eq!(show(&b, DOCUMENT).await.status, Status::Finished);

    // Another run may have the id that an inner run would get.
    begin(&a, "r/2/free", "me").await;
    fails!(try_inner(&a, "r/2/free", "me", ("r", 2)).await, Exists "`r/2/free`");
    let long = format!("r/2/{}", "x".repeat(997));
    fails!(try_inner(&a, &long, "me", ("r", 2)).await, Invalid "run" "1,000");
    fails!(try_inner(&a, "a\0b/2/c", "me", ("r", 2)).await, Invalid "run" "NUL");
    inner(&a, &long[..1000], ("r", 2)).await;
    commit(&a, &long[..1000], 1, false).await;
    assert_eq!(show(&b, &long[..1000]).await.step, 1);
}

pub async fn what_only_an_outermost_run_can_do<S: Storage>(a: S, b: S) {
    nested(&a).await;
    commit(&a, SECTION, 1, false).await;
    fails!(b.begin(SECTION, "me", LONG, &new()).await, InnerRun "`r`" SECTION);
    fails!(a.renew(SECTION, "me", LONG).await, InnerRun "`r`");
    fails!(a.release(SECTION, "me").await, InnerRun "`r`");
    fails!(a.give_up(SECTION, "me", "why").await, InnerRun "`r`");
    fails!(a.wait_for_inner(DOCUMENT, "me").await, InnerRun "`r`");
    fails!(b.retry(SECTION).await, InnerRun "`r`");
    fails!(b.cancel(SECTION).await, InnerRun "`r`");
    fails!(b.release_lease(SECTION).await, InnerRun "`r`");
    fails!(b.rewind(SECTION, 1).await, InnerRun "`r`");
    fails!(b.fork(SECTION, 1, "new").await, InnerRun "`r`");
    fails!(b.remove(SECTION).await, InnerRun "`r`");
    assert_eq!(show(&b, SECTION).await.step, 1);

    // A fork starts before the step, without the inner runs.
    b.fork("r", 1, "fork").await.unwrap();
    assert_eq!(show(&b, "fork").await.inner_runs, 0);
}

pub async fn a_run_waits_for_its_inner_runs<S: Storage>(a: S, b: S) {
    nested(&a).await;
    a.wait(SECTION, "me", &pause(0)).await.unwrap();
    let other = "r/2/documents[4]";
    inner(&a, other, ("r", 2)).await;
    a.wait(other, "me", &pause(0)).await.unwrap();
    assert_eq!(show(&b, "r").await.status, Status::Running);
    assert_eq!(names(&b, None).await, ["r", SECTION, other]);
    a.wait_for_inner("r", "me").await.unwrap();

    let record = show(&b, "r").await;
    assert_eq!((record.status, record.filled), (Status::Waiting, false));
    assert_eq!((record.waits_for, record.wait), (None, None));
    assert_eq!((record.inner_waits, record.owner), (2, None));
    assert_eq!(record.position, "[1]", "where it was");
    let list = b.list(Some(Status::Waiting)).await.unwrap();
    let run = list.iter().find(|run| run.run == "r").unwrap();
    assert_eq!((run.inner_waits, run.filled), (2, false));
    let section = list.iter().find(|run| run.run == SECTION).unwrap();
    assert_eq!(section.wait.as_deref(), Some("card#1"));
    assert_eq!(section.outer.as_deref(), Some(DOCUMENT));
    assert_eq!(list.len(), 3);
    fails!(b.fill("r", "card", "1").await, NotWaiting "inner runs wait");
    fails!(a.wait(SECTION, "me", &pause(0)).await, LeaseLost);

    // Another owner finds the same.
    let record = again(&b, "r", "you").await;
    assert_eq!(record.status, Status::Waiting);
    assert_eq!(show(&b, "r").await.status, Status::Running);
    b.wait_for_inner("r", "you").await.unwrap();

    b.fill(SECTION, "card", "\"Ada\"").await.unwrap();
    fails!(b.fill(SECTION, "card#1", "2").await, AlreadyFilled);
    let record = show(&b, "r").await;
    assert_eq!((record.status, record.filled), (Status::Waiting, true));
    assert_eq!(record.inner_waits, 1);
    assert_eq!(
        b.filled(SECTION, "card#1").await.unwrap().as_deref(),
        Some("\"Ada\"")
    );
    again(&a, "r", "me").await;
    assert_eq!(show(&b, "r").await.status, Status::Running);
}

pub async fn an_inner_run_that_is_filled_in_time_is_not_missed<S: Storage>(a: S, b: S) {
    for round in 0..30 {
        let run = format!("r{round}");
        let inner_run = format!("{run}/1/a");
        begin(&a, &run, "me").await;
        inner(&a, &inner_run, (&run, 1)).await;
        a.wait(&inner_run, "me", &pause(0)).await.unwrap();
        let (waits, filled) = tokio::join!(
            a.wait_for_inner(&run, "me"),
            b.fill(&inner_run, "card#1", "1")
        );
        waits.unwrap();
        filled.unwrap();
        let record = show(&b, &run).await;
        assert_eq!((record.status, record.filled), (Status::Waiting, true));
    }
}

pub async fn inner_runs_are_progress<S: Storage>(a: S, _: S) {
    begin(&a, "r", "0").await;
    let mut owner = 0;
    let mut die = async || {
        let dead = owner.to_string();
        owner += 1;
        a.renew("r", &dead, OVER).await.unwrap();
        let owner = owner.to_string();
        (again(&a, "r", &owner).await.crashes, owner)
    };
    assert_eq!(die().await.0, 1);
    let (crashes, owner) = die().await;
    assert_eq!(crashes, 2);
    try_inner(&a, "r/1/a", &owner, ("r", 1)).await.unwrap();
    let (crashes, owner) = die().await;
    assert_eq!(crashes, 1, "a new inner run");
    // Beginning again does not count as progress.
    try_inner(&a, "r/1/a", &owner, ("r", 1)).await.unwrap();
    let (crashes, owner) = die().await;
    assert_eq!(crashes, 2);
    a.commit("r/1/a", &owner, LONG, &step(1), Retention::None)
        .await
        .unwrap();
    let (crashes, owner) = die().await;
    assert_eq!(crashes, 1, "a step");
    a.keep_item("r/1/a", &owner, 2, &Default::default(), "1")
        .await
        .unwrap();
    assert_eq!(die().await.0, 1, "an item");
    assert_eq!(die().await.0, 2);
}

pub async fn inner_runs_are_dropped_with_the_items<S: Storage>(a: S, b: S) {
    nested(&a).await;
    a.keep_item("r", "me", 2, &Default::default(), "1")
        .await
        .unwrap();
    a.keep_item(DOCUMENT, "me", 1, &Default::default(), "1")
        .await
        .unwrap();
    fails!(b.drop_items(DOCUMENT).await, Alive "`me`" "`r`");
    fails!(b.drop_items("r").await, Alive);
    a.release("r", "me").await.unwrap();
    assert_eq!(b.drop_items(DOCUMENT).await.unwrap(), 2);
    assert_eq!(b.show(SECTION).await.unwrap(), None);
    assert_eq!(show(&b, DOCUMENT).await.step, 0);
    assert_eq!(b.drop_items("r").await.unwrap(), 2);
    assert_eq!(b.show(DOCUMENT).await.unwrap(), None);
    fails!(b.drop_items(DOCUMENT).await, UnknownRun);
}

pub async fn inner_runs_are_cancelled_with_the_outermost_run<S: Storage>(a: S, b: S) {
    nested(&a).await;
    a.wait(SECTION, "me", &pause(0)).await.unwrap();
    let waiting = [(SECTION.to_owned(), 0)];
    assert_eq!(b.moved(&waiting).await.unwrap(), [""; 0]);
    b.cancel("r").await.unwrap();
    fails!(
        a.commit(DOCUMENT, "me", LONG, &step(1), Retention::All).await,
        Cancelled "`r`"
    );
    fails!(b.fill(SECTION, "card#1", "1").await, Cancelled "`r`");
    assert_eq!(b.moved(&waiting).await.unwrap(), [SECTION]);
    assert_eq!(names(&b, None).await, ["r"]);

    // They are still there when the run is to go on.
    b.retry("r").await.unwrap();
    again(&a, "r", "me").await;
    b.fill(SECTION, "card#1", "1").await.unwrap();
    let record = inner_again(&a, SECTION, (DOCUMENT, 1)).await;
    assert!(record.filled);
    a.release("r", "me").await.unwrap();
    b.rewind("r", 1).await.unwrap();
    assert_eq!(b.show(DOCUMENT).await.unwrap(), None);
    assert_eq!(b.show(SECTION).await.unwrap(), None);
}

pub async fn an_inner_run_is_edited_while_nothing_drives_it<S: Storage>(a: S, b: S) {
    nested(&a).await;
    fails!(b.edit(SECTION, r#"{"total":7}"#).await, Alive "`r`");
    a.release("r", "me").await.unwrap();
    b.edit(SECTION, r#"{"total":7}"#).await.unwrap();
    assert_eq!(show(&a, SECTION).await.state, r#"{"total":7}"#);
    fails!(b.edit(SECTION, r#"{"sum":7}"#).await, NoSuchField "`sum`");
}

pub async fn inner_runs_go_with_the_outermost_run<S: Storage>(a: S, b: S) {
    nested(&a).await;
    fails!(b.remove("r").await, Alive);
    a.release("r", "me").await.unwrap();
    b.remove("r").await.unwrap();
    assert_eq!(a.show(DOCUMENT).await.unwrap(), None);
    assert_eq!(a.show(SECTION).await.unwrap(), None);
    assert_eq!(a.list(None).await.unwrap(), []);

    nested(&a).await;
    a.finish("r", "me", "done", &StateChange::some("{}"))
        .await
        .unwrap();
    let late = SystemTime::now() + Duration::from_secs(60);
    let pruned = b.prune(Status::Finished, late, None).await.unwrap();
    assert_eq!(pruned, 1);
    assert_eq!(a.show(SECTION).await.unwrap(), None);
}

pub async fn a_hundred_inner_runs_at_once<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let one = async |number: usize| {
        let run = format!("r/1/documents[{number}]");
        inner(&a, &run, ("r", 1)).await;
        for step in 1..=3 {
            commit(&a, &run, step, false).await;
        }
        a.wait(&run, "me", &pause(3)).await.unwrap();
        b.fill(&run, "card#1", "1").await.unwrap();
        inner_again(&a, &run, ("r", 1)).await;
        commit(&a, &run, 4, false).await;
        let end = StateChange::some("{}");
        a.finish(&run, "me", "done", &end).await.unwrap();
    };
    let renewed = async {
        for _ in 0..20 {
            a.renew("r", "me", LONG).await.unwrap();
        }
    };
    tokio::join!(join_all((0..100).map(one)), renewed);
    let ended = b.inner_runs("r").await.unwrap();
    assert_eq!(ended.len(), 100);
    assert!(
        ended
            .iter()
            .all(|run| run.step == 4 && run.status == Status::Finished)
    );
    commit(&a, "r", 1, true).await;
    assert_eq!(b.inner_runs("r").await.unwrap(), []);
    assert_eq!(names(&b, None).await, ["r"]);
}
