//! Upgrades a database that an older version wrote: `old/version-1.db`, and `old/version-1.sql` for
//! PostgreSQL. `old/version-2.*.sql` make databases of version 2 of them. Version 3 is what this version
//! makes of version 2, without the table of attempts. All hold the same five runs of this flow: one is
//! finished, one waits, one waits and has been filled, one failed in its batch, and one died there.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Parked, Sqlite, Status, Storage, StorageError};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Debug, PartialEq, Serialize, Deserialize)]
struct Article {
    topic: String,
    items: Vec<u32>,
    price: f64,
    sums: Option<Vec<u32>>,
    approval: Option<String>,
    text: Option<String>,
}

#[node(Article, appends = topic)]
fn draft(price: &f64) -> String {
    format!(" for {price}")
}

/// The items that were added up. Only one test at a time uses them.
static ADDED: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[node(Article, writes = sums)]
async fn sum(#[each(items)] item: &u32) -> Result<u32, String> {
    ADDED.lock().unwrap().push(*item);
    Ok(item * 10)
}

#[node(Article, writes = text)]
fn publish(topic: &str, approval: &str, sums: &[u32]) -> String {
    format!("{topic}, {sums:?}, approved by {approval}")
}

flow! { Write { draft >> sum >> await(approval) >> publish; } }

fn article() -> Article {
    Article {
        topic: "rain".into(),
        items: vec![1, 2, 3, 4, 5],
        price: 0.1 + 0.2,
        ..Default::default()
    }
}

