//! Deadlines and sleeps of durable runs: they survive restarts, and clocks that jump.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use pocketflow::{Error, Shared, flow, node};
use pocketflow_checkpoint::{Status, Storage, StorageError};
use serde::{Deserialize, Serialize};

use crate::clock::{DAY, HOUR, is_in, parked, process};

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Article {
    text: Option<String>,
    approval: Option<String>,
    state: Vec<String>,
}

#[node(Article, writes = text)]
fn draft() -> String {
    "rain".into()
}

#[node(Article, appends = state)]
fn publish(text: &str, approval: &str) -> Vec<String> {
    vec![format!("{text}, by {approval}")]
}

#[node(Article, appends = state)]
fn escalate(text: &str, approval: Option<&str>) -> Vec<String> {
    vec![format!("{text}, {approval:?}")]
}

flow! {
    Publish {
        draft >> await(approval, within = "3d") >> publish;
        await(approval) - "expired" >> escalate;
    }
}

mod later {
    use super::*;

    flow! {
        /// The same flow in a later version of the program.
        pub(super) Publish {
            draft >> await(approval, within = "30d") >> publish;
            await(approval) - "expired" >> escalate;
        }
    }
}

flow! {
    Slow {
        draft >> pause >> escalate;

        pause: sleep("1h");
    }
}

flow! {
    /// What a test can wait for.
    Fast {
        draft >> pause >> await(approval, within = "5ms") >> publish;
        await(approval) - "expired" >> escalate;

        pause: sleep("5ms");
    }
}

/// Runs the flow until it waits, and returns until when.
macro_rules! parks {
    ($flow:expr, $file:expr, $ahead:expr) => {{
        let runs = process($file, $ahead).await;
        let run = $flow
            .with(runs.run("a").park())
            .run(&mut Article::default())
            .await;
        parked(&run.unwrap_err()).until.unwrap()
    }};
}

/// Runs the flow to its end, and returns what it has done.
macro_rules! ends {
    ($flow:expr, $file:expr, $ahead:expr) => {{
        let runs = process($file, $ahead).await;
        let mut article = Article::default();
        $flow
            .with(runs.run("a").park())
            .run(&mut article)
            .await
            .unwrap();
        article
    }};
}

#[tokio::test]
async fn a_deadline_survives_restarts_and_another_version_of_the_flow() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    let until = parks!(Publish, file, 0);
    assert!(is_in(until, 3 * DAY));
    assert_eq!(parks!(Publish, file, DAY), until);
    assert_eq!(parks!(later::Publish, file, 3 * DAY - HOUR), until);
    let article = ends!(later::Publish, file, 3 * DAY + HOUR);
    assert_eq!(article.state, ["rain, None"]);
    assert_eq!(article.approval, None);

    let runs = process(file, 0).await;
    let error = runs.fill("a", "approval#1", "\"Ada\"").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`approval#1` of run `a` is closed: its deadline passed before it was filled"
    );
    let history = runs.history("a").await.unwrap();
    let actions: Vec<_> = history.iter().map(|step| &*step.action).collect();
    assert_eq!(actions, ["default", "expired", "default"]);
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_a_wait_no_shorter_and_lets_it_expire_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    let until = parks!(Publish, file, 0);
    assert_eq!(parks!(Publish, file, -10 * DAY), until);
    assert_eq!(parks!(Publish, file, 2 * DAY), until);

    // The process dies after the wait has expired, and before the step is stored. Then the clock goes
    // back.
    let runs = process(file, 4 * DAY).await;
    runs.storage()
        .begin("a", "dies", Duration::ZERO, &new())
        .await
        .unwrap();
    let stored = runs.storage().show("a").await.unwrap().unwrap();
    let pause = pause(&stored.position);
    let wait = runs.storage().wait("a", "dies", &pause).await.unwrap();
    assert!(wait.expired);
    runs.storage().release("a", "dies").await.unwrap();
    assert_eq!(ends!(Publish, file, -10 * DAY).state, ["rain, None"]);
}

fn new() -> pocketflow_checkpoint::NewRun {
    pocketflow_checkpoint::NewRun {
        flow: "Publish".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "null".into(),
    }
}

/// What the driver stores at the `await`.
fn pause(position: &str) -> pocketflow_checkpoint::Pause<'_> {
    pocketflow_checkpoint::Pause {
        step: 1,
        field: "approval",
        within: Some(Duration::from_secs(3 * 86_400)),
        position,
        graph: None,
        state: pocketflow_checkpoint::StateChange::some("{}"),
        refused: None,
    }
}

