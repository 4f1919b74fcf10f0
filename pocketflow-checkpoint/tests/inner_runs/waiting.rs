//! Inner runs that wait, parked and in memory.

use std::time::Duration;

use pocketflow_checkpoint::{MovedOn, Parked, Status, Storage, StorageError, WrongValue};

use super::*;

/// Waits until a condition holds.
async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let holds = tokio::time::timeout(Duration::from_secs(60), holds);
    holds.await.expect("it takes no minute");
}

#[tokio::test]
async fn all_are_drafted_with_three_seats_and_the_outer_run_is_parked() {
    let (_folder, runs) = runs().await;
    let run = "parked";
    let mut library = numbered(20);
    let error = Digest
        .with(runs.run(run).park())
        .run(&mut library)
        .await
        .unwrap_err();
    let parked: &Parked = error.cause().downcast_ref().unwrap();
    // It is the first that waits, and the others do as well.
    let inner = parked.run.strip_prefix("parked/1/").unwrap();
    assert!(inner.starts_with("documents["), "{inner}");
    assert_eq!(parked.outermost.as_deref(), Some(run));
    let message = format!(
        "Digest > {inner} > await(approval): stopped: run `{}` waits for `approval#1`: fill it, and run `parked` again",
        parked.run
    );
    assert_eq!(format!("{error:#}"), message);
    assert_ran_once(run, 20);
    assert_eq!(status(&runs, run).await, (Status::Waiting, 20));
    assert_eq!(waiting(&runs).await.len(), 20);

    // It is shown as any run is.
    let inner = "parked/1/documents[7]";
    let record = runs.storage().show(inner).await.unwrap().unwrap();
    assert_eq!(
        (record.step, &*record.path),
        (1, "Digest > documents[7] > draft")
    );
    assert_eq!(runs.history(inner).await.unwrap().len(), 1);
    let document: Option<Document> = runs.state_at(inner, 1).await.unwrap();
    assert_eq!(
        document.unwrap().text.as_deref(),
        Some("All about number 7")
    );

    // Only what has been filled goes on.
    let mut order = waiting(&runs).await;
    fastrand::shuffle(&mut order);
    for (number, inner) in order.iter().enumerate() {
        runs.fill_value(inner, "approval#1", "Ada").await.unwrap();
        if number % 7 == 3 {
            let error = Digest
                .with(runs.run(run).park())
                .run(&mut numbered(20))
                .await
                .unwrap_err();
            assert!(error.cause().is::<Parked>(), "{error:#}");
            let left = order.len() - number - 1;
            assert_eq!(status(&runs, run).await, (Status::Waiting, left as u64));
            assert_ran_once(run, 20 + number + 1);
        }
    }
    let mut library = numbered(20);
    Digest
        .with(runs.run(run).park())
        .run(&mut library)
        .await
        .unwrap();
    assert_ran_once(run, 41);
    assert_eq!(library.documents[3].approval.as_deref(), Some("Ada"));
    assert!(
        library
            .digest
            .unwrap()
            .starts_with("All about number 0, approved by Ada; All")
    );
    // They are gone with their step.
    assert_eq!(runs.storage().inner_runs(run).await.unwrap(), []);
    assert_eq!(runs.storage().show(inner).await.unwrap(), None);
    let list = runs.list(None).await.unwrap();
    assert_eq!(list.len(), 1);
}

#[tokio::test]
async fn in_memory_the_lease_is_given_back_while_all_wait() {
    let (_folder, runs) = runs().await;
    let run = "memory";
    let task = tokio::spawn({
        let run = runs.run(run);
        async move {
            let mut library = numbered(5);
            Digest.with(run).run(&mut library).await.unwrap();
            library
        }
    });
    let mut left = 5;
    while left > 0 {
        until(async || {
            let record = runs.storage().show(run).await.unwrap();
            record.is_some_and(|record| {
                let waits = record.status == Status::Waiting && !record.filled;
                waits && record.owner.is_none() && record.inner_waits == left
            })
        })
        .await;
        let waiting = waiting(&runs).await;
        assert_eq!(waiting.len() as u64, left);
        let inner = &waiting[fastrand::usize(..waiting.len())];
        let wrong = runs.fill(inner, "approval#1", "7").await.unwrap_err();
        assert!(matches!(wrong, StorageError::WrongValue { .. }), "{wrong}");
        runs.fill(inner, "approval#1", "\"Ada\"").await.unwrap();
        left -= 1;
    }
    let library = task.await.unwrap();
    assert!(
        library
            .digest
            .unwrap()
            .ends_with("All about number 4, approved by Ada")
    );
    assert_ran_once(run, 11);
}

