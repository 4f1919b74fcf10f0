//! A program that is killed at random moments, 200 times, and started again each time: SIGKILL leaves it no chance to tidy up.
//!
//! The program is this test binary itself, which runs the test `program`. Its nodes write a line to a file when they begin and when
//! they are done, so that what ran is known whatever the storage says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pocketflow::{Action, Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Status, Storage};
use serde::{Deserialize, Serialize};

const KILLS: usize = 200;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Work {
    rounds: Vec<u32>,
    items: Vec<u32>,
    doubled: Option<Vec<u32>>,
    left: Option<u32>,
    right: Option<Vec<u32>>,
    approval: Option<String>,
    paid: Option<u32>,
    text: Option<String>,
}

/// Says that a piece of work begins, and that it is done.
async fn log(what: &str, attempt: Attempt<'_>) {
    let key = attempt.key().expect("a key").to_string();
    let write = |line: &str| {
        let file = std::env::var_os("CRASH_LOG").expect("CRASH_LOG");
        let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{line} {what} {key}\n").as_bytes()).unwrap();
    };
    write("begin");
    tokio::time::sleep(Duration::from_millis(1)).await;
    write("done");
}

#[node(Work, appends = rounds)]
async fn round(rounds: &[u32], #[attempt] attempt: Attempt<'_>) -> Vec<u32> {
    log("round", attempt).await;
    vec![rounds.len() as u32]
}

#[derive(Action, Serialize, Deserialize)]
enum Next {
    Again,
    Done,
}

#[node(Work)]
fn enough(rounds: &[u32]) -> Next {
    if rounds.len() < 4 { Next::Again } else { Next::Done }
}

#[node(Work, writes = doubled, parallel = 3)]
async fn double(#[each(items)] item: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("double", attempt).await;
    item * 2
}

#[node(Work, writes = left)]
async fn left(doubled: &[u32], #[attempt] attempt: Attempt<'_>) -> u32 {
    log("left", attempt).await;
    doubled.iter().sum()
}

#[node(Work, writes = right, parallel = 2)]
async fn right(#[each(rounds)] round: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("right", attempt).await;
    round + 100
}

#[node(Work, writes = paid)]
async fn pay(left: &u32, approval: &str, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("pay", attempt).await;
    left + approval.len() as u32
}

#[node(Work, writes = text)]
async fn receipt(paid: &u32, right: &[u32], #[attempt] attempt: Attempt<'_>) -> String {
    log("receipt", attempt).await;
    format!("{paid} {right:?}")
}

flow! {
    /// Waits for a person, and pays.
    pub Payment(left) {
        await(approval) >> pay;
    }
}

flow! {
    /// A loop, a batch, a fork, a nested flow and a wait.
    pub Everything {
        round >> enough;
        enough - "again" >> round max 9 else end "tired";
        enough - "done" >> double >> (left, right) >> Payment >> receipt;
    }
}

fn work() -> Work {
    Work { items: (0..12).collect(), ..Default::default() }
}

/// What the tests run as a process of its own.
#[tokio::test]
#[ignore = "is run by the other tests, as a process of its own"]
async fn program() {
    let Ok(place) = std::env::var("CRASH_DB") else { return };
    #[cfg(feature = "postgres")]
    if let Ok(schema) = std::env::var("CRASH_SCHEMA") {
        return drive(pocketflow_checkpoint::Postgres::connect_in(&place, &schema).await.unwrap()).await;
    }
    drive(pocketflow_checkpoint::Sqlite::open(&place).await.unwrap()).await;
}

