//! Where a step is stored: in the thread of its run if it is alone there, and never where that would
//! hold up other tasks.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pocketflow_checkpoint::{NewRun, Retention, Sqlite, StateChange, Step, Storage};
use tempfile::TempDir;
use tokio::task::{LocalSet, spawn_local};

const LEASE: Duration = Duration::from_secs(600);

async fn open() -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    (folder, runs)
}

async fn begin(runs: &Sqlite, run: &str) {
    let new = NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "[]".into(),
    };
    runs.begin(run, run, LEASE, &new).await.unwrap();
}

fn step(step: u64) -> Step {
    Step {
        step,
        path: "F > a".into(),
        position: "[]".into(),
        action: "default".into(),
        graph: None,
        state: StateChange::some("{}"),
        inner_runs: false,
        attempts: false,
    }
}

/// Stores steps of a run until one needs no other thread, or so many. Its owner has the same name.
async fn at_once(runs: &Sqlite, run: &str, steps: u64) -> bool {
    for number in 1..=steps {
        let step = step(number);
        let mut commit = pin!(runs.commit(run, run, LEASE, &step, Retention::Last(2)));
        if poll(commit.as_mut()) {
            return true;
        }
        commit.await.unwrap();
    }
    false
}

/// Whether a future is done at once.
fn poll(future: Pin<&mut impl Future<Output = Result<(), impl std::fmt::Debug>>>) -> bool {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => {
            done.unwrap();
            true
        }
        Poll::Pending => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_is_alone_needs_no_other_thread() {
    let (_folder, runs) = open().await;
    begin(&runs, "main").await;
    assert!(at_once(&runs, "main", 1_000).await);
    begin(&runs, "task").await;
    let task = tokio::spawn({
        let runs = runs.clone();
        async move { at_once(&runs, "task", 1_000).await }
    });
    assert!(task.await.unwrap());
    // A step of another run is not alone.
    begin(&runs, "other").await;
    let step = step(2_000);
    let mut commit = pin!(runs.commit("main", "main", LEASE, &step, Retention::All));
    assert!(!poll(commit.as_mut()));
    commit.await.unwrap();
    assert_eq!(runs.show("main").await.unwrap().unwrap().step, 2_000);
}

#[tokio::test]
async fn a_current_thread_runtime_is_never_blocked() {
    let (_folder, runs) = open().await;
    begin(&runs, "r").await;
    assert!(!at_once(&runs, "r", 50).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_blocks_while_another_process_writes() {
    let (folder, runs) = open().await;
    begin(&runs, "r").await;
    assert!(at_once(&runs, "r", 1_000).await);
    let db = rusqlite::Connection::open(folder.path().join("runs.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let step = step(2_000);
    let mut commit = pin!(runs.commit("r", "r", LEASE, &step, Retention::All));
    assert!(!poll(commit.as_mut()));
    db.execute_batch("ROLLBACK").unwrap();
    commit.await.unwrap();
    assert_eq!(runs.show("r").await.unwrap().unwrap().step, 2_000);
}

/// `block_in_place` panics in a task of a `LocalSet`, whatever thread polls the set.
#[test]
fn a_local_set_is_not_blocked() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (_folder, runs) = runtime.block_on(open());
    let local = |runs: Sqlite, run: &'static str| async move {
        begin(&runs, run).await;
        assert!(!at_once(&runs, run, 30).await);
    };
    let set = LocalSet::new();
    let main = set.run_until({
        let runs = runs.clone();
        async move { spawn_local(local(runs, "main")).await.unwrap() }
    });
    runtime.block_on(main);
    // Threads that were workers poll sets.
    for round in 0..20 {
        let run: &'static str = format!("task {round}").leak();
        let runs = runs.clone();
        let workers = runtime.spawn(async move {
            begin(&runs, run).await;
            assert!(at_once(&runs, run, 1_000).await);
            let handle = tokio::runtime::Handle::current();
            let run: &'static str = format!("local {round}").leak();
            let set = move || {
                let set = LocalSet::new();
                set.spawn_local(local(runs, run));
                handle.block_on(set);
            };
            tokio::task::spawn_blocking(set).await.unwrap();
        });
        runtime.block_on(workers).unwrap();
    }
}
