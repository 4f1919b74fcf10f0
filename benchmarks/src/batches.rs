//! The cost of a batch's item.

use std::hint::black_box;
use std::time::Instant;

use pocketflow_benchmarks::contender::{Batch, Contender, Pause};
use pocketflow_benchmarks::contenders::{ALL, BATCH_BASE};
use pocketflow_benchmarks::drive;

use crate::Results;
use crate::counts::{Counter, Counts};
use crate::rounds::{Timing, interleave, sum_up};

pub struct Row {
    pub name: String,
    pub pause: Pause,
    /// Nanoseconds.
    pub timing: Timing,
    pub counts: Option<Counts>,
}

pub const ITEMS: u64 = 100_000;

/// Contenders whose runs take longer than this, in seconds, get fewer rounds.
const LONG: f64 = 2.0;

pub fn name(pause: Pause) -> &'static str {
    match pause {
        Pause::Yield => "yield",
        Pause::Sleep => "sleep",
    }
}

pub fn measure(quick: bool, counter: &Counter, results: &mut Results) {
    for pause in [Pause::Yield, Pause::Sleep] {
        eprintln!("batches: {}", name(pause));
        let (rounds, fewer) = match (pause, quick) {
            (Pause::Yield, false) => (31, 3),
            (Pause::Yield, true) => (7, 1),
            (Pause::Sleep, false) => (5, 1),
            (Pause::Sleep, true) => (2, 1),
        };
        for mut row in measure_pause(pause, rounds, fewer) {
            if row.timing.rounds < rounds {
                let of = format!("{} of {rounds} rounds", row.timing.rounds);
                let note = format!(
                    "{}: {of} ({}), because a run takes a long time.",
                    row.name,
                    name(pause)
                );
                results.batch_notes.push(note);
            }
            if pause == Pause::Yield {
                match counter.count("batch", &row.name, &ITEMS.to_string()) {
                    Ok(counts) => row.counts = Some(counts),
                    Err(reason) => results.miss(&row.name, "batch: allocations", reason),
                }
            }
            results.batches.push(row);
        }
    }
}

fn measure_pause(pause: Pause, rounds: usize, fewer: usize) -> Vec<Row> {
    let runtime = drive::runtime();
    let entry = |contender: &Contender| Some((contender.name, contender.batch?));
    let entries: Vec<_> = ALL.iter().filter_map(entry).collect();
    let mut seconds = |index: usize| {
        let (name, run) = entries[index];
        let batch = Batch {
            items: ITEMS,
            width: 1_000,
            factor: black_box(3),
            pause,
        };
        let start = Instant::now();
        drive::batch(&runtime, name, run, batch);
        start.elapsed().as_secs_f64()
    };
    let warm_up = interleave(&vec![1; entries.len()], &mut seconds);
    let counts: Vec<usize> = warm_up
        .iter()
        .map(|times| if times[0] > LONG { fewer } else { rounds })
        .collect();
    let times = interleave(&counts, |index| seconds(index) * 1e9 / ITEMS as f64);
    let base = entries
        .iter()
        .position(|entry| entry.0 == BATCH_BASE)
        .map(|base| times[base].as_slice());
    let row = |((name, _), times): (&(&str, _), &Vec<f64>)| Row {
        name: (*name).to_owned(),
        pause,
        timing: sum_up(times, base),
        counts: None,
    };
    entries.iter().zip(&times).map(row).collect()
}
