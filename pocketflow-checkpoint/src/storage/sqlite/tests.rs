//! Tests of private items.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures_util::future::poll_immediate;
use rusqlite::Connection;

use super::Sqlite;
use crate::storage::{
    NewRun, Pause, Retention, StateChange, Status, Step, Storage, sql, stored_state,
};

#[tokio::test]
async fn waiting_runs_are_listed_by_the_index_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let runs = Sqlite::open(&path).await.unwrap();
    let new = NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "[]".into(),
    };
    for number in 0..1000 {
        let run = format!("r{number}");
        runs.begin(&run, "me", Duration::ZERO, &new).await.unwrap();
        runs.wait(
            &run,
            "me",
            &Pause {
                step: 0,
                field: "card",
                within: None,
                position: "[]",
                graph: None,
                state: StateChange::some("{}"),
                refused: None,
            },
        )
        .await
        .unwrap();
    }
    assert_eq!(runs.list(Some(Status::Waiting)).await.unwrap().len(), 1000);
    let db = Connection::open(&path).unwrap();
    let mut plan = db
        .prepare(&format!("EXPLAIN QUERY PLAN {}", sql::LIST))
        .unwrap();
    let steps: Vec<String> = plan
        .query_map(["waiting"], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(
        steps[0].contains("USING INDEX runs_status (status=?)"),
        "{steps:?}"
    );
    assert!(steps.iter().all(|step| !step.contains("SCAN")), "{steps:?}");
}

