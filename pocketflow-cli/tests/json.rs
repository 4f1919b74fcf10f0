//! What each command prints with `--json` is what the README lists.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use pocketflow_checkpoint::conformance::support::{LONG, begin, new, pause, step};
use pocketflow_checkpoint::{
    NewInnerRun, Pause, PendingAttempt, Retention, Sqlite, StateChange, Storage,
};
use serde_json::Value;

fn command(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The rows of the README: the members that a command always prints, and the others.
fn listed() -> BTreeMap<String, [BTreeSet<String>; 2]> {
    let table = include_str!("../README.md").lines();
    let rows = table.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells.len() == 6 && cells[1].starts_with('`'));
    let quoted = |cell: &str| {
        let parts = cell.split('`').skip(1).step_by(2);
        parts.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    rows.map(|cells| {
        let command = cells[1].trim_matches('`').to_owned();
        (command, [quoted(cells[3]), quoted(cells[4])])
    })
    .collect()
}

/// The commands that the help lists, with the commands below them.
fn commands(folder: &Path, above: &[&str]) -> Vec<String> {
    let output = command(folder, &[above, &["--help"]].concat());
    assert!(output.status.success(), "{output:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, commands)) = help.split_once("Commands:\n") else {
        return vec![above.join(" ")];
    };
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    names
        .flat_map(|name| self::commands(folder, &[above, &[name]].concat()))
        .collect()
}

const RECORD: &str = include_str!("run.jsonl");

/// A run of each kind, so that each member appears.
async fn runs(folder: &Path) {
    let runs = Sqlite::open(folder.join("runs.db")).await.unwrap();
    let all = Retention::All;
    for run in ["plain", "over", "waits", "outer", "driven"] {
        begin(&runs, run, "host").await;
        runs.commit(run, "host", LONG, &step(1), all).await.unwrap();
    }
    let within = Some(Duration::from_secs(60));
    let pause = Pause { within, ..pause(1) };
    runs.wait("waits", "host", &pause).await.unwrap();
    let new = new();
    let inner = NewInnerRun {
        outer: "outer",
        step: 2,
        new: &new,
    };
    runs.begin_inner("outer/2/documents[0]", "host", &inner)
        .await
        .unwrap();
    runs.wait(
        "outer/2/documents[0]",
        "host",
        &Pause {
            within: None,
            step: 0,
            ..pause
        },
    )
    .await
    .unwrap();
    let attempt = PendingAttempt {
        branch: None,
        item: None,
        path: "Shop > pay".into(),
        number: 2,
        of: 3,
        causes: vec!["the bank is closed".into()],
    };
    runs.keep_attempt("plain", "host", 2, &attempt, LONG)
        .await
        .unwrap();
    let state = StateChange::all("{}");
    runs.finish("over", "host", "default", &state)
        .await
        .unwrap();
    runs.release("plain", "host").await.unwrap();
    runs.release("outer", "host").await.unwrap();
    runs.close().await;
}

#[tokio::test]
async fn the_readme_lists_what_each_command_prints() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    runs(folder).await;
    std::fs::write(folder.join("run.jsonl"), RECORD).unwrap();
    let listed = listed();
    let known: Vec<_> = listed.keys().map(String::as_str).collect();
    let mut exist = commands(folder, &[]);
    exist.sort();
    assert_eq!(exist, known, "the README does not list the commands");

    let inner = "outer/2/documents[0]";
    let mut printed: BTreeMap<&str, Vec<BTreeSet<String>>> = BTreeMap::new();
    for (name, arguments) in [
        ("runs list", &[][..]),
        ("runs show", &["plain"]),
        ("runs show", &["waits"]),
        ("runs show", &[inner]),
        ("runs history", &["plain"]),
        ("runs state", &["plain"]),
        ("runs state", &["plain", "1"]),
        ("runs fill", &["waits", "card#1", "7"]),
        ("runs backup", &["copy.db"]),
        ("runs edit", &["plain", "total", "7"]),
        ("runs fork", &["plain", "1", "copy"]),
        ("runs rewind", &["copy", "1"]),
        ("runs drop-items", &["copy"]),
        ("runs cancel", &["copy"]),
        ("runs retry", &["copy"]),
        ("runs remove", &["copy"]),
        ("runs release", &["driven"]),
        ("runs prune", &["--older-than", "0s"]),
        ("runs vacuum", &[]),
        ("completions", &["bash"]),
        ("report", &["run.jsonl"]),
        ("report", &["run.jsonl", "--out", "run.html"]),
        ("test", &["run.jsonl"]),
    ] {
        let words: Vec<_> = name.split(' ').chain(arguments.iter().copied()).collect();
        let output = command(folder, &[&words[..], &["--json"]].concat());
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{words:?}: {output:?}"
        );
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.matches('\n').count(), 1, "{words:?}: {text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        assert!(!values.is_empty(), "{words:?}");
        for value in values {
            let members = value.as_object().unwrap().keys().cloned().collect();
            printed.entry(name).or_default().push(members);
        }
    }
    printed.insert("serve", vec![served(folder)]);
    for (name, [always, sometimes]) in &listed {
        let values = &printed[name.as_str()];
        if name == "runs state" {
            assert_eq!(values[0], BTreeSet::from(["total".to_owned()]));
            continue;
        }
        let everywhere = values.iter().cloned().reduce(|a, b| &a & &b).unwrap();
        let anywhere = values.iter().cloned().reduce(|a, b| &a | &b).unwrap();
        assert_eq!(&everywhere, always, "{name}");
        assert_eq!(anywhere, always | sometimes, "{name}");
    }
}

/// The members of the first line that a command prints that does not end by itself.
fn served(folder: &Path) -> BTreeSet<String> {
    let mut server = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .args(["--json", "serve", "--db", "runs.db", "--port", "0"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let value: Value = serde_json::from_str(&line).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn errors_are_text_with_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (arguments, status) in [
        (&["runs", "list"][..], 1),
        (&["--json", "runs", "list"], 1),
        (&["runs", "show", "a", "--db", "no/such.db"], 1),
        (&[], 2),
        (&["runs"], 2),
        (&["rusn"], 2),
        (&["runs", "lisst"], 2),
        (&["--json", "runs", "show"], 2),
        (&["completions", "csh"], 2),
        (&["serve"], 2),
        (&["serve", "--records", "no/such"], 1),
        (&["serve", "--db", "no/such.db"], 1),
    ] {
        let output = command(folder, arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        // Without arguments, the help is enough.
        let begin = ["error: ", "Shows recorded runs", "Lists, shows"];
        assert!(
            begin.iter().any(|begin| error.starts_with(begin)),
            "{arguments:?}: {error}"
        );
    }
}
