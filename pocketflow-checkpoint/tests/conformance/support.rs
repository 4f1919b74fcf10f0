//! Connections, and data to store.

use std::time::Duration;

use pocketflow_checkpoint::{BeginOutcome, NewRun, RunRecord, Sqlite, Step, Storage};

pub(crate) const LONG: Duration = Duration::from_secs(600);
/// A lease that has run out when it begins.
pub(crate) const OVER: Duration = Duration::ZERO;

pub(crate) async fn sqlite(folder: &tempfile::TempDir) -> [Sqlite; 2] {
    let file = folder.path().join("runs.db");
    [
        Sqlite::open(&file).await.unwrap(),
        Sqlite::open(&file).await.unwrap(),
    ]
}

/// A schema of its own for each test: the server is thrown away after them.
#[cfg(feature = "postgres")]
pub(crate) async fn postgres(test: &str) -> [pocketflow_checkpoint::Postgres; 2] {
    use pocketflow_checkpoint::Postgres;
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
    let schema = format!("{} {now} \"x\"", &test[..test.len().min(30)]);
    let (a, b) = tokio::join!(
        Postgres::connect_in(&config, &schema),
        Postgres::connect_in(&config, &schema)
    );
    [a.unwrap(), b.unwrap()]
}

pub(crate) fn new() -> NewRun {
    NewRun {
        flow: "Checkout".into(),
        graph: r#"{"nodes":["review","pay"]}"#.into(),
        state: r#"{"total":0}"#.into(),
        position: "[0]".into(),
    }
}

pub(crate) fn step(step: u64) -> Step {
    Step {
        step,
        path: format!("Checkout > step{step}"),
        position: format!("[{step}]"),
        action: format!("action{step}"),
        graph: format!(r#"{{"version":{step}}}"#),
        state: format!(r#"{{"total":{step}}}"#),
    }
}

pub(crate) async fn begin(storage: &impl Storage, run: &str, owner: &str) {
    assert_eq!(
        storage.begin(run, owner, LONG, &new()).await.unwrap(),
        BeginOutcome::New
    );
}

/// Goes on with a run that is known.
pub(crate) async fn again(storage: &impl Storage, run: &str, owner: &str) -> RunRecord {
    match storage.begin(run, owner, LONG, &new()).await.unwrap() {
        BeginOutcome::Known(record) => *record,
        BeginOutcome::New => panic!("`{run}` should have been known"),
    }
}

pub(crate) async fn show(storage: &impl Storage, run: &str) -> RunRecord {
    storage.show(run).await.unwrap().unwrap()
}

/// An error of this variant, with a message that has all of these in it.
macro_rules! fails {
    ($result:expr, $variant:ident $($part:expr)*) => {{
        let error = $result.unwrap_err();
        assert!(matches!(error, pocketflow_checkpoint::StorageError::$variant { .. }), "{error:?}");
        let _message = error.to_string();
        $(assert!(_message.contains($part), "`{}` is not in: {_message}", $part);)*
        error
    }};
}
pub(crate) use fails;
