//! The flows that the workers run. Their nodes write a line to a file when they start and when they finish, so
//! that the tests know what ran, independently of the server.

pub(crate) mod agents;
pub(crate) mod batches;
pub(crate) mod loops;
pub(crate) mod maps;
pub(crate) mod mending;
pub(crate) mod sizes;
pub(crate) mod versions;
pub(crate) mod waits;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use pocketflow::Attempt;
use tokio::time::sleep;

/// The folder of the log and of the files that nodes wait for.
fn folder() -> PathBuf {
    std::env::var_os("WORKER_FOLDER")
        .expect("WORKER_FOLDER")
        .into()
}

/// Logs that an attempt begins or is done, in which process, and when, in milliseconds:
/// `begin pay order-17/3 1 4711 1764158400000`.
pub(crate) fn log(line: &str, what: &str, attempt: Attempt<'_>) {
    static LOG: OnceLock<File> = OnceLock::new();
    let file = LOG.get_or_init(|| {
        let options = File::options().append(true).create(true).clone();
        options.open(folder().join("log")).unwrap()
    });
    let key = key_of(attempt);
    let (number, process) = (attempt.number(), std::process::id());
    let time = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let line = format!("{line} {what} {key} {number} {process} {time}\n");
    let mut file = file;
    file.write_all(line.as_bytes()).unwrap();
}

/// The key without the flow and the time that Restate's runs have in it, as the tests name runs:
/// `order-17/3`.
fn key_of(attempt: Attempt<'_>) -> String {
    let key = attempt.key().expect("a key").to_string();
    let Some((run, rest)) = key.split_once('@') else {
        return key;
    };
    let (_, run) = run.split_once('/').expect("a flow");
    let (_, rest) = rest.split_once('/').expect("a step");
    format!("{run}/{rest}")
}

/// Work of some milliseconds, so that a process is sometimes killed in the middle of it.
pub(crate) async fn work(what: &str, attempt: Attempt<'_>) {
    log("begin", what, attempt);
    sleep(Duration::from_millis(4)).await;
    log("done", what, attempt);
}

/// Whether the test has made the file of this run: `mended-order-17`.
pub(crate) fn is_there(name: &str, attempt: Attempt<'_>) -> bool {
    let key = key_of(attempt);
    let run = key.split('/').next().unwrap();
    folder().join(format!("{name}-{run}")).exists()
}

/// Work that lasts until the test has made a file.
pub(crate) async fn work_until(what: &str, name: &str, attempt: Attempt<'_>) {
    log("begin", what, attempt);
    while !is_there(name, attempt) {
        sleep(Duration::from_millis(5)).await;
    }
    log("done", what, attempt);
}
