//! Runs the commands of the guide's page about `pocketflow runs`, and compares what they print. With
//! `UPDATE_GUIDE=1`, writes what they print to the page.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Storage};
use serde::{Deserialize, Serialize};

const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../guide/src/how-to/operate-durable-runs.md"
);

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    total_cents: u64,
    approval: Option<String>,
    receipt: Option<String>,
}

#[node(Order)]
fn review(total_cents: &u64) {
    let _ = total_cents;
}

#[node(Order, writes = receipt)]
async fn pay(
    total_cents: &u64,
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, &'static str> {
    match total_cents {
        0 => Err("the bank is closed"),
        _ => Ok(format!("{:?}: {total_cents}, {approval}", attempt.key())),
    }
}

flow! { Shop: Order { review >> await(approval) >> pay; } }

#[derive(Shared, Default, Serialize, Deserialize)]
struct Catalog {
    pages: Vec<u32>,
    texts: Option<Vec<String>>,
}

#[node(Catalog, writes = texts)]
fn read(#[each(pages)] page: &u32) -> Result<String, &'static str> {
    match page {
        3 => Err("no such page"),
        page => Ok(page.to_string()),
    }
}

flow! { Import: Catalog { read; } }

/// The runs that the page describes.
async fn runs(folder: &Path) {
    let runs = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    for (run, total_cents, approval, parks) in [
        ("order-17", 4_200, None, true),
        ("order-18", 0, Some("\"Ada\""), false),
        ("order-19", 1_700, Some("\"Ada\""), true),
    ] {
        let mut order = Order {
            total_cents,
            ..Order::default()
        };
        let start = Shop.with(runs.run(run).park()).run(&mut order).await;
        start.unwrap_err();
        let Some(approval) = approval else { continue };
        runs.fill(run, "approval#1", approval).await.unwrap();
        let done = Shop.with(runs.run(run)).run(&mut order).await;
        assert_eq!(done.is_ok(), parks);
    }
    // A run whose process has died, and one whose process is alive.
    let mut catalog = Catalog {
        pages: vec![1, 2, 3],
        texts: None,
    };
    let failed = Import.with(runs.run("import-7")).run(&mut catalog).await;
    failed.unwrap_err();
    let new = pocketflow_checkpoint::NewRun {
        flow: "Shop".into(),
        graph: "{}".into(),
        state: r#"{"total_cents":900,"approval":null,"receipt":null}"#.into(),
        position: "null".into(),
    };
    let lease = Duration::from_secs(600);
    for (run, owner, lease) in [
        (
            "import-7",
            "4711-8f3a2c1d-5b2e9-94c03f7e21d6b85a",
            Duration::ZERO,
        ),
        ("order-20", "5120-8f3a2c1d-60b44-0c5e1d88a7f2439b", lease),
    ] {
        // The times are in milliseconds, and the list is in their order.
        tokio::time::sleep(Duration::from_millis(3)).await;
        runs.storage().begin(run, owner, lease, &new).await.unwrap();
    }
    runs.storage().clone().close().await;
}

/// A text in which every time is the same.
fn timeless(text: &str) -> String {
    let time = "2026-03-02 09:14:05Z";
    let mut timeless = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_time = rest.get(..time.len()).is_some_and(|part| {
            part.bytes().zip(time.bytes()).all(|(is, like)| {
                is == like && !like.is_ascii_digit() || is.is_ascii_digit() && like.is_ascii_digit()
            })
        });
        if is_time {
            timeless += time;
            rest = &rest[time.len()..];
        } else if digits > 0 {
            timeless += if digits == 13 {
                "1772442845000"
            } else {
                &rest[..digits]
            };
            rest = &rest[digits..];
        } else {
            timeless.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    timeless
}

/// What a command prints, whether it succeeds or not.
fn output(folder: &Path, line: &str) -> String {
    // A word in quotation marks may contain spaces.
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    let output = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .arg("runs")
        .args(&words)
        .current_dir(folder)
        .output()
        .unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.success(), error.is_empty(), "{error}");
    timeless(&(out + &error))
}

#[tokio::test]
async fn the_guide_shows_what_each_command_prints() {
    let folder = tempfile::tempdir().unwrap();
    runs(folder.path()).await;
    let page = fs::read_to_string(PAGE).unwrap();
    let mut now = String::new();
    let (mut is_console, mut used) = (false, Vec::new());
    for line in page.lines() {
        match line.strip_prefix("$ pocketflow runs ") {
            Some(command) if is_console => {
                now += &format!("{line}\n{}", output(folder.path(), command));
                used.push(command.split(' ').find(|word| !word.starts_with("--")));
            }
            _ if line.starts_with("```") => {
                is_console = line == "```console";
                now += &format!("{line}\n");
            }
            // What the command printed.
            _ if is_console => {}
            _ => now += &format!("{line}\n"),
        }
    }
    if env::var_os("UPDATE_GUIDE").is_some() {
        fs::write(PAGE, &now).unwrap();
    }
    let differs = now
        .lines()
        .zip(page.lines())
        .find(|(now, page)| now != page);
    assert_eq!(
        differs, None,
        "run this test with UPDATE_GUIDE=1, and read the page"
    );
    assert!(now == page, "the page ends too early or too late");

    let help = output(folder.path(), "--help");
    let commands = help.split("Commands:\n").nth(1).unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let commands: Vec<_> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 12, "{commands:?}");
    for command in commands {
        assert!(
            used.contains(&Some(command)),
            "the page does not use `{command}`"
        );
    }
}
