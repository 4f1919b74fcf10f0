//! Runs that wait for an answer.

use super::*;

flow! {
    /// Asks, and records the answer.
    pub(crate) Approve {
        ask >> await(approval) >> note;
    }
}

#[tokio::test]
async fn a_parked_run_is_listed_filled_and_resumed_elsewhere() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let parked = Approve
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    assert_eq!(
        parked.cause().downcast_ref(),
        Some(&Parked {
            run: "a".into(),
            field: "approval".into(),
            wait: "approval#1".into()
        })
    );
    drop(runs);

    let elsewhere = Checkpoints::open(&file).await.unwrap();
    let waiting = elsewhere.list(Some(Status::Waiting)).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].run.as_str()), (1, "a"));
    assert!(matches!(
        elsewhere.fill("a", "left", "1").await,
        Err(StorageError::NotWaiting { .. })
    ));
    // The field is not filled, so the run is parked again.
    Approve
        .with(elsewhere.run("a").park())
        .run(&mut Order::default())
        .await
        .unwrap_err();

    elsewhere.fill("a", "approval", "\"maybe\"").await.unwrap();
    let wrong = Approve
        .with(elsewhere.run("a").park())
        .run(&mut Order::default())
        .await
        .unwrap_err();
    assert!(wrong.cause().is::<WrongValue>(), "{wrong:#}");
    assert_eq!(
        elsewhere.list(Some(Status::Waiting)).await.unwrap().len(),
        1,
        "it still waits"
    );

    elsewhere.fill("a", "approval", "true").await.unwrap();
    let mut order = Order::default();
    Approve
        .with(elsewhere.run("a").park())
        .run(&mut order)
        .await
        .unwrap();
    assert_eq!(
        (order.approval, order.left.as_deref()),
        (Some(true), Some("5 items?"))
    );
    assert_eq!(order.log, ["approved: true"]);
}

#[tokio::test]
async fn a_run_waits_in_memory_until_it_is_filled() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let run = runs.run("a");
    let waits = tokio::spawn(async move {
        let mut order = order();
        Approve.with(run).run(&mut order).await.map(|_| order)
    });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    runs.fill("a", "approval", "false").await.unwrap();
    assert_eq!(waits.await.unwrap().unwrap().log, ["approved: false"]);
}

#[tokio::test]
async fn an_answer_that_leaves_the_field_empty_is_refused() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    Approve
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    runs.fill("a", "approval", "null").await.unwrap();
    let wrong = Approve
        .with(runs.run("a").park())
        .run(&mut Order::default())
        .await
        .unwrap_err();
    assert!(wrong.cause().is::<WrongValue>(), "{wrong:#}");
    assert_eq!(runs.list(Some(Status::Waiting)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wait_in_memory_continues_after_a_wrong_answer() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    let run = runs.run("a");
    let waits = tokio::spawn(async move {
        let mut order = order();
        Approve.with(run).run(&mut order).await.map(|_| order)
    });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    for answer in ["\"maybe\"", "null"] {
        // Another process does not have the type, so the run rejects the value.
        let elsewhere = Checkpoints::open(&file).await.unwrap();
        while elsewhere.fill("a", "approval", answer).await.is_err() {
            tokio::task::yield_now().await;
        }
        // This process has the type.
        let error = runs.fill("a", "approval", answer).await.unwrap_err();
        assert!(matches!(error, StorageError::WrongValue { .. }), "{error}");
    }
    while let Err(error) = runs.fill_value("a", "approval", &true).await {
        assert!(
            matches!(error, StorageError::AlreadyFilled { .. }),
            "the run has not refused the last yet: {error}"
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(waits.await.unwrap().unwrap().log, ["approved: true"]);
}

#[tokio::test]
async fn a_run_that_resumes_elsewhere_ends_the_other_wait_and_stays_intact() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file)
        .await
        .unwrap()
        .poll(Duration::from_millis(1));
    let run = runs.run("a");
    let waits = tokio::spawn(async move { Approve.with(run).run(&mut order()).await.map(drop) });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    // Another process starts the run, so it is filled and finished there before the first process
    // learns of it.
    let elsewhere = Checkpoints::open(&file).await.unwrap();
    let mut order = Order::default();
    let other = async {
        let filled = async {
            while elsewhere.fill("a", "approval", "true").await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let (run, ()) = tokio::join!(Approve.with(elsewhere.run("a")).run(&mut order), filled);
        run
    };
    let (other, first) = (other.await, waits.await.unwrap());
    for outcome in [other.map(drop), first] {
        let Err(error) = outcome else { continue };
        assert!(
            error.cause().is::<MovedOn>(),
            "one of the two resumes the run, and the other says why it does not: {error:#}"
        );
    }
    assert_eq!(
        runs.list(Some(Status::Finished)).await.unwrap().len(),
        1,
        "it is finished once, and did not fail"
    );
}