/// All runs of the old database end as they would have ended with the old version.
async fn resumes<S: Storage>(storage: S, was_version_2: bool) {
    let _one = ONE.lock().await;
    let runs = Checkpoints::new(storage);
    let list = runs.list(None).await.unwrap();
    let status = |run: &str| {
        let run = list.iter().find(|found| found.run == run).unwrap();
        (run.status, run.step, run.wait.as_deref(), run.filled)
    };
    assert_eq!(list.len(), 5);
    for step in 1..=4 {
        let kept = runs.storage().checkpoint("finished", step).await.unwrap();
        let kept = kept.unwrap();
        let other = kept.graph == r#"{"flow":"another"}"#;
        assert_eq!(other, step == 2 && was_version_2, "{}", kept.graph);
        assert!(other || kept.graph.starts_with(r#"{"flow":{"name":"Write""#));
        assert_eq!(kept.state.contains(r#""approval":"Ada""#), step > 2);
    }
    assert_eq!(status("finished"), (Status::Finished, 4, None, false));
    assert_eq!(
        status("waiting"),
        (Status::Waiting, 2, Some("approval#1"), false)
    );
    assert_eq!(
        status("filled"),
        (Status::Waiting, 2, Some("approval#1"), true)
    );
    assert_eq!(status("failed"), (Status::Failed, 1, None, false));
    assert_eq!(status("died"), (Status::Running, 1, None, false));
    assert!(matches!(
        runs.fill("filled", "approval#1", "\"Eve\"").await,
        Err(StorageError::AlreadyFilled { .. })
    ));

    ADDED.lock().unwrap().clear();
    runs.fill("waiting", "approval#1", "\"Ada\"").await.unwrap();
    // A status that the old version did not have.
    runs.cancel("failed").await.unwrap();
    runs.retry("failed").await.unwrap();
    for run in ["failed", "died"] {
        // It is unknown whether a process of the old version is still alive, so its lease has to
        // expire.
        let parked = Write
            .with(runs.run(run).park())
            .run(&mut article())
            .await
            .unwrap_err();
        assert!(parked.cause().is::<Parked>(), "{parked:#}");
        runs.fill(run, "approval", "\"Ada\"").await.unwrap();
    }
    assert_eq!(
        *ADDED.lock().unwrap(),
        [4, 5, 4, 5],
        "what was kept is not done again"
    );
    for run in ["finished", "waiting", "filled", "failed", "died"] {
        let mut article = article();
        Write.with(runs.run(run)).run(&mut article).await.unwrap();
        assert_eq!(
            article.text.as_deref(),
            Some("rain for 0.30000000000000004, [10, 20, 30, 40, 50], approved by Ada"),
            "{run}"
        );
        assert_eq!(article.price.to_bits(), (0.1_f64 + 0.2).to_bits());
    }
    assert_eq!(runs.list(Some(Status::Finished)).await.unwrap().len(), 5);
    runs.fork("finished", 2, "fork").await.unwrap();
    let fork = runs.storage().show("fork").await.unwrap().unwrap();
    assert_eq!(
        fork.state,
        r#"{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":null,"text":null}"#
    );
}

/// Makes a database of version 3 of one of this version.
const DOWN_TO_3: &str = "DROP TABLE attempts;";

/// A file that an older version wrote.
async fn old_file(folder: &Path, version: i64) -> PathBuf {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old");
    let file = folder.join("runs.db");
    std::fs::copy(old.join("version-1.db"), &file).unwrap();
    if version >= 2 {
        let sql = std::fs::read_to_string(old.join("version-2.sqlite.sql")).unwrap();
        let db = rusqlite::Connection::open(&file).unwrap();
        db.execute_batch(&sql).unwrap();
    }
    if version == 3 {
        Sqlite::open(&file).await.unwrap().close().await;
        let db = rusqlite::Connection::open(&file).unwrap();
        db.execute_batch(&format!("{DOWN_TO_3} PRAGMA user_version = 3;"))
            .unwrap();
    }
    file
}

/// The new version waits 30 s for an owner whose lease the old version did not release. The test
/// moves that time to the past.
async fn a_file_is_upgraded(from: i64) {
    let folder = tempfile::tempdir().unwrap();
    let file = old_file(folder.path(), from).await;
    let version = |file| {
        let db = rusqlite::Connection::open(file).unwrap();
        db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(version(&file), from);
    Sqlite::open(&file).await.unwrap().close().await;
    assert_eq!(version(&file), 4);
    let db = rusqlite::Connection::open(&file).unwrap();
    let (check, orphans) = (
        "PRAGMA integrity_check",
        "SELECT count(*) FROM pragma_foreign_key_check",
    );
    assert_eq!(
        db.query_row(check, [], |row| row.get::<_, String>(0))
            .unwrap(),
        "ok"
    );
    assert_eq!(
        db.query_row(orphans, [], |row| row.get::<_, i64>(0))
            .unwrap(),
        0
    );
    // The columns and their order are the same as in a new file, for users of `sqlite3`.
    let new = folder.path().join("new.db");
    Sqlite::open(&new).await.unwrap().close().await;
    let columns = |db: &rusqlite::Connection| {
        let columns = "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' ORDER BY m.name, c.cid";
        let mut columns = db.prepare(columns).unwrap();
        let read = |row: &rusqlite::Row<'_>| {
            Ok(format!(
                "{:?}",
                (
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, i64>(3)?
                )
            ))
        };
        columns
            .query_map([], read)
            .unwrap()
            .collect::<Result<Vec<_>, _>>()
            .unwrap()
    };
    assert_eq!(
        columns(&db),
        columns(&rusqlite::Connection::open(&new).unwrap())
    );
    db.execute("UPDATE runs SET lease = 0 WHERE run = 'died'", [])
        .unwrap();
    drop(db);
    resumes(Sqlite::open(&file).await.unwrap(), from >= 2).await;
}

#[tokio::test]
async fn a_file_of_the_previous_version_is_upgraded() {
    a_file_is_upgraded(3).await;
}

#[tokio::test]
async fn a_file_of_an_older_version_is_upgraded() {
    for version in [2, 1] {
        a_file_is_upgraded(version).await;
    }
}

/// If a process is killed during the upgrade, the file keeps the old version.
#[tokio::test]
async fn an_upgrade_that_fails_leaves_the_file_as_it_was() {
    for version in [1, 2, 3] {
        an_upgrade_fails(version).await;
    }
}

async fn an_upgrade_fails(from: i64) {
    let folder = tempfile::tempdir().unwrap();
    let file = old_file(folder.path(), from).await;
    // The upgrade meets a table that is in the way, halfway through.
    let in_the_way = match from {
        3 => "attempts",
        _ => "new_checkpoints",
    };
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute_batch(&format!("CREATE TABLE {in_the_way} (x)"))
        .unwrap();
    drop(db);
    let before = std::fs::read(&file).unwrap();
    let error = Sqlite::open(&file).await.unwrap_err();
    assert!(matches!(error, StorageError::Engine { .. }), "{error:?}");
    assert!(before == std::fs::read(&file).unwrap(), "it has changed");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute_batch(&format!("DROP TABLE {in_the_way}"))
        .unwrap();
    drop(db);
    Sqlite::open(&file).await.unwrap();
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_server_of_the_previous_version_is_upgraded() {
    // A later version takes the schema of an earlier one over.
    for version in [3, 2, 1] {
        a_server_is_upgraded(version).await;
    }
}

#[cfg(feature = "postgres")]
async fn a_server_is_upgraded(from: i64) {
    let old = format!("version_{from}");
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: see scripts/with-postgres");
    let (admin, connection) = tokio_postgres::connect(&config, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    admin
        .batch_execute(include_str!("old/version-1.sql"))
        .await
        .unwrap();
    if from >= 2 {
        let sql = include_str!("old/version-2.postgres.sql");
        admin.batch_execute(sql).await.unwrap();
    }
    if from == 3 {
        let connect = pocketflow_checkpoint::Postgres::connect_in(&config, "version_2");
        drop(connect.await.unwrap());
        let down = DOWN_TO_3.replace("attempts", "version_2.attempts");
        let rename =
            "UPDATE version_2.version SET version = 3; ALTER SCHEMA version_2 RENAME TO version_3";
        admin
            .batch_execute(&format!("{down} {rename}"))
            .await
            .unwrap();
    }
    let (a, b) = tokio::join!(
        pocketflow_checkpoint::Postgres::connect_in(&config, &old),
        pocketflow_checkpoint::Postgres::connect_in(&config, &old)
    );
    drop(a.unwrap());
    let version: i64 = admin
        .query_one(&format!("SELECT version FROM {old}.version"), &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(version, 4);
    drop(
        pocketflow_checkpoint::Postgres::connect_in(&config, "version_4")
            .await
            .unwrap(),
    );
    let columns = async |schema: &str| {
        let columns = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, collation_name) \
             FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1";
        let columns = admin.query(columns, &[&schema]).await.unwrap();
        columns
            .iter()
            .map(|row| row.get::<_, String>(0))
            .collect::<Vec<_>>()
    };
    assert_eq!(columns(&old).await, columns("version_4").await);
    admin
        .execute(&format!("UPDATE {old}.runs SET lease_until = 0"), &[])
        .await
        .unwrap();
    resumes(b.unwrap(), from >= 2).await;
}
