//! What a durable step costs: microseconds a step of 1 KB of state, against a bare transaction that
//! writes the same state into a row, with the same settings; steps a second with 100 runs at once;
//! and a step that changes a counter beside 10 MB.
//!
//! ```text
//! cargo bench -p pocketflow-checkpoint --bench steps
//! cargo bench -p pocketflow-checkpoint --bench steps -- memory
//! ```
//!
//! They take turns, round by round, in files of one folder, and a figure is the median of the rounds.
//! On a disk, what is measured is mostly how long the disk takes to make a write durable, so only the
//! ratio says something about this crate. A second folder is on a file system in memory, where the
//! processor's time is what counts; on Linux, it is counted for all threads of this process.

use std::path::Path;
use std::time::{Duration, Instant};

use pocketflow::{Action, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Retention};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 15;
const RUNS: usize = 100;

#[derive(Shared, Default, Serialize, Deserialize)]
struct State {
    count: u32,
    until: u32,
    text: String,
}

#[derive(Action, Serialize, Deserialize)]
enum Next {
    Again,
    Done,
}

struct Count;

#[node(State)]
impl Count {
    async fn exec(&self) {}

    fn post(&self, shared: &mut State) -> Next {
        shared.count += 1;
        if shared.count < shared.until {
            Next::Again
        } else {
            Next::Done
        }
    }
}

flow! {
    Counting {
        Count - "again" >> Count;
        Count - "done" >> end;
    }
}

fn state(until: u32, length: usize) -> State {
    State {
        until,
        text: "x".repeat(length),
        ..Default::default()
    }
}

/// What a step costs.
#[derive(Clone, Copy)]
struct Cost {
    /// Microseconds that pass.
    time: f64,
    /// Microseconds of the processor, in all threads.
    cpu: f64,
}

/// The time that the processor has spent in this process: that of the threads that are running.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

fn since((start, before): (Instant, Duration), steps: u32) -> Cost {
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(steps);
    let time = start.elapsed();
    Cost {
        time: micros(time),
        cpu: micros(cpu().saturating_sub(before)),
    }
}

fn start() -> (Instant, Duration) {
    let before = cpu();
    (Instant::now(), before)
}

/// Steps of one run. Its beginning and its end count as well.
async fn durable(folder: &Path, name: &str, keep: Retention, mut state: State) -> Cost {
    let runs = Checkpoints::open(folder.join("durable.db")).await.unwrap();
    let runs = runs.retention(keep);
    let steps = state.until;
    let start = start();
    Counting.with(runs.run(name)).run(&mut state).await.unwrap();
    since(start, steps)
}

/// The same state, a transaction each.
fn bare(folder: &Path, steps: u32) -> Cost {
    let mut connection = rusqlite::Connection::open(folder.join("bare.db")).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    connection
        .pragma_update(None, "synchronous", "FULL")
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, step INTEGER, state TEXT)",
        )
        .unwrap();
    connection
        .execute("INSERT OR REPLACE INTO runs VALUES ('a', 0, '')", ())
        .unwrap();
    let (mut state, start) = (state(steps, 1_000), start());
    for step in 0..steps {
        state.count = step;
        let json = serde_json::to_string(&state).unwrap();
        let transaction = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .unwrap();
        transaction
            .prepare_cached("UPDATE runs SET step = ?, state = ? WHERE run = 'a'")
            .and_then(|mut update| update.execute((step, json)))
            .unwrap();
        transaction.commit().unwrap();
    }
    since(start, steps)
}

/// Steps a second of many runs at once.
async fn at_once(folder: &Path, round: usize) -> f64 {
    let runs = Checkpoints::open(folder.join("durable.db")).await.unwrap();
    let start = Instant::now();
    let all: Vec<_> = (0..RUNS)
        .map(|run| {
            let run = runs.run(format!("many-{round}-{run}"));
            let mut state = state(100, 1_000);
            tokio::spawn(async move { Counting.with(run).run(&mut state).await.map(drop) })
        })
        .collect();
    for run in all {
        run.await.unwrap().unwrap();
    }
    RUNS as f64 * 100.0 / start.elapsed().as_secs_f64()
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[derive(Default)]
struct Figures {
    bare: Vec<Cost>,
    durable: Vec<Cost>,
    spawned: Vec<Cost>,
    lean: Vec<Cost>,
    large: Vec<Cost>,
    many: Vec<f64>,
}

async fn measure(folder: &Path, steps: u32) -> Figures {
    let mut figures = Figures::default();
    for round in 0..ROUNDS {
        let (last, small) = (Retention::Last(10), move || state(steps, 1_000));
        figures.bare.push(bare(folder, steps));
        let name = format!("durable-{round}");
        figures
            .durable
            .push(durable(folder, &name, last, small()).await);
        let (name, own) = (format!("spawned-{round}"), folder.to_owned());
        let spawned = tokio::spawn(async move { durable(&own, &name, last, small()).await });
        figures.spawned.push(spawned.await.unwrap());
        let name = format!("lean-{round}");
        let lean = durable(folder, &name, Retention::None, small()).await;
        figures.lean.push(lean);
        if round % 5 == 0 {
            figures.many.push(at_once(folder, round).await);
            let name = format!("large-{round}");
            // The whole store is written once, so what the beginning costs is subtracted.
            let large = |steps| durable_large(folder, format!("{name}-{steps}"), steps);
            let (few, many) = (large(1).await, large(21).await);
            figures.large.push(Cost {
                time: (many.time * 21.0 - few.time) / 20.0,
                cpu: (many.cpu * 21.0 - few.cpu) / 20.0,
            });
        }
    }
    figures
}

async fn durable_large(folder: &Path, name: String, steps: u32) -> Cost {
    durable(folder, &name, Retention::Last(10), state(steps, 10 << 20)).await
}

fn print(figures: &Figures) {
    let time = |costs: &[Cost]| median(costs.iter().map(|cost| cost.time));
    let line = |what: &str, costs: &[Cost]| {
        let pairs = costs.iter().zip(&figures.bare);
        let ratio = median(pairs.clone().map(|(cost, bare)| cost.time / bare.time));
        let cpu = median(costs.iter().map(|cost| cost.cpu));
        let cpu_ratio = median(pairs.map(|(cost, bare)| cost.cpu / bare.cpu));
        println!(
            "{what:32} {:9.1} us {ratio:8.2}    cpu {cpu:9.1} us {cpu_ratio:8.2}",
            time(costs)
        );
    };
    line("a bare transaction", &figures.bare);
    line("a durable step", &figures.durable);
    line("in a spawned task", &figures.spawned);
    line("without a history", &figures.lean);
    line("beside 10 MB", &figures.large);
    let many = median(figures.many.iter().copied());
    println!("{RUNS} runs at once {many:26.0} steps a second");
}

#[tokio::main]
async fn main() {
    let disk = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
    let only: Vec<String> = std::env::args().skip(1).collect();
    for (name, folder, steps) in [("disk", disk, 300), ("memory", "/dev/shm", 3_000)] {
        let chosen = only
            .iter()
            .all(|only| only.starts_with('-') || only == name);
        let Ok(folder) = tempfile::tempdir_in(folder) else {
            continue;
        };
        if chosen {
            println!("{name}: time and ratio, processor's time and ratio");
            print(&measure(folder.path(), steps).await);
        }
    }
}
