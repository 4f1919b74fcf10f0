//! Counts the allocations of one contender: `steps <contender> <shape>`, `batch <contender>
//! <items>`, `waiting <contender> <flows>`, or `each <way> <items>` for flows on inner stores. For each step, item or flow, it prints the
//! allocations, the bytes, and the peak bytes. It also prints the number of threads, because it
//! only counts the allocations of its own thread.

use std::env;
use std::fs;

use allocation_counter::measure;
use pocketflow_benchmarks::contender::{Batch, Contender, Pause};
use pocketflow_benchmarks::contenders;
use pocketflow_benchmarks::drive::{self, Flows};
use pocketflow_benchmarks::inner_runs::EACH;

/// A multiple of all rounds.
const STEPS: u64 = 6_000;

fn main() -> Result<(), String> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [part, name, case] = words.as_slice() else {
        return Err("three arguments are needed".to_owned());
    };
    if part == "each" {
        let [allocations, bytes, peak] = each(name, case)?;
        println!("{allocations} {bytes} {peak} {}", threads());
        return Ok(());
    }
    let contender = contenders::ALL
        .iter()
        .find(|contender| contender.name == name);
    let contender = contender.ok_or_else(|| format!("there is no {name}"))?;
    let number = || {
        case.parse::<u64>()
            .map_err(|error| format!("{case}: {error}"))
    };
    let [allocations, bytes, peak] = match part.as_str() {
        "steps" => steps(contender, case)?,
        "batch" => batch(contender, number()?)?,
        "waiting" => waiting(contender, number()?)?,
        _ => return Err(format!("there is no part {part}")),
    };
    println!("{allocations} {bytes} {peak} {}", threads());
    Ok(())
}

/// The allocations in the second half of a run, so that the setup is not counted.
fn steps(contender: &Contender, shape: &str) -> Result<[f64; 3], String> {
    let (_, run) = contender
        .steps
        .iter()
        .find(|steps| steps.0.name() == shape)
        .ok_or("it has no such steps")?;
    let runtime = drive::runtime();
    let run = |steps| measure(|| drive::steps(&runtime, contender.name, *run, steps));
    run(STEPS);
    let (once, twice) = (run(STEPS), run(2 * STEPS));
    let each = |once: u64, twice: u64| (twice as f64 - once as f64) / STEPS as f64;
    Ok([
        each(once.count_total, twice.count_total),
        each(once.bytes_total, twice.bytes_total),
        0.0,
    ])
}

fn batch(contender: &Contender, items: u64) -> Result<[f64; 3], String> {
    let run = contender.batch.ok_or("it has no batch")?;
    let runtime = drive::runtime();
    let batch = Batch {
        items,
        width: 1_000,
        factor: 3,
        pause: Pause::Yield,
    };
    let run = || measure(|| drive::batch(&runtime, contender.name, run, batch));
    run();
    let counted = run();
    Ok(
        [counted.count_total, counted.bytes_total, counted.bytes_max]
            .map(|all| all as f64 / items as f64),
    )
}

/// A flow on each of many stores. The stores themselves are counted as well.
fn each(name: &str, items: &str) -> Result<[f64; 3], String> {
    let way = EACH.iter().find(|way| way.name == name);
    let way = way.ok_or_else(|| format!("there is no {name}"))?;
    let items: u64 = items.parse().map_err(|error| format!("{items}: {error}"))?;
    let runtime = drive::runtime();
    let run = || measure(|| _ = drive::task(&runtime, (way.run)(items)));
    run();
    let counted = run();
    Ok(
        [counted.count_total, counted.bytes_total, counted.bytes_max]
            .map(|all| all as f64 / items as f64),
    )
}

/// The memory that is still held when all flows wait.
fn waiting(contender: &Contender, number: u64) -> Result<[f64; 3], String> {
    let flow = contender.waiting.ok_or("it has no flow that waits")?;
    let mut flows = Flows::room_for(number as usize);
    let mut started = Ok(());
    let counted = measure(|| started = flows.start(flow));
    started?;
    flows.end()?;
    let each = |all: f64| all / number as f64;
    Ok([
        each(counted.count_total as f64),
        each(counted.bytes_current as f64),
        each(counted.bytes_max as f64),
    ])
}

/// The number of threads of this process, or 0 if it is unknown.
fn threads() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"));
    line.and_then(|number| number.trim().parse().ok())
        .unwrap_or_default()
}
