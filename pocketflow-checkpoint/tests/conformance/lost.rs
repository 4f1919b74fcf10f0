//! What only a server can do: close a connection, have another version, or disappear.

use pocketflow_checkpoint::{Postgres, Retention, Storage, StorageError};
use tokio_postgres::NoTls;

use pocketflow_checkpoint::conformance::support::*;

pub(crate) fn config() -> String {
    std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres")
}

pub(crate) async fn admin() -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&config(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Returns when this many calls of an application wait for locks.
async fn waiting(admin: &tokio_postgres::Client, application: &str, calls: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
    loop {
        let row = admin.query_one(waiting, &[&application]).await.unwrap();
        if row.get::<_, i64>(0) >= calls {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        // Within a transaction, the server shows the same activity until its snapshot is cleared.
        let again = "SELECT pg_stat_clear_snapshot()";
        admin.batch_execute(again).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_lost_connection_is_an_error_once() {
    let name = "pocketflow-lost";
    let config = format!("{} application_name={name}", config());
    let storage = Postgres::connect_in(&config, "lost").await.unwrap();
    begin(&storage, "r", "me").await;
    let admin = admin().await;
    let end =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";

    // A closed connection has no effect while it is idle.
    admin.query_one(end, &[&name]).await.unwrap();
    storage
        .commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();

    // While a call waits for a row that another connection has locked, the call fails.
    admin
        .batch_execute("BEGIN; LOCK TABLE lost.runs IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let second = step(2);
    let call = async {
        fails!(storage.commit("r", "me", LONG, &second, Retention::All).await, Disconnected "postgres://" "step 2" "`r`")
    };
    let kill = async {
        waiting(&admin, name, 1).await;
        admin.query_one(end, &[&name]).await.unwrap();
        admin.batch_execute("ROLLBACK").await.unwrap();
    };
    let (error, ()) = tokio::join!(call, kill);
    assert!(std::error::Error::source(&error).is_some());

    // The next call succeeds.
    storage
        .commit("r", "me", LONG, &second, Retention::All)
        .await
        .unwrap();
    assert_eq!(show(&storage, "r").await.step, 2);
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_call_that_is_dropped_does_not_delay_the_next() {
    let storage = Postgres::connect_in(&config(), "dropped").await.unwrap();
    begin(&storage, "a", "me").await;
    begin(&storage, "b", "me").await;
    let admin = admin().await;
    let lock = "BEGIN; SELECT run FROM dropped.runs WHERE run = 'a' FOR UPDATE";
    admin.batch_execute(lock).await.unwrap();

    let (soon, first) = (std::time::Duration::from_millis(300), step(1));
    let waits = storage.commit("a", "me", LONG, &first, Retention::All);
    assert!(tokio::time::timeout(soon, waits).await.is_err());
    // The server still waits for the row, for as long as `lock_timeout`. The connection with that
    // transaction must not be used again.
    let long = std::time::Duration::from_secs(10);
    let other = storage.commit("b", "me", LONG, &first, Retention::All);
    tokio::time::timeout(long, other).await.unwrap().unwrap();

    admin.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(show(&storage, "a").await.step, 0);
    storage
        .commit("a", "me", LONG, &first, Retention::All)
        .await
        .unwrap();
    assert_eq!(show(&storage, "a").await.step, 1);
}

/// The server ends one of two transactions that wait for one another.
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_call_that_the_server_ends_for_another_is_done_again() {
    let name = "pocketflow-deadlock";
    let config = format!("{} application_name={name}", config());
    let storage = Postgres::connect_in(&config, "deadlock").await.unwrap();
    begin(&storage, "r", "me").await;
    let run = "r/1/documents[0]";
    inner(&storage, run, ("r", 1)).await;
    storage.wait(run, "me", &pause(0)).await.unwrap();
    let admin = admin().await;
    let lock = async |run: &str| {
        let lock = format!("SELECT run FROM deadlock.runs WHERE run = '{run}' FOR UPDATE");
        admin.batch_execute(&lock).await.unwrap();
    };

    admin.batch_execute("BEGIN").await.unwrap();
    lock(run).await;
    // The call has locked the outermost run, and waits for the inner one.
    let fill = storage.fill(run, "card#1", "1");
    let other = async {
        waiting(&admin, name, 1).await;
        lock("r").await;
        admin.batch_execute("COMMIT").await.unwrap();
    };
    let (filled, ()) = tokio::join!(fill, other);
    filled.unwrap();
    let value = storage.filled(run, "card#1").await.unwrap();
    assert_eq!(value.as_deref(), Some("1"));
}

/// All connections that may write wait for locks.
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_query_does_not_wait_for_writes() {
    let name = "pocketflow-crowded";
    let config = format!("{} application_name={name}", config());
    let storage = Postgres::connect_in(&config, "crowded").await.unwrap();
    begin(&storage, "r", "me").await;
    let admin = admin().await;
    let lock = "BEGIN; SELECT run FROM crowded.runs FOR UPDATE";
    admin.batch_execute(lock).await.unwrap();
    let writes: Vec<_> = (0..20)
        .map(|_| {
            let storage = storage.clone();
            tokio::spawn(async move { storage.renew("r", "me", LONG).await })
        })
        .collect();
    waiting(&admin, name, 8).await;
    let soon = std::time::Duration::from_secs(20);
    let shown = tokio::time::timeout(soon, storage.show("r")).await;
    assert_eq!(shown.unwrap().unwrap().unwrap().run, "r");
    admin.batch_execute("ROLLBACK").await.unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn what_is_not_ours_is_left_alone() {
    let admin = admin().await;
    admin
        .batch_execute("CREATE SCHEMA theirs; CREATE TABLE theirs.things (x INT)")
        .await
        .unwrap();
    fails!(Postgres::connect_in(&config(), "theirs").await, Foreign "`theirs`");

    drop(Postgres::connect_in(&config(), "newer").await.unwrap());
    admin
        .batch_execute("UPDATE newer.version SET version = 7")
        .await
        .unwrap();
    let error = fails!(Postgres::connect_in(&config(), "newer").await, Newer "7");
    assert!(matches!(error, StorageError::Newer { found: 7, .. }));
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_reader_creates_nothing_and_needs_no_rights() {
    let admin = admin().await;
    let reader = Postgres::options().schema("absent").create(false);
    fails!(reader.connect(&config()).await, Foreign "`absent`" "no tables of runs");
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'absent'";
    let count: i64 = admin.query_one(schemas, &[]).await.unwrap().get(0);
    assert_eq!(count, 0);

    let owner = Postgres::connect_in(&config(), "readable").await.unwrap();
    begin(&owner, "r", "me").await;
    owner
        .commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    admin
        .batch_execute(
            "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA readable TO reader; \
             GRANT SELECT ON ALL TABLES IN SCHEMA readable TO reader",
        )
        .await
        .unwrap();
    let reader = Postgres::options().schema("readable").create(false);
    let config = format!("{} user=reader", config());
    let reader = reader.connect(&config).await.unwrap();
    assert_eq!(reader.list(None).await.unwrap().len(), 1);
    // It does not wait for a transaction that has locked the run.
    admin
        .batch_execute("BEGIN; SELECT run FROM readable.runs FOR UPDATE")
        .await
        .unwrap();
    assert_eq!(show(&reader, "r").await.step, 1);
    assert_eq!(reader.history("r").await.unwrap().len(), 1);
    assert!(reader.checkpoint("r", 1).await.unwrap().is_some());
    assert_eq!(reader.filled("r", "card#1").await.unwrap(), None);
    assert_eq!(reader.items("r", 2).await.unwrap(), []);
    admin.batch_execute("ROLLBACK").await.unwrap();
    fails!(reader.release("r", "me").await, Forbidden "INSERT, UPDATE" "TO \"reader\"");

    admin
        .batch_execute("UPDATE readable.version SET version = 1")
        .await
        .unwrap();
    let older = Postgres::options().schema("readable").create(false);
    fails!(older.connect(&config).await, Older "schema 1");
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let error = Postgres::connect("postgres://me:secret@127.0.0.1:1/runs").await;
    let error = fails!(error, Unreachable "postgres://127.0.0.1:1/runs");
    assert!(!format!("{error} {error:?}").contains("secret"));
    fails!(
        Postgres::connect("postgres://me:secret@[").await,
        Unreachable
    );
    fails!(Postgres::connect("nonsense").await, Unreachable);
}
