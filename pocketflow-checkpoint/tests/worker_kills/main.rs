//! Kills workers at random moments, and starts others, until all runs have finished.
//!
//! A worker is this test binary, which runs the test `program` in a process of its own. Its nodes
//! write a line to a file when they start and when they finish, so that the tests know what ran,
//! independently of the storage.
//!
//! `cargo test -p pocketflow-checkpoint --release --test worker_kills -- --include-ignored --nocapture`
//! does it with 10,000 runs, and prints how many finished each second and how much memory a worker
//! took.

mod orders;
mod timed;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use pocketflow::Attempt;
use pocketflow_checkpoint::{Checkpoints, Sqlite, Storage};

use orders::{Quick, Sell};
use timed::Travel;

/// Logs that a step starts or has finished, in which process and attempt, and when, in milliseconds:
/// `begin 4711 order-17/3 1 1764158400000`.
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
    let (process, number) = (std::process::id(), attempt.number());
    let time = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let line = format!("{what} {process} {key} {number} {time}\n");
    let mut file = file;
    file.write_all(line.as_bytes()).unwrap();
}

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
    let worker = runs.worker().flow(Sell).flow(Quick).flow(Travel);
    worker.concurrency(50).run().await.unwrap();
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

/// A folder for the log, and a new schema of a server.
#[cfg(feature = "postgres")]
async fn server() -> (
    tempfile::TempDir,
    pocketflow_checkpoint::Postgres,
    String,
    String,
) {
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
    let schema = format!("worker_{now}");
    let storage = pocketflow_checkpoint::Postgres::connect_in(&config, &schema).await;
    (
        tempfile::tempdir().unwrap(),
        storage.unwrap(),
        config,
        schema,
    )
}
