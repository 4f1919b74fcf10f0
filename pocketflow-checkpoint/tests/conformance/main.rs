//! One suite for what every engine must do. It always runs on SQLite and on the smallest engine. It
//! also runs on the PostgreSQL server of `POCKETFLOW_POSTGRES` with `scripts/with-postgres cargo
//! test -p pocketflow-checkpoint --features postgres --test conformance -- --include-ignored`.
//!
//! Each test gets two connections to one new database.

#[cfg(feature = "postgres")]
mod heard;
#[cfg(feature = "postgres")]
mod lost;
#[cfg(feature = "postgres")]
mod rights;
mod smallest;

mod sqlite {
    use pocketflow_checkpoint::Sqlite;

    async fn open(_: &str) -> (tempfile::TempDir, [Sqlite; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let storages = [
            Sqlite::open(&file).await.unwrap(),
            Sqlite::open(&file).await.unwrap(),
        ];
        (folder, storages)
    }

    pocketflow_checkpoint::conformance_tests!(open);
}

#[cfg(feature = "postgres")]
mod postgres {
    use pocketflow_checkpoint::Postgres;

    /// Each test has its own schema. The server is discarded afterwards.
    async fn open(test: &str) -> ((), [Postgres; 2]) {
        let config = std::env::var("POCKETFLOW_POSTGRES")
            .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres");
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
        let schema = format!("{} {now} \"x\"", &test[..test.len().min(30)]);
        let (a, b) = tokio::join!(
            Postgres::connect_in(&config, &schema),
            Postgres::connect_in(&config, &schema)
        );
        ((), [a.unwrap(), b.unwrap()])
    }

    pocketflow_checkpoint::conformance_tests! {
        #[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
        open
    }
}
