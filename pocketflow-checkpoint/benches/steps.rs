//! What a durable step costs: microseconds a step of 1 KB of state, against a bare transaction that
//! writes the same state into a row, with the same settings; and steps a second with 100 runs at
//! once.
//!
//! ```text
//! cargo bench -p pocketflow-checkpoint --bench steps
//! ```
//!
//! The two take turns, round by round, in files of one folder, and a figure is the median of the
//! rounds. What is measured is mostly how long the disk takes to make a write durable, so only the
//! ratio says something about this crate.

use std::path::Path;
use std::time::{Duration, Instant};

use pocketflow::{Action, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Retention};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 15;
const STEPS: u32 = 100;
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

fn state() -> State {
    State {
        until: STEPS,
        text: "x".repeat(1_000),
        ..Default::default()
    }
}

/// Steps of one run.
async fn durable(folder: &Path, round: usize, keep: Retention) -> Duration {
    let runs = Checkpoints::open(folder.join("durable.db"))
        .await
        .unwrap()
        .retention(keep);
    let (mut state, run, start) = (
        state(),
        runs.run(format!("{keep:?}-{round}")),
        Instant::now(),
    );
    Counting.with(run).run(&mut state).await.unwrap();
    start.elapsed() / STEPS
}

/// The same state, a transaction each.
fn bare(folder: &Path) -> Duration {
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
    let (mut state, start) = (state(), Instant::now());
    for step in 0..STEPS {
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
    start.elapsed() / STEPS
}

/// Steps a second of many runs at once.
async fn at_once(folder: &Path, round: usize) -> f64 {
    let runs = Checkpoints::open(folder.join("durable.db")).await.unwrap();
    let start = Instant::now();
    let all: Vec<_> = (0..RUNS)
        .map(|run| {
            let run = runs.run(format!("many-{round}-{run}"));
            tokio::spawn(async move { Counting.with(run).run(&mut state()).await.map(drop) })
        })
        .collect();
    for run in all {
        run.await.unwrap().unwrap();
    }
    RUNS as f64 * f64::from(STEPS) / start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")).unwrap();
    let folder = folder.path();
    let (mut ours, mut theirs, mut ratios, mut lean, mut many) =
        (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let plain = bare(folder).as_secs_f64() * 1e6;
        let kept = durable(folder, round, Retention::Last(10))
            .await
            .as_secs_f64()
            * 1e6;
        let none = durable(folder, round, Retention::None).await.as_secs_f64() * 1e6;
        ours.push(kept);
        theirs.push(plain);
        ratios.push(kept / plain);
        lean.push(none / plain);
        if round % 5 == 0 {
            many.push(at_once(folder, round).await);
        }
    }
    println!("a bare transaction     {:8.1} us a step", median(theirs));
    println!("a durable step         {:8.1} us a step", median(ours));
    println!("the ratio              {:8.2}", median(ratios));
    println!("without a history      {:8.2}", median(lean));
    println!(
        "{RUNS} runs at once       {:8.0} steps a second",
        median(many)
    );
}
