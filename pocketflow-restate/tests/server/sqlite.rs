//! The same flows on an SQLite file, whose workers are killed in the same way, for comparison.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage, StorageError};

use crate::kills::{RUNS, answer, moment};
use crate::kinds::{self, Kind};
use crate::place::WORKERS;
use crate::poll::Deadline;
use crate::process::Process;
use crate::trace::{self, Count};

async fn open(file: &Path) -> Checkpoints<Sqlite> {
    let runs = Checkpoints::open(file).await.unwrap();
    runs.lease(Duration::from_secs(2))
        .poll(Duration::from_millis(20))
        .max_crashes(None)
}

/// A worker, in a process of its own.
pub(crate) async fn program(file: &Path) {
    kinds::all(open(file).await.worker()).run().await.unwrap();
}

fn worker(folder: &Path) -> Process {
    let environment = [
        (
            "WORKER_DB",
            folder.join("runs.db").to_str().unwrap().to_owned(),
        ),
        ("WORKER_FOLDER", folder.to_str().unwrap().to_owned()),
    ];
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "program", "--ignored", "--nocapture"];
    Process::start(program, &arguments, environment, &folder.join("output"))
}

pub(crate) async fn killed(kind: &Kind, kills: usize) -> Count {
    let folder = tempfile::tempdir().unwrap();
    let runs = open(&folder.path().join("runs.db")).await;
    let mut workers: Vec<_> = (0..WORKERS).map(|_| worker(folder.path())).collect();
    let log = folder.path().join("log");
    let (mut killed, mut first) = (0, 0);
    while killed < kills {
        let ids: Vec<_> = (first..first + RUNS)
            .map(|run| format!("{}-{run}", kind.flow))
            .collect();
        first += RUNS;
        for id in &ids {
            kind.enqueue(&runs, id).await;
        }
        let mut next = moment();
        let deadline = Deadline::seconds(120);
        while runs.list(Some(Status::Finished)).await.unwrap().len() < first {
            for run in runs.storage().list(Some(Status::Waiting)).await.unwrap() {
                let wait = run.wait.filter(|_| !run.filled);
                let value = wait
                    .as_ref()
                    .and_then(|wait| answer(wait.split('#').next()?));
                if let (Some(wait), Some(value)) = (wait, value) {
                    match runs.fill(&run.run, &wait, &value.to_string()).await {
                        Ok(()) => {}
                        // It went on in the meantime.
                        Err(
                            StorageError::NotWaiting { .. }
                            | StorageError::UnknownRun { .. }
                            | StorageError::WaitClosed { .. },
                        ) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            if killed < kills && Instant::now() > next {
                let mut file = fs::File::options()
                    .append(true)
                    .create(true)
                    .open(&log)
                    .unwrap();
                file.write_all(b"kill\n").unwrap();
                // The old one ends here.
                drop(workers.remove(fastrand::usize(..WORKERS)));
                file.write_all(b"killed\n").unwrap();
                workers.push(worker(folder.path()));
                killed += 1;
                next = moment();
            }
            deadline
                .pause(|| format!("they do not end\n{}", workers[0].printed()))
                .await;
        }
        for id in &ids {
            let record = runs.storage().show(id).await.unwrap().unwrap();
            kind.check(id, &serde_json::from_str(&record.state).unwrap());
        }
    }
    drop(workers);
    trace::check(&fs::read_to_string(log).unwrap(), kind.width)
}
