//! What recording a step costs: microseconds a step of a store with 1 KB of text, of which the step changes
//! a counter. Without a driver, with a driver that does nothing, with records in memory and in a file, and
//! with a durable run in a file system in memory. Then the size of a record, and the time to read it.
//!
//! ```text
//! cargo bench -p pocketflow-record --bench steps
//! ```
//!
//! The candidates take turns, round by round, and a figure is the median of the rounds. The first figure is
//! the elapsed time. The second is the CPU time of all threads of this process, as Linux counts it.

use std::path::Path;
use std::time::{Duration, Instant};

use pocketflow::{Action, Direct, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Retention};
use pocketflow_record::{Record, Recording};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 15;
const STEPS: u32 = 10_000;

#[derive(Shared, Default, Serialize, Deserialize)]
struct State {
    count: u32,
    until: u32,
    text: String,
}

#[derive(Action, Serialize, Deserialize)]
#[action(State)]
enum Next {
    Again { count: u32 },
    Done,
}

#[node(State)]
async fn step(count: &u32, until: &u32) -> Next {
    if count + 1 < *until {
        Next::Again { count: count + 1 }
    } else {
        Next::Done
    }
}

flow! {
    Counting: State {
        step - "again" >> step;
        step - "done" >> end;
    }
}

fn state(until: u32) -> State {
    State {
        until,
        text: "x".repeat(1_000),
        ..State::default()
    }
}

/// What a step costs, in microseconds.
#[derive(Clone, Copy)]
struct Cost {
    time: f64,
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

struct Start(Instant, Duration);

fn start() -> Start {
    let before = cpu();
    Start(Instant::now(), before)
}

impl Start {
    fn each(self, steps: u32) -> Cost {
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(steps);
        let time = self.0.elapsed();
        Cost {
            time: micros(time),
            cpu: micros(cpu().saturating_sub(self.1)),
        }
    }
}

async fn plain() -> Cost {
    let (mut state, start) = (state(STEPS), start());
    Counting.run(&mut state).await.unwrap();
    start.each(STEPS)
}

async fn direct() -> Cost {
    let (mut state, start) = (state(STEPS), start());
    Counting.with(Direct).run(&mut state).await.unwrap();
    start.each(STEPS)
}

async fn recorded(record: Record) -> Cost {
    let (mut state, start) = (state(STEPS), start());
    Counting.with(&record).run(&mut state).await.unwrap();
    record.finish().unwrap();
    start.each(STEPS)
}

async fn steps_only(record: Record) -> Cost {
    let record = record.steps_only();
    let (mut state, start) = (state(STEPS), start());
    Counting.with(&record).run(&mut state).await.unwrap();
    record.finish().unwrap();
    start.each(STEPS)
}

/// A tenth of the steps, because one costs more.
async fn durable(folder: &Path, round: usize) -> Cost {
    let runs = Checkpoints::open(folder.join("durable.db")).await.unwrap();
    let runs = runs.retention(Retention::Last(10));
    let (mut state, start) = (state(STEPS / 10), start());
    let run = Counting.with(runs.run(format!("run-{round}")));
    run.run(&mut state).await.unwrap();
    start.each(STEPS / 10)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How large a record is, and how long it takes to read.
async fn size(folder: &Path, steps: u32) {
    let path = folder.join("size.jsonl");
    let record = Record::create(&path).unwrap();
    Counting.with(&record).run(&mut state(steps)).await.unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let start = Instant::now();
    let recording = Recording::open(&path).unwrap();
    let time = start.elapsed().as_secs_f64() * 1e3;
    assert_eq!(recording.runs()[0].steps.len(), steps as usize);
    let each = bytes / u64::from(steps);
    println!("{steps:6} steps {bytes:10} bytes, {each} a step, read in {time:.1} ms");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let disk = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
    let disk = tempfile::tempdir_in(disk).unwrap();
    let memory = tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap());
    let mut lines: Vec<(&str, Vec<Cost>)> = Vec::new();
    for round in 0..ROUNDS {
        let file =
            |folder: &tempfile::TempDir| Record::create(folder.path().join("run.jsonl")).unwrap();
        let figures = [
            ("without a driver", plain().await),
            ("Direct", direct().await),
            ("a record in memory", recorded(Record::in_memory()).await),
            ("a record in a file on disk", recorded(file(&disk)).await),
            (
                "a record in a file in memory",
                recorded(file(&memory)).await,
            ),
            (
                "the steps only, file on disk",
                steps_only(file(&disk)).await,
            ),
            (
                "a durable run, file in memory",
                durable(memory.path(), round).await,
            ),
        ];
        for (index, (name, figure)) in figures.into_iter().enumerate() {
            if lines.len() == index {
                lines.push((name, Vec::new()));
            }
            lines[index].1.push(figure);
        }
    }
    for (name, figures) in &lines {
        let time = median(figures.iter().map(|cost| cost.time));
        let cpu = median(figures.iter().map(|cost| cost.cpu));
        println!("{name:32} {time:9.3} us a step    cpu {cpu:9.3} us");
    }
    for steps in [10, 1_000, 10_000] {
        size(disk.path(), steps).await;
    }
}
