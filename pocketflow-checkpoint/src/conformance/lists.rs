//! Lists of runs, and removed runs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Pause, Retention, Status, Storage};
use futures_util::future::join_all;

use super::support::*;

async fn names(storage: &impl Storage, filter: Option<Status>) -> Vec<String> {
    let mut names: Vec<_> = storage
        .list(filter)
        .await
        .unwrap()
        .into_iter()
        .map(|run| run.run)
        .collect();
    names.sort();
    names
}

pub async fn lists_by_status<S: Storage>(a: S, b: S) {
    for run in ["running", "waiting", "finished", "failed", "filled"] {
        begin(&a, run, "me").await;
        a.commit(run, "me", LONG, &step(1), Retention::All)
            .await
            .unwrap();
    }
    a.wait("waiting", "me", &pause(1)).await.unwrap();
    a.wait("filled", "me", &pause(1)).await.unwrap();
    a.finish("finished", "me", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    a.fail("failed", "me", "bad").await.unwrap();
    b.fill("filled", "card", "1").await.unwrap();

    assert_eq!(
        names(&b, None).await,
        ["failed", "filled", "finished", "running", "waiting"]
    );
    assert_eq!(names(&b, Some(Status::Running)).await, ["running"]);
    assert_eq!(
        names(&b, Some(Status::Waiting)).await,
        ["filled", "waiting"]
    );
    assert_eq!(names(&b, Some(Status::Finished)).await, ["finished"]);
    assert_eq!(names(&b, Some(Status::Failed)).await, ["failed"]);

    for summary in b.list(None).await.unwrap() {
        let run = show(&b, &summary.run).await;
        assert_eq!(summary.run == "filled", summary.filled);
        assert_eq!(
            (summary.flow, summary.status, summary.step),
            (run.flow, run.status, run.step)
        );
        assert_eq!(
            (summary.path, summary.owner, summary.lease_until),
            (run.path, run.owner, run.lease_until)
        );
        assert_eq!((summary.exit, summary.message), (run.exit, run.message));
        assert_eq!(
            (summary.waits_for, summary.filled),
            (run.waits_for, run.filled)
        );
        assert_eq!(
            (summary.created, summary.updated),
            (run.created, run.updated)
        );
    }
    let all = b.list(None).await.unwrap();
    assert!(
        all.windows(2)
            .all(|pair| pair[0].updated <= pair[1].updated)
    );
}

pub async fn a_thousand_waiting_runs<S: Storage>(a: S, b: S) {
    let one = async |number: usize| {
        let run = format!("run-{number:04}");
        begin(&a, &run, "me").await;
        if number < 1000 {
            a.wait(
                &run,
                "me",
                &Pause {
                    position: "[0]",
                    ..pause(0)
                },
            )
            .await
            .unwrap();
        }
    };
    join_all((0..1010).map(one)).await;
    assert_eq!(b.list(Some(Status::Waiting)).await.unwrap().len(), 1000);
    assert_eq!(b.list(Some(Status::Running)).await.unwrap().len(), 10);
}

pub async fn a_removed_run_is_gone<S: Storage>(a: S, b: S) {
    for run in ["r", "other"] {
        begin(&a, run, "me").await;
        a.commit(run, "me", LONG, &step(1), Retention::All)
            .await
            .unwrap();
        a.keep_item(run, "me", 2, &Default::default(), "1")
            .await
            .unwrap();
        a.release(run, "me").await.unwrap();
    }
    b.remove("r").await.unwrap();
    assert_eq!(a.show("r").await.unwrap(), None);
    assert_eq!(a.checkpoint("r", 1).await.unwrap(), None);
    assert_eq!(a.items("r", 2).await.unwrap(), []);
    fails!(b.remove("r").await, UnknownRun);
    assert_eq!(a.items("other", 2).await.unwrap().len(), 1);
    // The id is free, and nothing of the old run remains.
    begin(&a, "r", "me").await;
    assert_eq!(a.history("r").await.unwrap(), []);
}

pub async fn a_live_run_is_not_removed<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    fails!(b.remove("r").await, Alive "`me`");
    a.renew("r", "me", OVER).await.unwrap();
    b.remove("r").await.unwrap();
    fails!(
        a.commit("r", "me", LONG, &step(1), Retention::All).await,
        UnknownRun
    );
}

pub async fn old_finished_runs_are_pruned<S: Storage>(a: S, b: S) {
    for run in ["finished 1", "finished 2", "running", "failed", "waiting"] {
        begin(&a, run, "me").await;
        a.commit(run, "me", LONG, &step(1), Retention::All)
            .await
            .unwrap();
    }
    a.finish("finished 1", "me", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    a.finish("finished 2", "me", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    a.fail("failed", "me", "bad").await.unwrap();
    a.wait("waiting", "me", &pause(1)).await.unwrap();
    assert_eq!(
        b.prune(Status::Finished, UNIX_EPOCH, None).await.unwrap(),
        0
    );
    assert_eq!(
        b.prune(
            Status::Finished,
            SystemTime::now() - Duration::from_secs(60),
            None
        )
        .await
        .unwrap(),
        0
    );
    assert_eq!(
        b.prune(
            Status::Finished,
            SystemTime::now() + Duration::from_secs(60),
            None
        )
        .await
        .unwrap(),
        2
    );
    assert_eq!(names(&a, None).await, ["failed", "running", "waiting"]);
    assert_eq!(a.checkpoint("finished 1", 1).await.unwrap(), None);
}
