//! Kills workers at random moments, and starts others, until all runs have finished.
//!
//! A worker is this test binary, which runs the test `program` in a process of its own. Its nodes
//! write a line to a file when they start and when they finish, so that the tests know what ran,
//! independently of the storage.
//!
//! `cargo test -p pocketflow-checkpoint --release --test worker_kills -- --include-ignored --nocapture`
//! does it with 10,000 runs, and prints how many finished each second and how much memory a worker
//! took.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Order {
    number: u32,
    items: Vec<u32>,
    reserved: Option<u32>,
    doubled: Option<Vec<u32>>,
    approval: Option<String>,
    receipt: Option<String>,
}

/// Logs that a step starts or has finished: `begin 4711 order-17/3`.
fn log(what: &str, attempt: Attempt<'_>) {
    static LOG: OnceLock<fs::File> = OnceLock::new();
    let file = LOG.get_or_init(|| {
        let file = std::env::var_os("WORKER_LOG").expect("WORKER_LOG");
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .unwrap()
    });
    let key = attempt.key().expect("a key");
    let line = format!("{what} {} {key}\n", std::process::id());
    let mut file = file;
    file.write_all(line.as_bytes()).unwrap();
}

#[node(Order, writes = reserved)]
async fn reserve(number: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("begin", attempt);
    tokio::task::yield_now().await;
    log("done", attempt);
    number * 10
}

#[node(Order, writes = doubled, parallel = 2)]
async fn double(#[each(items)] item: &u32) -> u32 {
    item * 2
}

#[node(Order, writes = receipt)]
async fn pay(
    reserved: &u32,
    doubled: &[u32],
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> String {
    log("begin", attempt);
    sleep(Duration::from_millis(2)).await;
    log("done", attempt);
    format!("{reserved} {doubled:?} {approval}")
}

flow! { Sell { reserve >> double >> await(approval) >> pay; } }
flow! { Quick { reserve >> double; } }

/// A worker, which the tests run as a separate process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other tests run it as a separate process"]
async fn program() {
    let Ok(place) = std::env::var("WORKER_DB") else {
        return;
    };
    #[cfg(feature = "postgres")]
    if let Ok(schema) = std::env::var("WORKER_SCHEMA") {
        let storage = pocketflow_checkpoint::Postgres::connect_in(&place, &schema);
        return work(storage.await.unwrap()).await;
    }
    work(Sqlite::open(&place).await.unwrap()).await;
}

async fn work(storage: impl Storage) {
    // The parent kills it any number of times.
    let runs = Checkpoints::new(storage)
        .lease(Duration::from_secs(2))
        .poll(Duration::from_millis(100))
        .max_crashes(None);
    let worker = runs.worker().flow(Sell).flow(Quick).concurrency(50);
    worker.run().await.unwrap();
}

/// A worker, which is killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the runs are.
struct Place<'a> {
    folder: &'a Path,
    /// A database and a schema of PostgreSQL.
    server: Option<(String, String)>,
}

impl Place<'_> {
    fn start(&self) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program", "--ignored", "--nocapture"]);
        command.env("WORKER_LOG", self.log());
        match &self.server {
            Some((database, schema)) => command
                .env("WORKER_DB", database)
                .env("WORKER_SCHEMA", schema),
            None => command.env("WORKER_DB", self.folder.join("runs.db")),
        };
        Process(command.stdout(Stdio::null()).spawn().unwrap())
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.join("log")
    }
}

/// The most memory that a process has taken so far, in MB.
fn memory(Process(process): &Process) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}

