//! `pocketflow report` and `pocketflow test`, on records of real runs and on what is not a record.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::task::{Context, Waker};

use pocketflow::{Driver, Shared, flow, node};
use pocketflow_record::{Record, replay};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
}

#[node(Order, writes = receipt)]
async fn pay(total_cents: &u64) -> String {
    format!("{total_cents} cents </script><script>alert(1)</script>")
}

flow! { Checkout: Order { pay; } }

/// Gives the run an id.
struct Named(&'static str);

impl<S: Shared> Driver<S> for Named {
    fn run_id(&self) -> Option<&str> {
        Some(self.0)
    }
}

/// The record of runs with these ids.
async fn recorded(ids: &[&'static str]) -> String {
    let record = Record::in_memory();
    for id in ids {
        let mut order = Order {
            total_cents: 4_200,
            receipt: None,
        };
        let run = Checkout.with(&record).with(Named(id));
        run.run(&mut order).await.unwrap();
    }
    record.finish().unwrap();
    record.text()
}

fn command(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Its output, if it succeeds.
fn says(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments, b"");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The single line that it prints if it fails.
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments, b"");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("error: ") && error.lines().count() == 1,
        "{error}"
    );
    error
}

/// The names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let name = |file: std::io::Result<fs::DirEntry>| file.unwrap().file_name();
    let mut names: Vec<_> = files
        .map(|file| name(file).into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn folder(ids: &[&'static str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.jsonl"), recorded(ids).await).unwrap();
    folder
}

#[tokio::test]
async fn a_report_is_a_page() {
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    let page = says(folder, &["report", "run.jsonl"]);
    assert!(page.starts_with("<!doctype html>"), "{}", &page[..100]);
    assert!(page.contains("order-17") && page.contains("Checkout"));
    assert!(
        page.contains("run.jsonl"),
        "the commands on the page name the file"
    );
    assert!(
        !page.contains("<script>alert"),
        "nothing of the record is executed"
    );

    assert_eq!(
        says(folder, &["report", "run.jsonl", "--out", "run.html"]),
        "wrote run.html\n"
    );
    assert_eq!(fs::read_to_string(folder.join("run.html")).unwrap(), page);
    let again = fails(folder, &["report", "run.jsonl", "--out", "run.html"]);
    assert!(again.contains("run.html exists already"), "{again}");
    assert_eq!(files(folder), ["run.html", "run.jsonl"]);
    let nowhere = fails(
        folder,
        &["report", "run.jsonl", "--out", "no/such/run.html"],
    );
    assert!(
        nowhere.contains("cannot write no/such/run.html"),
        "{nowhere}"
    );

    let record = fs::read(folder.join("run.jsonl")).unwrap();
    let piped = command(folder, &["report", "-"], &record);
    assert!(piped.status.success(), "{piped:?}");
    assert!(piped.stdout.starts_with(b"<!doctype html>"));
}

#[tokio::test]
async fn a_test_replays_the_run() {
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    assert_eq!(
        says(folder, &["test", "run.jsonl"]),
        "wrote tests/checkout_order_17.rs and tests/checkout_order_17.jsonl\n\
         Add a `use` for the flow to the test, and run `cargo test checkout_order_17`\n"
    );
    let tests = folder.join("tests");
    let code = fs::read_to_string(tests.join("checkout_order_17.rs")).unwrap();
    let expected = "#[tokio::test]
async fn checkout_order_17() -> Result<(), pocketflow_record::ReplayError> {
    let record = include_str!(\"checkout_order_17.jsonl\");
    pocketflow_record::replay(&Checkout, record).await?;
    Ok(())
}
";
    assert!(code.ends_with(expected), "{code}");
    let fixture = fs::read_to_string(tests.join("checkout_order_17.jsonl")).unwrap();
    assert_eq!(replay(&Checkout, &fixture).await.unwrap(), 1);

    // Nothing is overwritten, and nothing is left behind.
    let again = fails(folder, &["test", "run.jsonl"]);
    assert!(
        again.contains("checkout_order_17.jsonl exists already"),
        "{again}"
    );
    fs::remove_file(tests.join("checkout_order_17.jsonl")).unwrap();
    let again = fails(folder, &["test", "run.jsonl"]);
    assert!(
        again.contains("checkout_order_17.rs exists already"),
        "{again}"
    );
    assert!(!tests.join("checkout_order_17.jsonl").exists());
}

#[tokio::test]
async fn one_of_several_runs_is_chosen() {
    let folder = folder(&["order-17", "order\n18"]).await;
    let folder = folder.path();
    let several = fails(folder, &["test", "run.jsonl"]);
    assert_eq!(
        several,
        "error: run.jsonl: the record has 2 runs: choose one with `--run=ID`: `order-17`, `order\\n18`\n"
    );
    let unknown = fails(folder, &["test", "run.jsonl", "--run", "order-19"]);
    assert!(
        unknown.contains("no run `order-19`: it has `order-17`"),
        "{unknown}"
    );
    says(
        folder,
        &["test", "run.jsonl", "--run", "order\n18", "--out", "here"],
    );
    // A line break is not a part of a name.
    let name = files(&folder.join("here")).remove(0);
    assert!(name.starts_with("checkout_order_18_"), "{name}");
    let fixture = fs::read_to_string(folder.join("here").join(name)).unwrap();
    assert!(!fixture.contains("order-17"));
    assert_eq!(replay(&Checkout, &fixture).await.unwrap(), 1);
}

/// What a process that has died leaves is shown as far as it goes.
#[tokio::test]
async fn a_record_that_is_cut_off_is_read() {
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    let mut record = fs::read(folder.join("run.jsonl")).unwrap();
    // In the middle of a letter.
    record.extend_from_slice("{\"event\":\"note\",\"value\":\"é".as_bytes());
    record.pop();
    fs::write(folder.join("cut.jsonl"), record).unwrap();
    for (file, cut_off) in [("run.jsonl", "false"), ("cut.jsonl", "true")] {
        let out = format!("{file}.html");
        let said = says(folder, &["report", file, "--out", &out, "--json"]);
        assert_eq!(
            said,
            format!("{{\"cut_off\":{cut_off},\"file\":\"{out}\"}}\n")
        );
    }
    let output = command(folder, &["test", "cut.jsonl"], b"");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "warning: cut.jsonl: the last line is cut off, so it is left out\n"
    );
    let fixture = fs::read_to_string(folder.join("tests/checkout_order_17.jsonl")).unwrap();
    assert_eq!(replay(&Checkout, &fixture).await.unwrap(), 1);
}

#[tokio::test]
async fn bad_records_are_errors() {
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    let good = fs::read_to_string(folder.join("run.jsonl")).unwrap();
    let broken = good.replacen("{\"event\":\"step\"", "\u{1b}[2J\"event\":\"step\"", 1);
    let newer = good.replacen("\"pocketflow_record\":1", "\"pocketflow_record\":99", 1);
    for (name, text, said) in [
        ("empty.jsonl", b"".to_vec(), "it has no line"),
        (
            "other.jsonl",
            b"{\"a\":1}\n".to_vec(),
            "this is not a record",
        ),
        (
            "binary.jsonl",
            vec![0xff, 0xfe, b'\n'],
            "this is not a record",
        ),
        (
            "broken.jsonl",
            broken.into_bytes(),
            "line 4: this is not an event",
        ),
        ("newer.jsonl", newer.into_bytes(), "version 99"),
    ] {
        fs::write(folder.join(name), text).unwrap();
        for command in ["report", "test"] {
            let error = fails(folder, &[command, name]);
            assert!(
                error.contains(said) && error.contains(name),
                "{command} {name}: {error}"
            );
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }
    for (name, said) in [
        ("no-such.jsonl", "cannot read no-such.jsonl"),
        (".", "cannot read ."),
    ] {
        for command in ["report", "test"] {
            let error = fails(folder, &[command, name]);
            assert!(error.contains(said), "{error}");
        }
    }
    let read = command(folder, &["report", "-"], b"not a record\n");
    let error = String::from_utf8(read.stderr).unwrap();
    assert!(
        error.starts_with("error: the standard input: line 1"),
        "{error}"
    );
}

/// A record is a file that anybody may have written.
#[tokio::test]
async fn nothing_of_a_record_becomes_code_or_a_path() {
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    let good = fs::read_to_string(folder.join("run.jsonl")).unwrap();
    for name in ["../../up", "A).await; panic!(); f(B", "A\\nB", "\\\"A\\\""] {
        let record = good.replace("\"name\":\"Checkout\"", &format!("\"name\":\"{name}\""));
        assert_ne!(record, good);
        fs::write(folder.join("hostile.jsonl"), record).unwrap();
        let error = fails(folder, &["test", "hostile.jsonl"]);
        assert!(error.contains("is not one of Rust"), "{error}");
    }
    assert!(!folder.join("tests").exists());

    let hostile = recorded(&["../../a/../\"; panic!() //"]).await;
    fs::write(folder.join("hostile.jsonl"), hostile).unwrap();
    says(folder, &["test", "hostile.jsonl"]);
    let files = files(&folder.join("tests"));
    let name = files[0].strip_suffix(".jsonl").unwrap();
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(
        name.starts_with("checkout_a_panic_") && name.chars().all(letter),
        "{name}"
    );
    assert_eq!(files, [format!("{name}.jsonl"), format!("{name}.rs")]);
}

#[tokio::test]
async fn tests_have_names_of_their_own() {
    let folder = folder(&["a-b", "a_b", "日本", "*", ""]).await;
    let folder = folder.path();
    for run in ["a-b", "a_b", "日本", "*", ""] {
        says(folder, &["test", "run.jsonl", &format!("--run={run}")]);
    }
    assert_eq!(files(&folder.join("tests")).len(), 10);

    // Without an id, the name is that of the file.
    let record = Record::in_memory();
    Checkout
        .with(&record)
        .run(&mut Order::default())
        .await
        .unwrap();
    for file in ["monday.jsonl", "-tuesday.jsonl"] {
        fs::write(folder.join(file), record.text()).unwrap();
    }
    says(folder, &["test", "monday.jsonl", "--out", "days"]);
    says(folder, &["test", "./-tuesday.jsonl", "--out", "days"]);
    let again = fails(folder, &["test", "monday.jsonl", "--out", "days"]);
    assert!(
        again.contains("checkout_monday.jsonl exists already: remove it, or write to another place with `--name`"),
        "{again}"
    );
    says(
        folder,
        &[
            "test",
            "monday.jsonl",
            "--out",
            "days",
            "--name",
            "a_refund",
        ],
    );
    let days = files(&folder.join("days"));
    assert_eq!(days[0], "a_refund.jsonl");
    assert!(days.contains(&"checkout_monday.rs".to_owned()), "{days:?}");
    let code = fs::read_to_string(folder.join("days/a_refund.rs")).unwrap();
    assert!(code.contains("async fn a_refund()"), "{code}");
    assert!(code.contains("include_str!(\"a_refund.jsonl\")"), "{code}");
    for name in ["fn", "A", "1a", "", "a-b", "../a", "a.b"] {
        let option = format!("--name={name}");
        let refused = command(folder, &["test", "monday.jsonl", &option], b"");
        assert_eq!(refused.status.code(), Some(2), "{name}: {refused:?}");
    }
}

/// A record from which lines are missing.
#[tokio::test]
async fn a_damaged_record_makes_no_test_without_a_word() {
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    let good = fs::read_to_string(folder.join("run.jsonl")).unwrap();
    let without = |event: &str| {
        let event = format!("{{\"event\":\"{event}\"");
        let lines = good.split_inclusive('\n');
        let less: String = lines.filter(|line| !line.starts_with(&event)).collect();
        assert!(less.len() < good.len());
        less
    };
    fs::write(folder.join("less.jsonl"), without("taken")).unwrap();
    let error = fails(folder, &["test", "less.jsonl"]);
    assert!(
        error.contains("lines of the record are missing: step 1"),
        "{error}"
    );
    assert!(!folder.join("tests").exists());

    let unknown = without("end") + "{\"event\":\"finished\",\"at\":9,\"run\":0}\n";
    fs::write(folder.join("less.jsonl"), unknown).unwrap();
    let output = command(folder, &["test", "less.jsonl"], b"");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "warning: less.jsonl: a line is an event of a kind that this version does not know, and the test ignores that\n\
         warning: less.jsonl: the record stops before the end of the run, and the test replays it until there\n"
    );
}

#[node(Order, writes = receipt)]
async fn stall(total_cents: &u64) -> String {
    std::future::pending::<()>().await;
    total_cents.to_string()
}

flow! { Stall: Order { stall; } }

/// Its future is polled once, and dropped.
#[test]
fn a_run_that_was_dropped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let record = Record::in_memory();
    let mut order = Order::default();
    let run = Stall.with(&record);
    let mut run = Box::pin(async { run.run(&mut order).await.map(drop) });
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    drop(run);
    fs::write(folder.join("run.jsonl"), record.text()).unwrap();
    let output = command(folder, &["test", "run.jsonl"], b"");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "warning: run.jsonl: the future of the run was dropped in step 1, `stall`, as a timeout or a `select!` does, \
         and the test replays it until there: to test the whole run, record one that is awaited to its end\n"
    );
    let code = fs::read_to_string(folder.join("tests/stall_run.rs")).unwrap();
    assert!(
        code.contains(": it was dropped in step 1, `stall`.\n"),
        "{code}"
    );
}

