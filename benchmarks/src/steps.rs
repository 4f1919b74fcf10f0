//! The cost of a step.

use std::time::Instant;

use pocketflow_benchmarks::contender::{Shape, Steps};
use pocketflow_benchmarks::contenders::{ALL, BASE};
use pocketflow_benchmarks::drive;
use tokio::runtime::Runtime;

use crate::counts::{Counter, Counts};
use crate::rounds::{Timing, interleave, sum_up};
use crate::{Results, callgrind, is_ours_or_by_hand};

pub struct Row {
    pub name: String,
    pub shape: Shape,
    /// Nanoseconds.
    pub timing: Timing,
    pub counts: Option<Counts>,
    pub instructions: Option<f64>,
}

/// The duration of a run, in seconds.
const RUN: f64 = 2e-3;

/// A contender in one shape.
struct Entry {
    name: &'static str,
    run: Steps,
    /// The number of steps in a run.
    steps: u64,
}

pub fn measure(quick: bool, counter: &Counter, results: &mut Results) {
    let instructions = callgrind::available();
    if let Err(reason) = &instructions {
        results
            .notes
            .push(format!("Instructions are not counted: {reason}."));
    }
    for shape in Shape::ALL {
        eprintln!("steps: {}", shape.name());
        let rows = measure_shape(shape, quick);
        for mut row in rows {
            match counter.count("steps", &row.name, shape.name()) {
                Ok(counts) => row.counts = Some(counts),
                Err(reason) => {
                    results.miss(&row.name, format!("{}: allocations", shape.name()), reason)
                }
            }
            // Each count takes half a second.
            if (!quick || is_ours_or_by_hand(&row.name)) && instructions.is_ok() {
                match callgrind::instructions(&row.name, shape, row.timing.median) {
                    Ok(instructions) => row.instructions = Some(instructions),
                    Err(reason) => {
                        results.miss(&row.name, format!("{}: instructions", shape.name()), reason)
                    }
                }
            }
            results.steps.push(row);
        }
    }
}

fn measure_shape(shape: Shape, quick: bool) -> Vec<Row> {
    let runtime = drive::runtime();
    let entry = |name, run| Entry {
        name,
        run,
        steps: calibrate(&runtime, name, run),
    };
    let mut entries = Vec::new();
    for contender in ALL {
        let run = contender.steps.iter().find(|steps| steps.0 == shape);
        entries.extend(run.map(|steps| entry(contender.name, steps.1)));
    }
    let mut time = |index: usize| {
        let Entry { name, run, steps } = entries[index];
        seconds(&runtime, name, run, steps) * 1e9 / steps as f64
    };
    let rounds = if quick { 21 } else { 101 };
    interleave(&vec![1; entries.len()], &mut time);
    let times = interleave(&vec![rounds; entries.len()], &mut time);
    let base = entries
        .iter()
        .position(|entry| entry.name == BASE)
        .map(|base| times[base].as_slice());
    let row = |(entry, times): (&Entry, &Vec<f64>)| Row {
        name: entry.name.to_owned(),
        shape,
        timing: sum_up(times, base),
        counts: None,
        instructions: None,
    };
    entries.iter().zip(&times).map(row).collect()
}

/// The number of steps in a run, in multiples of the rounds of all shapes.
fn calibrate(runtime: &Runtime, name: &str, run: Steps) -> u64 {
    let mut steps = 600;
    loop {
        let took = seconds(runtime, name, run, steps);
        if took >= RUN / 2.0 {
            return ((steps as f64 * RUN / took) as u64).max(60) / 6 * 6;
        }
        steps *= 2;
    }
}

fn seconds(runtime: &Runtime, name: &str, run: Steps, steps: u64) -> f64 {
    let start = Instant::now();
    drive::steps(runtime, name, run, steps);
    start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_rounds_are_run() {
        let steps = calibrate(
            &drive::runtime(),
            "two at a time",
            Steps::Sync(|steps| steps),
        );
        assert!(
            Shape::ALL
                .iter()
                .all(|shape| steps.is_multiple_of(shape.round()))
        );
    }
}
