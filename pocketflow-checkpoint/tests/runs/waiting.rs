//! Runs that wait for an answer.

use std::future::Future;
use std::sync::{Arc, Mutex};

use pocketflow_checkpoint::engine::{Engine, Operation, Release};
use pocketflow_checkpoint::{Sqlite, StorageResult};

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
            wait: "approval#1".into(),
            outermost: None,
            until: None,
            attempt: None,
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

/// A storage that counts its calls.
#[derive(Clone)]
struct Counting {
    inner: Sqlite,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Engine for Counting {
    fn run<O: Operation>(
        &self,
        operation: O,
    ) -> impl Future<Output = StorageResult<O::Output>> + Send {
        self.calls.lock().unwrap().push(operation.describe());
        self.inner.run(operation)
    }

    fn release_in_background(&self, release: Release) {
        self.inner.release_in_background(release);
    }
}

#[tokio::test]
async fn a_fill_wakes_the_run_that_it_is_for_and_one_query_asks_about_all() {
    const RUNS: usize = 200;
    let (_folder, file) = file();
    let calls = Arc::<Mutex<Vec<String>>>::default();
    let storage = Counting {
        inner: Sqlite::open(&file).await.unwrap(),
        calls: calls.clone(),
    };
    let runs = Checkpoints::new(storage).poll(Duration::from_millis(5));
    let started: Vec<_> = (0..RUNS)
        .map(|number| {
            let run = runs.run(format!("run-{number}"));
            tokio::spawn(async move { Approve.with(run).run(&mut order()).await.map(drop) })
        })
        .collect();
    let elsewhere = Checkpoints::open(&file).await.unwrap();
    let waiting = async || elsewhere.list(Some(Status::Waiting)).await.unwrap().len();
    while waiting().await < RUNS {
        tokio::task::yield_now().await;
    }
    let count = |what: &str| {
        let calls = calls.lock().unwrap();
        calls.iter().filter(|call| call.starts_with(what)).count()
    };
    let asked = count("see whether");
    while count("see whether") < asked + 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    calls.lock().unwrap().clear();
    runs.fill("run-7", "approval#1", "true").await.unwrap();
    elsewhere.fill("run-8", "approval#1", "true").await.unwrap();
    while waiting().await > RUNS - 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Each of the two reads its record, and perhaps once more because the poller woke it too.
    let reads = count("read run");
    assert!((2..=6).contains(&reads), "{reads}: {calls:?}");
    assert!(count("look at the runs") >= 1);
    drop(runs);
    for run in started {
        run.abort();
        let _ = run.await;
    }
    // Nothing keeps the file open: the poller has ended with the last run.
    let wal = file.with_extension("db-wal");
    drop(elsewhere);
    let gone = async {
        while wal.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .unwrap();
}

#[test]
fn a_runtime_that_ends_leaves_the_poll_to_another() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let (_folder, file) = file();
    let open = async || Checkpoints::open(&file).await.unwrap();
    let runs = first.block_on(open()).poll(Duration::from_millis(5));
    let elsewhere = second.block_on(open());
    let wait = |on: &tokio::runtime::Runtime, id: &str| {
        let run = runs.run(id);
        let started = on.spawn(async move { Approve.with(run).run(&mut order()).await.map(drop) });
        second.block_on(async {
            while !elsewhere
                .list(Some(Status::Waiting))
                .await
                .unwrap()
                .iter()
                .any(|run| run.run == id)
            {
                tokio::task::yield_now().await;
            }
        });
        started
    };
    wait(&first, "first");
    let waits = wait(&second, "second");
    first.shutdown_timeout(Duration::from_secs(20));
    second.block_on(async {
        elsewhere
            .fill("second", "approval#1", "true")
            .await
            .unwrap();
        let done = tokio::time::timeout(Duration::from_secs(20), waits).await;
        done.unwrap().unwrap().unwrap();
    });
}
