//! Tests of private items.

use std::time::Duration;

use rusqlite::Connection;

use super::Sqlite;
use crate::storage::{NewRun, Pause, Status, Storage, sql};

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
                position: "[]",
                graph: "{}",
                state: "{}",
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
