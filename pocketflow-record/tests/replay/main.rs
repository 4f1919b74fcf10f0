//! Recorded runs, replayed.

mod bad_records;
mod differences;
mod durable;
mod everything;
mod generated;
mod simple;
mod stores;

use std::cell::Cell;
use std::sync::Arc;

use pocketflow::seam::{Execs, Items, Through};
use pocketflow::{Drive, Error, Shared};
use pocketflow_record::replay::Replayable;
use pocketflow_record::{Record, RecordedStore, Replay, ReplayError, Replayed};

thread_local! {
    /// How many execs have run. Each test has a thread of its own.
    static EXECS: Cell<u32> = const { Cell::new(0) };
}

/// An exec calls this when it runs.
fn exec_runs() {
    EXECS.set(EXECS.get() + 1);
}

/// Runs a flow, and returns its record.
async fn record<F, S>(flow: &F, shared: &mut S) -> (String, Result<&'static str, Error>)
where
    F: Drive<S, Record, (Execs, Items)>,
    S: Shared + RecordedStore,
{
    let record = Record::in_memory();
    let ended = flow.drive(record.clone(), shared).await;
    record.finish().unwrap();
    (record.text(), ended.map(|taken| taken.action()))
}

/// Replays a record, with no exec running.
async fn replayed<F, S>(flow: &F, record: &str) -> Result<Replayed<S>, ReplayError>
where
    F: Drive<S, Arc<Replay>, Through<Execs>>,
    S: Replayable + Default,
{
    let before = EXECS.get();
    let replayed = Replay::of(record)?.run_on(flow, S::default()).await;
    assert_eq!(EXECS.get(), before, "an exec has run");
    replayed
}

/// The lines of a text, from the second on, without the help.
fn lines(error: &ReplayError) -> Vec<String> {
    let text = error.to_string();
    let lines = text.lines().filter(|line| !line.starts_with("  help: "));
    lines.map(str::to_owned).collect()
}