async fn drive(storage: impl Storage) {
    let (id, somebody) = (std::env::var("CRASH_RUN").unwrap(), std::env::var_os("CRASH_ALONE").is_none());
    // It is started again at once, and the lease of the one that was killed has to run out first.
    let runs = Checkpoints::new(storage).lease(Duration::from_millis(1)).poll(Duration::from_millis(1));
    let (run, mut work) = (runs.run(&id), work());
    let run = async { Everything.with(run).run(&mut work).await.map(drop) };
    // Somebody approves, as soon as it waits.
    let person = async {
        loop {
            if somebody {
                let _ = runs.fill(&id, "approval", "\"yes\"").await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        result = run => result.unwrap(),
        () = person => {}
    }
    println!("RESULT {}", serde_json::to_string(&work).unwrap());
}

/// Where the runs of the program are: an SQLite file in its folder, or what these variables say.
fn command(folder: &Path, run: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("CRASH_DB", folder.join("runs.db")).env("CRASH_LOG", folder.join(run)).env("CRASH_RUN", run);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(folder: &Path, run: &str) -> Child {
    command(folder, run).spawn().unwrap()
}

/// Runs the program to its end, and returns its result.
fn finish(folder: &Path, run: &str) -> String {
    result(start(folder, run))
}

fn result(program: Child) -> String {
    let output = program.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = text.lines().find_map(|line| Some(line.split_once("RESULT ")?.1.to_owned()));
    result.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// The lines of the log, by what they are about.
fn lines(folder: &Path, run: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(run)).unwrap_or_default();
    // The last line may have been cut off.
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// The number of the step in a line of the log, and the rest of its key.
fn key(line: &str) -> (u64, String) {
    let key = line.rsplit(' ').next().unwrap();
    let mut parts = key.split('/').skip(1);
    (parts.next().unwrap().parse().unwrap(), parts.collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn killed_two_hundred_times_it_repeats_nothing_that_was_finished() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = finish(folder, "whole");
    let whole: BTreeSet<_> = lines(folder, "whole").iter().map(|line| line.replace("whole/", "")).collect();

    let (mut kills, mut runs, mut repeated) = (0, 0, 0);
    while kills < KILLS {
        let run = format!("run-{runs}");
        runs += 1;
        loop {
            // What is finished now may not begin again.
            let storage = Checkpoints::open(folder.join("runs.db")).await.unwrap();
            let record = storage.storage().show(&run).await.unwrap();
            let step = record.as_ref().map_or(0, |record| record.step);
            let items = storage.storage().items(&run, step + 1).await.unwrap();
            let kept: BTreeSet<_> = items.into_iter().map(|(key, _)| (key.branch, key.item)).collect();
            let before = lines(folder, &run).len();
            drop(storage);
            if kills >= KILLS {
                break;
            }
            let mut child = start(folder, &run);
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..60_000)));
            child.kill().unwrap();
            let mut text = String::new();
            child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            child.wait().unwrap();
            let finished = text.contains("RESULT ");
            kills += usize::from(!finished);
            for line in &lines(folder, &run)[before..] {
                let (at, rest) = key(line);
                assert!(at > step, "step {step} of {run} was finished, and then: {line}");
                let part =
                    |name: &str| rest.split('/').find_map(|part| part.strip_prefix(name)?.parse().ok());
                let item = (part("branch-").map(|branch: u64| branch as u32), part("item-"));
                assert!(
                    at > step + 1 || !kept.contains(&item),
                    "{item:?} of step {at} of {run} was kept, and then: {line}"
                );
            }
            if finished {
                break;
            }
        }
        assert_eq!(finish(folder, &run), expected, "{run}");
        let done = lines(folder, &run);
        let keys: BTreeSet<_> = done.iter().map(|line| line.replace(&format!("{run}/"), "")).collect();
        assert_eq!(keys, whole, "{run}: the same work under the same keys");
        let mut begun = BTreeMap::new();
        for line in done.iter().filter(|line| line.starts_with("begin")) {
            *begun.entry(line.clone()).or_insert(0) += 1;
        }
        repeated += begun.values().filter(|times| **times > 1).count();
    }
    let storage = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    assert_eq!(storage.list(Some(Status::Finished)).await.unwrap().len(), runs + 1);
    println!("{kills} kills in {runs} runs; {repeated} pieces of work that were in flight ran again");
}

/// Polls until something is so, or panics after a minute.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    });
    found.await.expect("it takes no minute")
}

#[tokio::test]
async fn two_processes_share_a_file_and_one_takes_over_from_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = finish(folder, "whole");
    let mut other = command(folder, "shared").env("CRASH_ALONE", "1").spawn().unwrap();

    let runs = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    let waiting = until(async || runs.list(Some(Status::Waiting)).await.unwrap().pop()).await;
    assert_eq!(waiting.run, "shared");
    assert_eq!(waiting.waits_for.as_deref(), Some("approval"));
    other.kill().unwrap();
    other.wait().unwrap();
    let before = lines(folder, "shared").len();
    runs.fill("shared", "approval", "\"yes\"").await.unwrap();

    // A third process goes on.
    assert_eq!(result(command(folder, "shared").env("CRASH_ALONE", "1").spawn().unwrap()), expected);
    let after: Vec<_> = lines(folder, "shared").split_off(before);
    assert_eq!(after.len(), 4, "it pays and writes the receipt, and nothing else: {after:?}");
}

/// Two workers of one database, as on two machines: one is killed while it works, the other takes over its runs.
#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres runs it"]
async fn a_worker_takes_over_from_one_that_was_killed() {
    let config =
        std::env::var("POCKETFLOW_POSTGRES").expect("POCKETFLOW_POSTGRES: see scripts/with-postgres");
    let schema = format!("crash_{}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = finish(folder, "whole");
    let worker = |run: &str| {
        let mut command = command(folder, run);
        command.env("CRASH_DB", &config).env("CRASH_SCHEMA", &schema);
        command
    };
    let mut kills = 0;
    for number in 0..10 {
        let run = format!("run-{number}");
        let mut first = worker(&run).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(fastrand::u64(30..150)));
        first.kill().unwrap();
        kills += usize::from(
            !String::from_utf8_lossy(&first.wait_with_output().unwrap().stdout).contains("RESULT"),
        );
        assert_eq!(result(worker(&run).spawn().unwrap()), expected, "{run}");
    }
    println!("{kills} of 10 were killed at work");
    let storage = pocketflow_checkpoint::Postgres::connect_in(&config, &schema).await.unwrap();
    assert_eq!(Checkpoints::new(storage).list(Some(Status::Finished)).await.unwrap().len(), 10);
}
