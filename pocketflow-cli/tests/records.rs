//! `pocketflow report` and `pocketflow test`, on records of real runs and on what is not a record.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
        "error: run.jsonl: the record has 2 runs: choose one with `--run`: `order-17`, `order\\n18`\n"
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
    let fixture = fs::read_to_string(folder.join("here/checkout_order_18.jsonl")).unwrap();
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
    says(folder, &["test", "cut.jsonl"]);
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
    let files = fs::read_dir(folder.join("tests")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["checkout_a_panic.jsonl", "checkout_a_panic.rs"]);
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