#[tokio::test]
async fn a_value_that_comes_before_the_expiry_is_stored_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    parks!(Publish, file, 0);
    let late = process(file, 5 * DAY).await;
    late.fill_value("a", "approval", "Ada").await.unwrap();
    let listed = late.list(None).await.unwrap();
    assert_eq!((listed[0].filled, listed[0].until), (true, None));
    assert_eq!(ends!(Publish, file, 6 * DAY).state, ["rain, by Ada"]);
}

#[tokio::test]
async fn a_run_sleeps_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    let until = parks!(Slow, file, 0);
    assert!(is_in(until, HOUR));
    let runs = process(file, 0).await;
    let listed = runs.list(Some(Status::Waiting)).await.unwrap();
    assert_eq!(
        (&listed[0].waits_for, listed[0].until),
        (&None, Some(until))
    );
    let error = runs.fill("a", "approval", "1").await.unwrap_err();
    assert!(matches!(error, StorageError::NotWaiting { .. }), "{error}");

    assert_eq!(parks!(Slow, file, HOUR / 2), until);
    assert_eq!(ends!(Slow, file, HOUR + 60_000).state, ["rain, None"]);
}

#[tokio::test]
async fn what_a_parked_run_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    let runs = process(file, 0).await;
    let says = |error: Error| error.cause().to_string();
    let slow = Slow
        .with(runs.run("slow").park())
        .run(&mut Article::default())
        .await;
    let slow = says(slow.unwrap_err());
    assert!(slow.starts_with("run `slow` sleeps until 2"), "{slow}");
    assert!(slow.ends_with("Z: run it again then"), "{slow}");
    let waits = Publish
        .with(runs.run("waits").park())
        .run(&mut Article::default())
        .await;
    let waits = says(waits.unwrap_err());
    assert!(
        waits.starts_with("run `waits` waits for `approval#1` until 2"),
        "{waits}"
    );
    assert!(
        waits.ends_with("Z: fill it, or let it expire, and run it again"),
        "{waits}"
    );
}

#[tokio::test]
async fn in_memory_a_run_sleeps_and_expires_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    let runs = process(file, 0).await;
    let mut article = Article::default();
    Fast.with(runs.run("a")).run(&mut article).await.unwrap();
    assert_eq!(article.state, ["rain, None"]);

    // A wait with a deadline is filled as any other.
    let waits = tokio::spawn({
        let run = runs.run("b");
        async move {
            let mut article = Article::default();
            Publish.with(run).run(&mut article).await.map(|_| article)
        }
    });
    while !matches!(runs.fill_value("b", "approval", "Ada").await, Ok(())) {
        tokio::task::yield_now().await;
    }
    assert_eq!(waits.await.unwrap().unwrap().state, ["rain, by Ada"]);
}

#[tokio::test]
async fn a_worker_takes_up_what_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("runs.db");
    let runs = process(file, 0).await;
    let worker = || runs.worker().flow(Publish).flow(Slow);
    runs.enqueue("waits", &Publish, Article::default())
        .await
        .unwrap();
    runs.enqueue("sleeps", &Slow, Article::default())
        .await
        .unwrap();
    for (ahead, waits, sleeps) in [
        (0, Status::Waiting, Status::Waiting),
        (HOUR - 60_000, Status::Waiting, Status::Waiting),
        (HOUR + 60_000, Status::Waiting, Status::Finished),
        (3 * DAY - 60_000, Status::Waiting, Status::Finished),
        (3 * DAY + 60_000, Status::Finished, Status::Finished),
    ] {
        runs.storage().ahead.store(ahead, SeqCst);
        worker().run_until_idle().await.unwrap();
        let mut found = runs.list(None).await.unwrap();
        found.sort_by(|a, b| a.run.cmp(&b.run));
        let found: Vec<_> = found.iter().map(|run| run.status).collect();
        assert_eq!(found, [sleeps, waits], "{ahead}");
    }
    let state: Article = runs.state_at("waits", 3).await.unwrap().unwrap();
    assert_eq!(state.state, ["rain, None"]);
}

#[tokio::test]
async fn a_worker_looks_for_what_is_due_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let runs = process(&folder.path().join("runs.db"), 0).await;
    let runs = runs.poll(Duration::from_millis(1));
    runs.enqueue("a", &Fast, Article::default()).await.unwrap();
    let finished = async {
        while runs.list(Some(Status::Finished)).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    runs.worker().flow(Fast).run_until(finished).await.unwrap();
    let state: Article = runs.state_at("a", 4).await.unwrap().unwrap();
    assert_eq!(state.state, ["rain, None"]);
}
