//! The cost of flows on inner stores.

use std::time::Instant;

use pocketflow_benchmarks::drive;
use pocketflow_benchmarks::inner_runs::{EACH, FORKS, expected_of_each, expected_of_fork};

use crate::Results;
use crate::counts::{Counter, Counts};
use crate::rounds::{Timing, interleave, sum_up};

/// A flow on each item.
pub struct EachRow {
    pub name: &'static str,
    pub timing: Timing,
    pub counts: Option<Counts>,
}

/// A fork of flows, or the same by hand.
pub struct ForkRow {
    pub name: String,
    pub timing: Timing,
    /// The size of its future.
    pub size: usize,
}

pub const ITEMS: u64 = 100_000;

/// How many forks run one after the other in a round.
const TURNS: u64 = 2_000;

pub fn measure(quick: bool, counter: &Counter, results: &mut Results) {
    eprintln!("inner stores: each");
    let runtime = drive::runtime();
    let rounds = if quick { 7 } else { 31 };
    let mut each = |index: usize| {
        let start = Instant::now();
        let sum = drive::task(&runtime, (EACH[index].run)(ITEMS));
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(sum, expected_of_each(ITEMS), "{}", EACH[index].name);
        seconds * 1e9 / ITEMS as f64
    };
    interleave(&vec![1; EACH.len()], &mut each);
    let times = interleave(&vec![rounds; EACH.len()], &mut each);
    let base = times.last().map(Vec::as_slice);
    for (entry, own) in EACH.iter().zip(&times) {
        let counts = counter.count("each", entry.name, &ITEMS.to_string());
        let counts = counts.map_err(|reason| results.miss(entry.name, "each", reason));
        results.each.push(EachRow {
            name: entry.name,
            timing: sum_up(own, base),
            counts: counts.ok(),
        });
    }
    eprintln!("inner stores: forks");
    for fork in FORKS {
        let runs = [fork.ours, fork.by_hand];
        let mut time = |index: usize| {
            let start = Instant::now();
            let sum = drive::task(&runtime, runs[index](TURNS));
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(sum, expected_of_fork(fork, TURNS));
            seconds * 1e9 / TURNS as f64
        };
        interleave(&[1, 1], &mut time);
        let times = interleave(&[rounds, rounds], &mut time);
        let (ours, by_hand) = (fork.sizes)();
        let names = ["a fork of flows", "by hand, `try_join!`"];
        for ((name, size), own) in names.into_iter().zip([ours, by_hand]).zip(&times) {
            results.forks.push(ForkRow {
                name: format!("{}: {name}", fork.branches),
                timing: sum_up(own, Some(&times[1])),
                size,
            });
        }
    }
}
