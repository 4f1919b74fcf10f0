//! A run that another process drives, or that cannot start.

use super::*;

#[node(Order)]
async fn for_ever(items: &[u32]) {
    std::future::pending::<()>().await;
    drop(items.to_vec());
}

flow! { Stuck { for_ever; } }

#[tokio::test]
async fn a_run_that_is_alive_is_not_run_twice_and_one_that_is_dropped_is_free() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let run = runs.run("a");
    let alive = tokio::spawn(async move { Stuck.with(run).run(&mut order()).await.map(drop) });
    while runs.list(Some(Status::Running)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let error = Stuck
        .with(runs.run("a"))
        .run(&mut order())
        .await
        .unwrap_err();
    let cause = error.cause().downcast_ref::<StorageError>();
    assert!(
        matches!(cause, Some(StorageError::Alive { run, .. }) if run == "a"),
        "{error:#}"
    );

    alive.abort();
    let _ = alive.await;
    // A separate task gives its lease back.
    while runs
        .storage()
        .show("a")
        .await
        .unwrap()
        .unwrap()
        .owner
        .is_some()
    {
        tokio::task::yield_now().await;
    }
    let again = tokio::time::timeout(
        Duration::from_millis(50),
        Stuck.with(runs.run("a")).run(&mut order()),
    )
    .await;
    assert!(again.is_err(), "it runs");
}

flow! {
    /// Receives the value that it records.
    NotedFor(approval) {
        note;
    }
}

#[tokio::test]
async fn a_run_that_cannot_begin_holds_no_lease() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let error = NotedFor
        .with(runs.run("a"))
        .run(&mut order())
        .await
        .unwrap_err();
    assert!(error.cause().is::<pocketflow::EmptyField>(), "{error:#}");
    while runs
        .storage()
        .show("a")
        .await
        .unwrap()
        .unwrap()
        .owner
        .is_some()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        runs.storage().show("a").await.unwrap().unwrap().status,
        Status::Running,
        "it has not failed"
    );
}

#[tokio::test]
async fn a_run_whose_lease_is_lost_stops_and_says_who_has_it() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file)
        .await
        .unwrap()
        .lease(Duration::ZERO);
    let run = runs.run("a");
    let lost = tokio::spawn(async move { Stuck.with(run).run(&mut order()).await.map(drop) });
    while runs.list(Some(Status::Running)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let other = runs.run("a");
    let taken = tokio::spawn(async move { Stuck.with(other).run(&mut order()).await.map(drop) });
    let error = lost.await.unwrap().unwrap_err();
    assert!(
        matches!(
            error.cause().downcast_ref(),
            Some(StorageError::LeaseLost { .. })
        ),
        "{error:#}"
    );
    assert_eq!(
        runs.list(Some(Status::Running)).await.unwrap().len(),
        1,
        "another process drives it"
    );
    taken.abort();
}
