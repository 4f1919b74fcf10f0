//! What runs report through `tracing`, and that the documentation lists it.

#![cfg(feature = "tracing")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, NewRun, Status, Storage, StorageError};
use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// An event: its name, and its fields as texts.
type Seen = (&'static str, BTreeMap<&'static str, String>);

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// Remembers all events of this crate.
struct Memory;

impl Subscriber for Memory {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "pocketflow_checkpoint"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Texts::default();
        event.record(&mut fields);
        // The name is also the message.
        assert_eq!(
            fields.0.remove("message").as_deref(),
            Some(event.metadata().name())
        );
        SEEN.lock()
            .unwrap()
            .push((event.metadata().name(), fields.0));
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Texts(BTreeMap<&'static str, String>);

impl Visit for Texts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

static LISTEN: LazyLock<()> =
    LazyLock::new(|| tracing::subscriber::set_global_default(Memory).unwrap());

/// The events of a run, without those of other tests.
fn events(run: &str) -> Vec<Seen> {
    let seen = SEEN.lock().unwrap();
    let events = seen
        .iter()
        .filter(|(_, fields)| fields.get("run").is_some_and(|of| of == run));
    events.cloned().collect()
}

fn forget(run: &str) {
    let mut seen = SEEN.lock().unwrap();
    seen.retain(|(_, fields)| fields.get("run").is_none_or(|of| of != run));
}

fn names(run: &str) -> Vec<&'static str> {
    events(run).into_iter().map(|(name, _)| name).collect()
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    cents: Vec<u32>,
    doubled: Option<Vec<u32>>,
    approval: Option<bool>,
    receipt: Option<String>,
}

#[node(Order, writes = doubled)]
fn double(#[each(cents)] cents: &u32) -> u32 {
    cents * 2
}

#[node(Order, writes = receipt)]
fn pay(doubled: &[u32], approval: &bool) -> Result<String, &'static str> {
    match approval {
        true => Ok(format!("{doubled:?}")),
        false => Err("no approval"),
    }
}

flow! { Sell { double >> await(approval) >> pay; } }

fn order() -> Order {
    Order {
        cents: vec![1, 2],
        ..Order::default()
    }
}

async fn runs() -> (tempfile::TempDir, Checkpoints) {
    LazyLock::force(&LISTEN);
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs)
}