/// The long texts in the file, and those that its states refer to.
fn texts(path: &Path) -> [Vec<(String, String, i64)>; 2] {
    let db = Connection::open(path).unwrap();
    let rows = |sql: &str| -> Vec<(String, i64, String)> {
        let mut rows = db.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    let kept = rows("SELECT run, version, name FROM texts ORDER BY run, name, version");
    let kept = kept
        .into_iter()
        .map(|(run, version, name)| (run, name, version));
    let used =
        rows("SELECT run, graph, state FROM runs UNION SELECT run, graph, state FROM checkpoints");
    let used: BTreeSet<_> = used
        .into_iter()
        .flat_map(|(run, graph, state)| {
            let mut used = stored_state::references(&state);
            used.insert((String::new(), graph));
            let used = used.into_iter();
            used.map(move |(name, version)| (run.clone(), name, version))
        })
        .collect();
    [kept.collect(), used.into_iter().collect()]
}

/// Whatever a run stores, each text is there once and goes with the last state that has it.
#[tokio::test]
async fn a_text_stays_as_long_as_a_state_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let runs = Sqlite::open(&path).await.unwrap();
    let lease = Duration::from_secs(60);
    for round in 0..15 {
        let run = format!("r{round}");
        let new = NewRun {
            flow: "F".into(),
            graph: "{}".into(),
            state: "{}".into(),
            position: "[]".into(),
        };
        runs.begin(&run, "me", lease, &new).await.unwrap();
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut history: BTreeMap<u64, String> = BTreeMap::new();
        let json = |fields: &BTreeMap<String, String>| {
            let fields = fields
                .iter()
                .map(|(name, text)| format!("\"{name}\":{text}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        };
        let sorted = |state: &str| -> serde_json::Value { serde_json::from_str(state).unwrap() };
        let mut step = 0;
        for _ in 0..fastrand::usize(1..25) {
            let changed = (0..4).filter(|_| fastrand::u8(..3) == 0).map(|name| {
                let length = [1, 300][fastrand::usize(..2)] + fastrand::usize(..9);
                (format!("f{name}"), format!("\"{}\"", "x".repeat(length)))
            });
            let changed: BTreeMap<_, _> = changed.collect();
            let state = match fastrand::u8(..6) {
                0 => {
                    fields.clone_from(&changed);
                    StateChange::all(json(&changed))
                }
                _ => {
                    fields.extend(changed.clone());
                    StateChange::some(json(&changed))
                }
            };
            let graph = (fastrand::u8(..8) == 0).then(|| format!("{{\"g\":{step}}}"));
            match fastrand::u8(..8) {
                0 => {
                    let pause = Pause {
                        step,
                        field: "card",
                        within: None,
                        position: "[]",
                        graph: graph.as_deref(),
                        state,
                        refused: None,
                    };
                    runs.wait(&run, "me", &pause).await.unwrap();
                    runs.begin(&run, "me", lease, &new).await.unwrap();
                }
                // Once more, or the next one.
                again => {
                    step += u64::from(again > 1 || step == 0);
                    let stored = Step {
                        inner_runs: false,
                        attempts: false,
                        step,
                        path: "F > a".into(),
                        position: "[]".into(),
                        action: "default".into(),
                        graph,
                        state,
                    };
                    let keep = match fastrand::u8(..6) {
                        0 => Retention::All,
                        1 => Retention::None,
                        last => Retention::Last(last.into()),
                    };
                    history.insert(step, json(&fields));
                    runs.commit(&run, "me", lease, &stored, keep).await.unwrap();
                    let kept = runs.history(&run).await.unwrap();
                    history.retain(|step, _| kept.iter().any(|kept| kept.step == *step));
                }
            }
            let shown = runs.show(&run).await.unwrap().unwrap().state;
            assert_eq!(sorted(&shown), sorted(&json(&fields)));
            for (step, state) in &history {
                let kept = runs.checkpoint(&run, *step).await.unwrap().unwrap();
                assert_eq!(sorted(&kept.state), sorted(state), "step {step}");
            }
            let [kept, used] = texts(&path);
            assert_eq!(kept, used);
        }
        if let Some(step) = history.keys().next() {
            runs.fork(&run, *step, &format!("fork of {run}"))
                .await
                .unwrap();
        }
        runs.finish(&run, "me", "done", &StateChange::some(r#"{"f0":1}"#))
            .await
            .unwrap();
    }
    let [kept, used] = texts(&path);
    assert_eq!(kept, used);
}

#[tokio::test]
async fn the_version_of_a_file_stays_as_long_as_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let (a, b) = (
        Sqlite::open(&path).await.unwrap(),
        Sqlite::open(&path).await.unwrap(),
    );
    let version = async || a.version().await.unwrap().unwrap();
    let first = version().await;
    a.list(None).await.unwrap();
    b.list(None).await.unwrap();
    assert_eq!(version().await, first);
    let new = NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "[]".into(),
    };
    b.begin("r", "me", Duration::ZERO, &new).await.unwrap();
    assert_ne!(version().await, first);
}

/// Another process has locked the file, so the write waits.
#[tokio::test]
async fn a_query_does_not_wait_for_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let runs = Sqlite::open(&path).await.unwrap();
    let new = NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "[]".into(),
    };
    let lease = Duration::from_secs(60);
    runs.begin("r", "me", lease, &new).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let mut write = std::pin::pin!(runs.cancel("r"));
    assert!(poll_immediate(&mut write).await.is_none());
    let soon = Duration::from_secs(20);
    for _ in 0..2 {
        let shown = tokio::time::timeout(soon, runs.show("r"));
        assert_eq!(
            shown.await.unwrap().unwrap().unwrap().status,
            Status::Running
        );
        let listed = tokio::time::timeout(soon, runs.list(None));
        assert_eq!(listed.await.unwrap().unwrap().len(), 1);
    }
    assert!(poll_immediate(&mut write).await.is_none());

    other.execute_batch("ROLLBACK").unwrap();
    write.await.unwrap();
    assert_eq!(
        runs.show("r").await.unwrap().unwrap().status,
        Status::Cancelled
    );

    // What nobody waits for comes before a later query.
    runs.retry("r").await.unwrap();
    runs.begin("r", "you", lease, &new).await.unwrap();
    for _ in 0..100 {
        let write = std::pin::pin!(runs.renew("r", "you", lease));
        assert!(poll_immediate(write).await.is_none());
    }
    runs.release_later("r", "you");
    assert_eq!(runs.show("r").await.unwrap().unwrap().owner, None);

    // The file is closed with its log, whichever connection is last.
    runs.clone().close().await;
    drop(other);
    assert!(!folder.path().join("runs.db-wal").exists());
}
