//! Runs `pocketflow runs` like a user.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use pocketflow_checkpoint::{
    NewRun, Pause, PendingAttempt, Retention, Sqlite, StateChange, Step, Storage,
};

fn command(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .arg("runs")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Its output, if it succeeds.
fn says(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The single line that it prints if it fails.
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("error: ") && error.lines().count() == 1,
        "{error}"
    );
    error
}

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&says(folder, &[&["--json"], arguments].concat())).unwrap()
}

/// Four runs: one of each status.
async fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let runs = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    let lease = Duration::from_secs(600);
    let new = NewRun {
        flow: "Checkout".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "[0]".into(),
    };
    for id in ["order-1", "order-2", "order-3", "order\n4"] {
        runs.begin(id, "host", lease, &new).await.unwrap();
        for step in 1..=3 {
            let (path, action) = (format!("Checkout > step{step}"), "default".into());
            // One digit more than an `f64` can hold.
            let state = format!(r#"{{"total":{step}.10000000000000000001}}"#);
            let step = Step {
                inner_runs: false,
                attempts: false,
                step,
                path,
                action,
                state: StateChange::all(state),
                graph: Some(r#"{"nodes":[]}"#.into()),
                position: "[1]".into(),
            };
            runs.commit(id, "host", lease, &step, Retention::All)
                .await
                .unwrap();
        }
    }
    runs.wait(
        "order-1",
        "host",
        &Pause {
            step: 3,
            field: "card",
            within: None,
            position: "[2]",
            graph: Some("{}"),
            state: StateChange::some(r#"{"total":4}"#),
            refused: None,
        },
    )
    .await
    .unwrap();
    runs.finish("order-2", "host", "done", &StateChange::all("{}"))
        .await
        .unwrap();
    runs.fail("order-3", "host", "no ink\nat all")
        .await
        .unwrap();
    runs.close().await;
    folder
}

#[tokio::test]
async fn lists() {
    let folder = folder().await;
    let folder = folder.path();
    let text = says(folder, &["list"]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].starts_with("RUN       STATUS    STEP  FLOW      UPDATED               DETAILS"),
        "{text}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("order-1   waiting   3     Checkout  20")),
        "{text}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("Z  no ink\\nat all")),
        "{text}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("order\\n4  running")
                && line.ends_with("Z  driven by host")),
        "{text}"
    );

    let text = says(folder, &["list", "--status", "waiting"]);
    assert_eq!(text.lines().count(), 2);
    assert!(text.ends_with("Z  card#1\n"), "{text}");
    let runs = json(folder, &["list", "--status", "finished"]);
    assert_eq!(
        (&runs[0]["run"], &runs[0]["status"], &runs[0]["exit"]),
        (&"order-2".into(), &"finished".into(), &"done".into())
    );
    assert!(runs[0]["updated"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        command(folder, &["list", "--status", "asleep"])
            .status
            .code(),
        Some(2)
    );
}

#[tokio::test]
async fn an_attempt_for_which_a_run_waits() {
    let folder = folder().await;
    let runs = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    let attempt = PendingAttempt {
        branch: None,
        item: None,
        path: "Checkout > pay".into(),
        number: 3,
        of: 5,
        causes: vec!["the bank is closed".into(), "it is night".into()],
    };
    let wait = Duration::from_secs(7_200);
    let run = "order\n4";
    let due = runs.keep_attempt(run, "host", 4, &attempt, wait).await;
    let due = due.unwrap().at;
    let details = format!(
        "attempt 3 of 5 of Checkout > pay, due at {}",
        pocketflow_checkpoint::utc(due)
    );
    let folder = folder.path();
    // The process waits for it in memory.
    let text = says(folder, &["list", "--status", "running"]);
    let in_memory = format!("Z  {details}, driven by host\n");
    assert!(text.ends_with(&in_memory), "{text}");

    runs.wait_to_retry(run, "host", due).await.unwrap();
    let text = says(folder, &["list", "--status", "waiting"]);
    assert!(text.ends_with(&format!("Z  {details}\n")), "{text}");
    let text = says(folder, &["show", run]);
    assert!(
        text.contains(&format!("waits for    {details}\n")),
        "{text}"
    );
    assert!(
        text.contains("last error   the bank is closed: it is night\n"),
        "{text}"
    );
    let shown = json(folder, &["show", run]);
    assert_eq!(shown["next_attempt"]["number"], 3);
    assert_eq!(shown["next_attempt"]["causes"][0], "the bank is closed");

    assert!(says(folder, &["retry", run]).contains("can resume"));
    let text = says(folder, &["show", run]);
    assert!(!text.contains("attempt"), "{text}");
}

#[tokio::test]
async fn shows() {
    let folder = folder().await;
    let folder = folder.path();
    let text = says(folder, &["show", "order-1"]);
    assert!(
        text.contains("status       waiting\nwaits for    card#1\n"),
        "{text}"
    );
    assert!(text.contains("position     [2]\n"), "{text}");
    let run = json(folder, &["show", "order\n4"]);
    assert_eq!(
        (&run["run"], &run["owner"]),
        (&"order\n4".into(), &"host".into())
    );
    assert_eq!(run["graph"]["nodes"], serde_json::json!([]));
    let text = says(folder, &["show", "--json", "order\n4"]);
    assert!(
        text.contains(r#""state":{"total":3.10000000000000000001}"#),
        "{text}"
    );

    let text = says(folder, &["history", "order-1"]);
    assert_eq!(text.lines().count(), 4);
    assert!(
        text.lines()
            .nth(2)
            .unwrap()
            .ends_with("Z  Checkout > step2  default"),
        "{text}"
    );
    assert_eq!(json(folder, &["history", "order-1"])[2]["step"], 3);
    assert_eq!(says(folder, &["state", "order-1"]), "{\"total\":4}\n");
    assert_eq!(
        says(folder, &["state", "order-1", "2"]),
        "{\"total\":2.10000000000000000001}\n"
    );

    assert!(fails(folder, &["show", "order-9"]).contains("no run `order-9`"));
    assert!(fails(folder, &["state", "order-9"]).contains("no run `order-9`"));
    assert!(fails(folder, &["state", "order-9", "1"]).contains("no run `order-9`"));
    assert!(fails(folder, &["history", "order-9"]).contains("no run `order-9`"));
    assert!(fails(folder, &["state", "order-1", "9"]).contains("no step 9"));
}

#[tokio::test]
async fn fills() {
    for (value, stored) in [
        ("true", "true"),
        ("Ada", "\"Ada\""),
        ("\"Ada\"", "\"Ada\""),
        ("-5", "-5"),
        ("-x", "\"-x\""),
        ("", "\"\""),
    ] {
        let folder = folder().await;
        let said = says(folder.path(), &["fill", "order-1", "card", value]);
        // A text of digits is a number in JSON, which a user who fills a field has to know.
        let kind = match stored {
            "-5" => "a number",
            "true" => "true",
            _ => "a text",
        };
        assert_eq!(
            said,
            format!("filled `card` of run `order-1` with {kind}\n")
        );
        assert!(
            says(folder.path(), &["list", "--status", "waiting"]).ends_with("card#1 (filled)\n")
        );
        assert!(
            fails(folder.path(), &["fill", "order-1", "card", "1"]).contains("has been filled")
        );
        let runs = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
        assert_eq!(
            runs.filled("order-1", "card#1").await.unwrap().unwrap(),
            stored
        );
    }
    let folder = folder().await;
    assert!(fails(folder.path(), &["fill", "order-1", "name", "1"]).contains("waits for `card#1`"));
    assert!(fails(folder.path(), &["fill", "order-2", "card", "1"]).contains("it is finished"));
    assert!(says(folder.path(), &["fill", "--help"]).contains("treated as text"));
}

#[tokio::test]
async fn fills_by_the_name_of_a_wait() {
    let folder = folder().await;
    let folder = folder.path();
    // A value may come before its wait.
    assert_eq!(
        says(folder, &["fill", "order\n4", "card#1", "7"]),
        "filled `card#1` of run `order\\n4` with a number\n"
    );
    assert!(
        fails(folder, &["fill", "order\n4", "card#1", "8"]).contains("has been filled already")
    );
    assert!(fails(folder, &["fill", "order\n4", "card", "8"]).contains("such as `card#1`"));
    assert_eq!(
        json(folder, &["fill", "order-1", "card#1", "7"])["wait"],
        "card#1"
    );
    assert_eq!(json(folder, &["show", "order-1"])["wait"], "card#1");
    assert!(fails(folder, &["fill", "order-1", "card#0", "7"]).contains("counted from 1"));
}

#[tokio::test]
async fn retries_and_backs_up() {
    let folder = folder().await;
    let folder = folder.path();
    let runs = Sqlite::open(folder.join("runs.db")).await.unwrap();
    runs.give_up("order\n4", "host", "it dies").await.unwrap();
    assert!(says(folder, &["list", "--status", "stuck"]).ends_with("Z  it dies\n"));
    assert!(fails(folder, &["retry", "order-1"]).contains("cannot be retried: it is waiting"));
    assert_eq!(
        says(folder, &["retry", "order\n4"]),
        "run `order\\n4` can resume: start its program again\n"
    );
    assert!(fails(folder, &["retry", "order\n4"]).contains("cannot be retried: it is running"));

    // The file is in use, and its log contains the latest data.
    assert_eq!(
        says(folder, &["backup", "copy.db"]),
        "copied all runs to copy.db\n"
    );
    assert_eq!(
        says(folder, &["list", "--db", "copy.db"]),
        says(folder, &["list"])
    );
    assert!(fails(folder, &["backup", "copy.db"]).contains("there is a file already"));
}

#[tokio::test]
async fn forks_removes_and_prunes() {
    let folder = folder().await;
    let folder = folder.path();
    assert_eq!(
        says(folder, &["fork", "order-1", "2", "again"]),
        "run `again` continues after step 2 of run `order-1`\n"
    );
    assert_eq!(json(folder, &["show", "again"])["step"], 2);
    assert!(fails(folder, &["fork", "order-1", "2", "again"]).contains("`again` exists"));
    assert!(fails(folder, &["fork", "order-1", "7", "more"]).contains("no step 7"));

    assert_eq!(says(folder, &["remove", "again"]), "removed run `again`\n");
    assert!(fails(folder, &["remove", "again"]).contains("no run"));
    assert!(
        fails(folder, &["remove", "order\n4"]).contains("`order\\n4` is being driven by `host`")
    );

    assert_eq!(
        says(folder, &["prune", "--older-than", "30d"]),
        "removed 0 runs\n"
    );
    assert_eq!(
        command(folder, &["prune", "--older-than", "30 days"])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        command(folder, &["prune", "--older-than", "99999999999999999999w"])
            .status
            .code(),
        Some(2)
    );
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(json(folder, &["prune", "--older-than", "0s"])["removed"], 1);
}

#[tokio::test]
async fn cancels_and_mends() {
    let folder = folder().await;
    let folder = folder.path();
    let run = "order\n4";
    assert!(fails(folder, &["edit", run, "total", "5"]).contains("is being driven by `host`"));
    assert_eq!(
        says(folder, &["release", run]),
        "released the lease of run `order\\n4`\n"
    );
    assert!(fails(folder, &["release", run]).contains("no process holds the lease"));
    let listed = says(folder, &["list", "--status", "orphaned"]);
    assert!(listed.contains("order\\n4  orphaned  3"), "{listed}");
    assert_eq!(
        says(folder, &["list", "--status", "running"])
            .lines()
            .count(),
        1
    );
    assert!(says(folder, &["show", run]).contains("status       orphaned"));
    assert_eq!(json(folder, &["show", run])["orphaned"], true);

    assert_eq!(
        says(folder, &["edit", run, "total", "5.50"]),
        "set `total` of run `order\\n4` to a number\n"
    );
    assert_eq!(says(folder, &["state", run]), "{\"total\":5.50}\n");
    assert!(fails(folder, &["edit", run, "sum", "5"]).contains("no field `sum`: it has `total`"));
    assert_eq!(
        says(folder, &["rewind", run, "2"]),
        "run `order\\n4` continues after step 2: start its program again\n"
    );
    assert_eq!(json(folder, &["show", run])["step"], 2);
    assert!(fails(folder, &["rewind", run, "3"]).contains("no step 3"));

    assert_eq!(
        says(folder, &["cancel", run]),
        "cancelled run `order\\n4`\n"
    );
    assert!(says(folder, &["list", "--status", "cancelled"]).contains("order\\n4  cancelled  2"));
    assert!(fails(folder, &["fill", run, "card#1", "1"]).contains("it is cancelled"));
    assert!(fails(folder, &["cancel", "order-2"]).contains("it is finished"));
    says(folder, &["retry", run]);
    says(folder, &["retry", "order-3"]);
    says(folder, &["cancel", "order-3"]);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let prune = ["prune", "--older-than", "0s", "--status"];
    assert_eq!(
        json(folder, &[&prune[..], &["cancelled"]].concat())["removed"],
        1
    );
    assert!(fails(folder, &[&prune[..], &["waiting"]].concat()).contains("such a run is not over"));
    assert_eq!(says(folder, &["vacuum"]), "gave the free room back\n");
    assert_eq!(says(folder, &["list"]).lines().count(), 4);
}

#[tokio::test]
async fn creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(fails(folder.path(), &["list"]).contains("no file runs.db"));
    assert!(fails(folder.path(), &["--db", "a/b.db", "list"]).contains("a/b.db"));
    std::fs::write(folder.path().join("empty.db"), "").unwrap();
    assert!(fails(folder.path(), &["list", "--db", "empty.db"]).contains("an empty file"));
    assert!(fails(folder.path(), &["list", "--db", "."]).contains("a folder"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_query_changes_nothing() {
    let folder = folder().await;
    let folder = folder.path();
    let files = || {
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = names.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (files(), std::fs::read(folder.join("runs.db")).unwrap());
    for query in [
        &["list"][..],
        &["show", "order-1"],
        &["history", "order-1"],
        &["state", "order-1"],
    ] {
        says(folder, query);
    }
    assert!(before == (files(), std::fs::read(folder.join("runs.db")).unwrap()));

    // Nor does it wait for a process that writes.
    let db = rusqlite::Connection::open(folder.join("runs.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE; UPDATE runs SET flow = 'changed'")
        .unwrap();
    assert!(says(folder, &["show", "order-1"]).contains("Checkout"));
    db.execute_batch("COMMIT").unwrap();
    assert!(says(folder, &["show", "order-1"]).contains("changed"));
}

#[test]
fn a_query_upgrades_no_file_of_an_older_version() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let old = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../pocketflow-checkpoint/tests/old/version-1.db"
    );
    std::fs::copy(old, &file).unwrap();
    let before = std::fs::read(&file).unwrap();
    let error = fails(folder.path(), &["list"]);
    assert!(
        error.contains("schema 1") && error.contains("`pocketflow runs vacuum`"),
        "{error}"
    );
    assert!(before == std::fs::read(&file).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    says(folder.path(), &["vacuum"]);
    assert_eq!(says(folder.path(), &["list"]).lines().count(), 6);
}

/// An address in the wrong place, or of another database.
#[test]
fn a_password_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["list", "--db", "mysql://me:secret@host/runs"][..], 1),
        (&["list", "--db", "me:secret@host/runs"], 1),
        (&["postgres://me:secret@host/runs", "list"], 2),
        (&["list", "host=a password=secret"], 2),
        (&["fill", "run", "--db=postgres://me:secret@host/runs"], 2),
    ] {
        let output = command(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.starts_with("error: "), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let error = fails(
        folder.path(),
        &["list", "--db", "mysql://me:secret@host/runs"],
    );
    assert!(error.contains("`mysql://…` is not the address"), "{error}");
}

/// Tests without a server. The conformance suite tests with one.
#[test]
fn postgres() {
    let folder = tempfile::tempdir().unwrap();
    let error = fails(
        folder.path(),
        &["--db", "postgres://me:secret@127.0.0.1:1/runs", "list"],
    );
    let expected = if cfg!(feature = "postgres") {
        "postgres://127.0.0.1:1/runs"
    } else {
        "without PostgreSQL"
    };
    assert!(
        error.contains(expected) && !error.contains("secret"),
        "{error}"
    );
}

#[tokio::test]
async fn drops_items() {
    let folder = folder().await;
    let said = says(folder.path(), &["drop-items", "order-1"]);
    assert_eq!(said, "removed 0 stored items of run `order-1`\n");
    assert!(fails(folder.path(), &["drop-items", "order-9"]).contains("no run `order-9`"));
}