#[tokio::test]
async fn a_run_reports_what_it_does() {
    let (_folder, runs) = runs().await;
    let start = async |run: &str| {
        let run = runs.run(run).park();
        Sell.with(run).run(&mut order()).await.map(drop)
    };
    start("a").await.unwrap_err();
    assert_eq!(
        names("a"),
        [
            "run started",
            "item stored",
            "item stored",
            "step stored",
            "run parked"
        ]
    );
    let events_of = events("a");
    let (_, stored) = &events_of[3];
    assert_eq!((&*stored["step"], &*stored["path"]), ("1", "Sell > double"));
    assert!(stored["micros"].parse::<u64>().unwrap() > 0);
    assert_eq!(events_of[4].1["wait"], "approval#1");

    forget("a");
    // Neither event has the value.
    runs.fill("a", "approval", "\"secret\"").await.unwrap();
    start("a").await.unwrap_err();
    runs.fill("a", "approval#2", "true").await.unwrap();
    runs.fill("a", "approval#2", "true").await.unwrap_err();
    runs.fill("a", "approval#1", "false").await.unwrap();
    start("a").await.unwrap_err();
    assert_eq!(
        names("a"),
        [
            "wait filled",
            "run resumed",
            "fill refused",
            "run parked",
            "wait filled",
            "fill refused",
            "wait filled",
            "run resumed",
            "step stored",
            "run failed"
        ]
    );
    let all = events("a");
    assert!(
        all[2].1["error"].contains("expected a boolean"),
        "{:?}",
        all[2]
    );
    assert!(all[9].1["error"].contains("no approval"));
    assert!(!format!("{all:?}").contains("secret"), "{all:?}");

    forget("a");
    runs.rewind("a", 1).await.unwrap();
    runs.edit("a", "doubled", "[6]").await.unwrap();
    runs.fill("a", "approval#1", "true").await.unwrap();
    start("a").await.unwrap();
    runs.fork("a", 1, "b").await.unwrap();
    runs.cancel("b").await.unwrap();
    runs.retry("b").await.unwrap();
    runs.remove("b").await.unwrap();
    assert_eq!(names("b"), ["run cancelled", "run retried", "run removed"]);
    assert_eq!(
        names("a"),
        [
            "run rewound",
            "run edited",
            "wait filled",
            "run resumed",
            "step stored",
            "step stored",
            "run finished"
        ]
    );
    assert_eq!(events("a")[6].1["exit"], "default");
    runs.prune(Status::Finished, Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_lease_that_changes_hands_is_reported() {
    let (_folder, runs) = runs().await;
    // A process that has died.
    let new = NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "null".into(),
    };
    let run = "taken";
    Sell.with(runs.run(run).park())
        .run(&mut order())
        .await
        .unwrap_err();
    runs.fill(run, "approval#1", "true").await.unwrap();
    runs.storage()
        .begin(run, "dead", Duration::ZERO, &new)
        .await
        .unwrap();
    runs.release_lease(run).await.unwrap();
    runs.storage()
        .begin(run, "dead", Duration::ZERO, &new)
        .await
        .unwrap();
    forget(run);
    Sell.with(runs.run(run)).run(&mut order()).await.unwrap();
    let taken = &events(run)[0];
    assert_eq!((taken.0, &*taken.1["from"]), ("lease taken over", "dead"));
    assert_eq!(names(run)[1], "run resumed");
}

#[tokio::test]
async fn a_run_that_waits_in_memory_reports_when_it_goes_on() {
    let (_folder, runs) = runs().await;
    let driver = runs.run("memory");
    let waits = tokio::spawn(async move { Sell.with(driver).run(&mut order()).await.map(drop) });
    while !names("memory").contains(&"run waits") {
        tokio::task::yield_now().await;
    }
    runs.fill("memory", "approval#1", "true").await.unwrap();
    waits.await.unwrap().unwrap();
    assert_eq!(
        names("memory")[4..],
        [
            "run waits",
            "wait filled",
            "run resumed",
            "step stored",
            "step stored",
            "run finished"
        ]
    );
}

/// A step that another process interrupts.
#[derive(Shared, Default, Serialize, Deserialize)]
struct Slow {
    done: Option<bool>,
}

static STARTED: tokio::sync::Notify = tokio::sync::Notify::const_new();

#[node(Slow, writes = done)]
async fn wait_forever() -> bool {
    STARTED.notify_one();
    std::future::pending().await
}

flow! { Stay { wait_forever; } }

#[tokio::test]
async fn a_lease_that_is_lost_is_reported() {
    let (_folder, runs) = runs().await;
    let runs = runs.lease(Duration::from_millis(60));
    let driver = runs.run("lost");
    let stays = tokio::spawn(async move {
        let mut slow = Slow::default();
        Stay.with(driver).run(&mut slow).await.map(drop)
    });
    STARTED.notified().await;
    runs.cancel("lost").await.unwrap();
    // It stops when it renews its lease, although its step does not end.
    let error = stays.await.unwrap().unwrap_err();
    assert!(matches!(
        error.cause().downcast_ref(),
        Some(StorageError::Cancelled { .. })
    ));
    assert_eq!(
        names("lost"),
        ["run started", "run cancelled", "lease lost", "run stopped"]
    );
    assert!(events("lost")[2].1["error"].contains("was cancelled"));
}

/// The files of a folder.
fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn the_documentation_lists_every_event() {
    let mut sources = Vec::new();
    files(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut sources,
    );
    let mut reported: BTreeMap<&str, (String, BTreeSet<String>)> = BTreeMap::new();
    for call in sources
        .iter()
        .flat_map(|text| text.split("event!(").skip(1))
    {
        let Some((level, rest)) = call.split_once(',') else {
            continue;
        };
        let Some(rest) = rest.trim_start().strip_prefix('"') else {
            continue;
        };
        let (name, rest) = rest.split_once('"').unwrap();
        // The arguments end with the parenthesis that no other one opened.
        let mut open = 0;
        let end = rest.find(|c| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open < 0
        });
        let arguments = &rest[..end.unwrap()];
        let fields = arguments
            .split(',')
            .filter_map(|argument| Some(argument.split_once('=')?.0.trim().to_owned()));
        let known = reported.entry(name).or_default();
        known.0 = level.trim().to_lowercase();
        known.1.extend(fields);
    }
    assert!(reported.len() > 20, "{reported:?}");

    let mut listed = BTreeMap::new();
    let table = include_str!("../src/events.rs").lines();
    for row in table.filter(|line| line.starts_with("//! | `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let quoted = |cell: &str| {
            let parts = cell.split('`').skip(1).step_by(2);
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        for name in quoted(cells[1]) {
            let fields: BTreeSet<_> = quoted(cells[3]).into_iter().collect();
            listed.insert(name, (cells[2].to_owned(), fields));
        }
    }
    let reported: BTreeMap<_, _> = reported
        .into_iter()
        .map(|(name, event)| (name.to_owned(), event))
        .collect();
    assert_eq!(reported, listed);
}