/// A file that cannot be written as a whole is not there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&["order-17"]).await;
    let folder = folder.path();
    // The shell limits the size of files, in blocks of 512 or 1,024 bytes.
    for arguments in ["report run.jsonl --out run.html", "test run.jsonl"] {
        let program = env!("CARGO_BIN_EXE_pocketflow");
        let limited = format!("trap '' XFSZ; ulimit -f 0; exec {program} {arguments}");
        let output = Command::new("sh")
            .args(["-c", &limited])
            .current_dir(folder)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("cannot write "), "{error}");
    }
    assert_eq!(files(folder), ["run.jsonl", "tests"]);
    assert!(files(&folder.join("tests")).is_empty());

    // And it works when there is room. The values of a run are for its owner, as the record is.
    says(folder, &["report", "run.jsonl", "--out", "run.html"]);
    says(folder, &["test", "run.jsonl"]);
    for file in ["run.html", "tests/checkout_order_17.jsonl"] {
        let mode = fs::metadata(folder.join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_record_without_values_makes_no_test() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let record = Record::in_memory().steps_only();
    let mut order = Order::default();
    Checkout.with(&record).run(&mut order).await.unwrap();
    fs::write(folder.join("run.jsonl"), record.text()).unwrap();
    let error = fails(folder, &["test", "run.jsonl"]);
    assert!(error.contains("without `steps_only()`"), "{error}");
    assert!(!folder.join("tests").exists());
    assert!(says(folder, &["report", "run.jsonl"]).starts_with("<!doctype html>"));
}