#[tokio::test]
async fn a_run_is_filled_while_others_are_at_work() {
    let (folder, runs) = runs().await;
    let run = "busy";
    let other = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    let filling = async {
        // Each as soon as it waits, and from elsewhere.
        for _ in 0..30 {
            until(async || !waiting(&other).await.is_empty()).await;
            let inner = waiting(&other).await.remove(0);
            other.fill(&inner, "approval#1", "\"Bob\"").await.unwrap();
        }
    };
    let mut library = numbered(30);
    let running = async { Digest.with(runs.run(run)).run(&mut library).await.map(drop) };
    let (result, ()) = tokio::join!(running, filling);
    result.unwrap();
    assert_ran_once(run, 61);
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_refused_and_the_others_go_on() {
    let (_folder, runs) = runs().await;
    let run = "wrong";
    let parked = async || {
        Digest
            .with(runs.run(run).park())
            .run(&mut numbered(2))
            .await
            .unwrap_err()
    };
    parked().await;
    runs.fill("wrong/1/documents[0]", "approval#1", "7")
        .await
        .unwrap();
    runs.fill("wrong/1/documents[1]", "approval#1", "\"Ada\"")
        .await
        .unwrap();
    let error = parked().await;
    assert!(error.cause().is::<WrongValue>(), "{error:#}");
    assert_eq!(status(&runs, run).await, (Status::Waiting, 1));
    assert_eq!(waiting(&runs).await, ["wrong/1/documents[0]"]);
    let record = runs.storage().show("wrong/1/documents[0]").await.unwrap();
    assert!(
        record
            .unwrap()
            .message
            .unwrap()
            .contains("does not fit the field `approval`")
    );
    runs.fill("wrong/1/documents[0]", "approval#1", "\"Ada\"")
        .await
        .unwrap();
    Digest
        .with(runs.run(run))
        .run(&mut numbered(2))
        .await
        .unwrap();
    assert_ran_once(run, 5);
}

#[tokio::test]
async fn a_run_that_another_process_has_finished_moves_on() {
    let (folder, runs) = runs().await;
    let run = "elsewhere";
    let task = tokio::spawn({
        let run = runs.run(run);
        async move { Digest.with(run).run(&mut numbered(3)).await }
    });
    until(async || status(&runs, run).await == (Status::Waiting, 3)).await;
    let other = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    // The other one is in control from here on.
    let parked = Digest
        .with(other.run(run).park())
        .run(&mut numbered(3))
        .await;
    assert!(parked.unwrap_err().cause().is::<Parked>());
    let other_task = tokio::spawn({
        let run = other.run(run);
        async move { Digest.with(run).run(&mut numbered(3)).await.map(drop) }
    });
    for inner in waiting(&other).await {
        other.fill(&inner, "approval#1", "\"Ada\"").await.unwrap();
    }
    let [first, second] = [task.await.unwrap().map(drop), other_task.await.unwrap()];
    for result in [&first, &second] {
        if let Err(error) = result {
            let cause: Option<&StorageError> = error.cause().downcast_ref();
            let alive = matches!(cause, Some(StorageError::Alive { .. }));
            assert!(alive || error.cause().is::<MovedOn>(), "{error:#}");
        }
    }
    // Either the faster process has finished it, or it can be finished now.
    let mut library = numbered(3);
    Digest.with(runs.run(run)).run(&mut library).await.unwrap();
    assert!(library.digest.is_some());
    assert_ran_once(run, 7);
}

#[tokio::test]
async fn a_cancelled_run_ends_while_its_inner_runs_wait() {
    let (_folder, runs) = runs().await;
    let run = "cancelled";
    let task = tokio::spawn({
        let run = runs.run(run);
        async move { Digest.with(run).run(&mut numbered(3)).await.map(drop) }
    });
    until(async || status(&runs, run).await == (Status::Waiting, 3)).await;
    runs.cancel(run).await.unwrap();
    let error = task.await.unwrap().unwrap_err();
    let cause: Option<&StorageError> = error.cause().downcast_ref();
    assert!(
        matches!(cause, Some(StorageError::Cancelled { .. })),
        "{error:#}"
    );
    assert_eq!(status(&runs, run).await.0, Status::Cancelled);
    assert_eq!(waiting(&runs).await, [""; 0]);
}

#[tokio::test]
async fn a_run_that_is_dropped_goes_on_elsewhere() {
    let (_folder, runs) = runs().await;
    let run = "dropped";
    for _ in 0..40 {
        let mut library = numbered(6);
        let running = async { Digest.with(runs.run(run)).run(&mut library).await.map(drop) };
        let wait = Duration::from_micros(fastrand::u64(0..8_000));
        let _ = tokio::time::timeout(wait, running).await;
        let waiting = waiting(&runs).await;
        if let Some(inner) = fastrand::choice(&waiting) {
            runs.fill(inner, "approval#1", "\"Ada\"").await.unwrap();
        }
    }
    for inner in waiting(&runs).await {
        runs.fill(&inner, "approval#1", "\"Ada\"").await.unwrap();
    }
    let task = tokio::spawn({
        let run = runs.run(run);
        async move {
            let mut library = numbered(6);
            Digest.with(run).run(&mut library).await.unwrap();
            library
        }
    });
    while !task.is_finished() {
        for inner in waiting(&runs).await {
            let _ = runs.fill(&inner, "approval#1", "\"Ada\"").await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(task.await.unwrap().digest.is_some());
    let work = work_of(run);
    assert_eq!(work.len(), 13, "{work:?}");
}