/// Enqueues the runs, starts workers, kills one of them so many times, and checks what ran.
async fn killed<S: Storage>(storage: S, place: Place<'_>, count: u32, workers: usize, kills: u32) {
    let runs = Checkpoints::new(storage);
    let enqueued = Instant::now();
    for number in 0..count {
        let order = Order {
            number,
            items: vec![1, 2, 3],
            ..Default::default()
        };
        let id = format!("order-{number}");
        if number % 2 == 0 {
            runs.enqueue(id, &Quick, order).await.unwrap();
        } else {
            runs.enqueue(id, &Sell, order).await.unwrap();
        }
    }
    let enqueued = enqueued.elapsed();
    let start = Instant::now();
    let mut processes: Vec<_> = (0..workers).map(|_| place.start()).collect();
    let (mut killed, mut most) = (0, 0);
    // The kills are spread over the work: a run has three lines on average, of 20 bytes at least.
    let (part, mut next) = (u64::from(count) * 60 / u64::from(kills + 1), 0);
    let written = || fs::metadata(place.log()).map_or(0, |log| log.len());
    loop {
        let limit = Duration::from_secs(60) + Duration::from_millis(100) * count;
        assert!(start.elapsed() < limit, "{:?}", runs.list(None).await);
        sleep(Duration::from_millis(fastrand::u64(20..150))).await;
        let waiting = runs.list(Some(Status::Waiting)).await.unwrap();
        for run in waiting.iter().filter(|run| !run.filled) {
            let wait = run.wait.as_deref().unwrap();
            runs.fill_value(&run.run, wait, "yes").await.unwrap();
        }
        most = most.max(processes.iter().filter_map(memory).max().unwrap_or(0));
        if killed < kills && written() > next {
            killed += 1;
            next += part;
            // The old one is killed.
            processes[fastrand::usize(..workers)] = place.start();
        } else if waiting.is_empty() && runs.list(Some(Status::Running)).await.unwrap().is_empty() {
            break;
        }
    }
    let took = start.elapsed();
    drop(processes);
    assert!(killed > 0);
    println!(
        "{count} runs, {workers} workers, {killed} kills: {:.0} enqueued a second, {:.0} finished a second, {most} MB a worker",
        f64::from(count) / enqueued.as_secs_f64(),
        f64::from(count) / took.as_secs_f64(),
    );
    let finished = runs.list(Some(Status::Finished)).await.unwrap();
    assert_eq!(finished.len(), count as usize);
    for number in (0..count).step_by(7) {
        let state = runs
            .storage()
            .show(&format!("order-{number}"))
            .await
            .unwrap()
            .unwrap()
            .state;
        let order: Order = serde_json::from_str(&state).unwrap();
        let receipt = format!("{} [2, 4, 6] yes", number * 10);
        assert_eq!(order.doubled, Some(vec![2, 4, 6]));
        assert_eq!(order.receipt, (number % 2 == 1).then_some(receipt));
    }
    check(&place.log(), count);
}

/// Each step was finished, none began again after a later one, and no two processes were in the same
/// run at the same time.
fn check(log: &Path, count: u32) {
    let text = fs::read_to_string(log).unwrap();
    let mut runs: BTreeMap<&str, Vec<(&str, &str, u32)>> = BTreeMap::new();
    for line in text.lines() {
        let parts: Vec<_> = line.split(' ').collect();
        let [what, process, key] = parts[..] else {
            panic!("{line}");
        };
        let (run, step) = key.split_once('/').unwrap();
        let step = step.parse().unwrap();
        runs.entry(run).or_default().push((what, process, step));
    }
    assert_eq!(runs.len(), count as usize);
    let mut times: HashMap<(&str, u32), u32> = HashMap::new();
    for (run, lines) in &runs {
        let mut last = 0;
        for (index, (what, process, step)) in lines.iter().enumerate() {
            assert!(
                *step >= last,
                "{run}: step {step} ran again after step {last}"
            );
            last = *step;
            if *what == "begin" {
                *times.entry((run, *step)).or_default() += 1;
                continue;
            }
            let before = index.checked_sub(1).map(|before| lines[before]);
            assert_eq!(
                before,
                Some(("begin", *process, *step)),
                "{run}: two processes at the same time"
            );
        }
        let last = lines.last().unwrap();
        let number: u32 = run.trim_start_matches("order-").parse().unwrap();
        let steps = if number.is_multiple_of(2) { 1 } else { 4 };
        assert_eq!((last.0, last.2), ("done", steps), "{run}");
    }
    // Only a step whose process was killed before it was stored ran more than once.
    let again = times.values().filter(|times| **times > 1).count();
    println!("{again} of {} steps began more than once", times.len());
}

async fn on_a_file(count: u32, workers: usize, kills: u32) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    let place = Place {
        folder: folder.path(),
        server: None,
    };
    killed(storage, place, count, workers, kills).await;
}

#[tokio::test]
async fn workers_that_are_killed_repeat_nothing_that_was_finished() {
    on_a_file(120, 2, 6).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn ten_thousand_runs_go_through_one_worker_that_is_killed() {
    on_a_file(10_000, 1, 20).await;
}

#[cfg(feature = "postgres")]
async fn on_a_server(count: u32, workers: usize, kills: u32) {
    use pocketflow_checkpoint::Postgres;
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
    let schema = format!("worker_{now}");
    let storage = Postgres::connect_in(&config, &schema).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        folder: folder.path(),
        server: Some((config, schema)),
    };
    killed(storage, place, count, workers, kills).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn workers_that_share_a_server_repeat_nothing_that_was_finished() {
    on_a_server(200, 2, 6).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "takes minutes, and needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn ten_thousand_runs_go_through_two_workers_that_are_killed() {
    on_a_server(10_000, 2, 40).await;
}
