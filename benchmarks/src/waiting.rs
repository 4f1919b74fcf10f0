//! The memory that a flow holds while it waits, and the time until it waits.

use std::time::Instant;

use pocketflow_benchmarks::contender::BoxFuture;
use pocketflow_benchmarks::contenders::{ALL, BASE};
use pocketflow_benchmarks::drive::Flows;

use crate::Results;
use crate::counts::{Counter, Counts};
use crate::rounds::{Timing, interleave, sum_up};

pub struct Row {
    pub name: String,
    /// The size of the future, which is part of the bytes held.
    pub size: Option<f64>,
    /// The bytes held, and their ratio to the base.
    pub bytes: Option<f64>,
    pub ratio: Option<f64>,
    pub allocations: Option<f64>,
    /// The nanoseconds to create a flow and run it until it waits.
    pub start: Option<Timing>,
    /// Whether there are threads whose allocations are not counted.
    pub threads: bool,
}

pub const FLOWS: usize = 100_000;

/// A contender with a flow that waits and resumes.
struct Entry {
    name: &'static str,
    flow: fn() -> BoxFuture,
    size: usize,
    counts: Counts,
}

pub fn measure(quick: bool, counter: &Counter, results: &mut Results) {
    eprintln!("waiting");
    let mut entries = Vec::new();
    for contender in ALL {
        let Some(flow) = contender.waiting else {
            continue;
        };
        let counts = counter.count("waiting", contender.name, &FLOWS.to_string());
        match run(flow).and_then(|(size, _)| Ok((size, counts?))) {
            Ok((size, counts)) => entries.push(Entry {
                name: contender.name,
                flow,
                size,
                counts,
            }),
            Err(reason) => results.miss(contender.name, "waiting", reason),
        }
    }
    let rounds = if quick { 3 } else { 7 };
    // All of them have run once already, for the measurement of their sizes.
    let times = interleave(&vec![rounds; entries.len()], |index| {
        run(entries[index].flow).map_or(f64::NAN, |(_, nanoseconds)| nanoseconds)
    });
    let base = entries.iter().position(|entry| entry.name == BASE);
    for (entry, own) in entries.iter().zip(&times) {
        results.waiting.push(Row {
            name: entry.name.to_owned(),
            size: Some(entry.size as f64),
            bytes: Some(entry.counts.bytes),
            ratio: base.map(|base| entry.counts.bytes / entries[base].counts.bytes),
            allocations: Some(entry.counts.allocations),
            start: Some(sum_up(own, base.map(|base| times[base].as_slice()))),
            threads: entry.counts.threads,
        });
    }
}

/// Starts all flows and lets them end. Returns the size of one flow and the nanoseconds to start
/// one.
fn run(flow: fn() -> BoxFuture) -> Result<(usize, f64), String> {
    let mut flows = Flows::room_for(FLOWS);
    let start = Instant::now();
    flows.start(flow)?;
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / FLOWS as f64;
    let size = flows.size();
    flows.end()?;
    Ok((size, nanoseconds))
}
