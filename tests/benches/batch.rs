//! Compares the cost of a batch per item with handwritten code: `cargo bench -p pocketflow-tests
//! --bench batch`.
//!
//! Each round runs every contender once, one after the other, so that disturbances affect all of
//! them alike. A ratio is the median of the ratios within the rounds. The ratio of the minima is in
//! brackets.
//!
//! The allocator counts, which costs every contender a few nanoseconds per item. It does not
//! implement `realloc`, so growing a `Vec` copies it. That costs our batch about 3 %, because it
//! collects its items in one `Vec`.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use futures_util::future::FutureExt;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use pocketflow::{Shared, flow, node};
use tokio::runtime::{Builder, Runtime};
use tokio::task::coop::unconstrained;
use tokio::task::yield_now;
use tokio::time::sleep;

const ITEMS: u64 = 100_000;
const WIDTH: usize = 1_000;
const FACTOR: u64 = 10;
const NAP: Duration = Duration::from_millis(1);

fn main() {
    let start = Instant::now();
    println!(
        "A batch against the same by hand: ours, (a) `buffered`, (b) a hand-fed `FuturesUnordered` with"
    );
    println!(
        "slots. Each run is a task of a current-thread tokio runtime. min and med are of all rounds; a ratio"
    );
    println!("is the median of the ratios within one round, and in brackets that of the minima.");
    overhead();
    memory();
    starvation();
    growth();
    println!("\n{:.0} s in all", start.elapsed().as_secs_f64());
}

// The work of an item.

/// Yields to the executor once, and wakes itself immediately.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn wakes(input: &u64, factor: &u64) -> u64 {
    yield_once().await;
    input * factor
}

async fn yields(input: &u64, factor: &u64) -> u64 {
    yield_now().await;
    input * factor
}

async fn naps_once(input: &u64, factor: &u64) -> u64 {
    sleep(NAP).await;
    input * factor
}

// Ours.

#[derive(Shared, Default)]
struct Numbers {
    inputs: Vec<u64>,
    factor: u64,
    outputs: Option<Vec<u64>>,
}

#[node(Numbers, writes = outputs, parallel = 1000)]
async fn waking(#[each(inputs)] input: &u64, factor: &u64) -> u64 {
    yield_once().await;
    input * factor
}

#[node(Numbers, writes = outputs, parallel = 1000)]
async fn yielding(#[each(inputs)] input: &u64, factor: &u64) -> u64 {
    yield_now().await;
    input * factor
}

#[node(Numbers, writes = outputs, parallel = unbounded)]
async fn waking_at_once(#[each(inputs)] input: &u64, factor: &u64) -> u64 {
    yield_once().await;
    input * factor
}

#[node(Numbers, writes = outputs, parallel = unbounded)]
async fn napping_at_once(#[each(inputs)] input: &u64, factor: &u64) -> u64 {
    sleep(NAP).await;
    input * factor
}

flow! { Waking { waking; } }
flow! { Yielding { yielding; } }
flow! { WakingAtOnce { waking_at_once; } }
flow! { NappingAtOnce { napping_at_once; } }

type Outputs = Vec<u64>;

/// Creates a run over this many items.
type Contender = fn(u64) -> Pin<Box<dyn Future<Output = Outputs> + Send>>;

fn inputs(count: u64) -> Vec<u64> {
    (0..count).collect()
}

/// A run of one of our flows.
macro_rules! ours {
    ($flow:ident) => {
        |count| {
            let mut numbers = Numbers {
                inputs: inputs(count),
                factor: FACTOR,
                outputs: None,
            };
            Box::pin(async move {
                $flow.run(&mut numbers).await.unwrap();
                numbers.outputs.unwrap()
            })
        }
    };
}

// By hand.

macro_rules! buffered {
    ($work:ident) => {
        |count| {
            let (inputs, factor) = (inputs(count), FACTOR);
            Box::pin(async move {
                // By index, because rustc cannot tell that a closure over `&u64` creates futures
                // that are `Send`.
                let work = |index: usize| $work(&inputs[index], &factor);
                stream::iter(0..inputs.len())
                    .map(work)
                    .buffered(WIDTH)
                    .collect::<Vec<_>>()
                    .await
            })
        }
    };
}

macro_rules! by_hand {
    ($work:ident, $width:expr) => {
        |count| {
            let (inputs, factor) = (inputs(count), FACTOR);
            Box::pin(async move {
                let mut inputs = inputs.iter().enumerate();
                let mut slots = Vec::with_capacity(inputs.len());
                let mut in_flight = FuturesUnordered::new();
                loop {
                    while in_flight.len() < $width {
                        let Some((index, input)) = inputs.next() else {
                            break;
                        };
                        slots.push(None);
                        in_flight.push($work(input, &factor).map(move |output| (index, output)));
                    }
                    match in_flight.next().await {
                        Some((index, output)) => slots[index] = Some(output),
                        None => break,
                    }
                }
                slots.into_iter().flatten().collect()
            })
        }
    };
}

// The measure.

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn check(outputs: Outputs, count: u64) {
    let expected = (0..count).map(|input| input * FACTOR);
    assert!(
        black_box(outputs).into_iter().eq(expected),
        "the outputs are those of the inputs, in order"
    );
}

/// The time of one run.
fn time(runtime: &Runtime, contender: Contender, count: u64) -> Duration {
    let run = contender(count);
    let (outputs, took) = runtime.block_on(async {
        let start = Instant::now();
        let outputs = tokio::spawn(run).await.unwrap();
        (outputs, start.elapsed())
    });
    check(outputs, count);
    took
}

/// The times of every contender in each round. The contenders take turns to go first.
fn rounds<const N: usize, T>(rounds: usize, mut run: impl FnMut(usize) -> T) -> [Vec<T>; N] {
    let mut times = [const { Vec::new() }; N];
    let mut order: VecDeque<_> = (0..N).collect();
    for round in 0..=rounds {
        for &contender in &order {
            let time = run(contender);
            // The first round only warms up.
            if round > 0 {
                times[contender].push(time);
            }
        }
        order.rotate_left(1);
    }
    times
}

/// The value below which this part of the values lies.
fn quantile(values: impl Iterator<Item = f64>, part: f64) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}

fn minimum(times: &[f64]) -> f64 {
    quantile(times.iter().copied(), 0.0)
}

fn median(times: &[f64]) -> f64 {
    quantile(times.iter().copied(), 0.5)
}

fn ratios(times: &[f64], others: &[f64]) -> impl Iterator<Item = f64> {
    times.iter().zip(others).map(|(time, other)| time / other)
}

fn ratio(times: &[f64], others: &[f64]) -> String {
    format!(
        "{:.2} ({:.2})",
        quantile(ratios(times, others), 0.5),
        minimum(times) / minimum(others)
    )
}

// The table.

const YIELDING: [(&str, [Contender; 3]); 2] = [
    (
        "own yield",
        [ours!(Waking), buffered!(wakes), by_hand!(wakes, WIDTH)],
    ),
    (
        "yield_now",
        [ours!(Yielding), buffered!(yields), by_hand!(yields, WIDTH)],
    ),
];

const NAMES: [&str; 3] = ["ours", "(a) buffered", "(b) by hand"];

fn overhead() {
    const ROUNDS: usize = 31;
    println!("\n1. parallel = {WIDTH}, {ITEMS} items that yield once: ns an item, {ROUNDS} rounds");
    println!(
        "   own yield: wakes itself at once; yield_now: tokio's, woken when no other task is ready\n"
    );
    println!(
        "   {:10} {:14} {:>6} {:>6}  {:>14} {:>14}",
        "", "", "min", "med", "to (a)", "to (b)"
    );
    for (name, [ours, buffered, by_hand]) in YIELDING {
        let runtime = runtime();
        // `buffered` is there twice, and the ratio between the two is the noise.
        let contenders = [ours, buffered, by_hand, buffered];
        let times: [_; 4] = rounds(ROUNDS, |contender| {
            time(&runtime, contenders[contender], ITEMS).as_secs_f64() * 1e9 / ITEMS as f64
        });
        for (name_of, time) in NAMES.iter().zip(&times) {
            println!(
                "   {name:10} {name_of:14} {:6.0} {:6.0}  {:>14} {:>14}",
                minimum(time),
                median(time),
                ratio(time, &times[1]),
                ratio(time, &times[2]),
            );
        }
        let [low, high] = [0.25, 0.75].map(|part| quantile(ratios(&times[3], &times[1]), part));
        println!(
            "   {name:10} {:14} {:6.0} {:6.0}  {:>14}   half of the rounds: {low:.2} to {high:.2}",
            "(a) again",
            minimum(&times[3]),
            median(&times[3]),
            ratio(&times[3], &times[1]),
        );
    }
}

fn memory() {
    println!("\n   The memory of the same, polled by hand, own yield: an item's share\n");
    println!(
        "   {:14} {:>12} {:>12} {:>12}",
        "", "allocations", "bytes", "peak bytes"
    );
    for (name, contender) in NAMES.iter().zip(YIELDING[0].1) {
        let (mut run, mut outputs) = (contender(ITEMS), Poll::Pending);
        let counted = measure(|| {
            let mut context = Context::from_waker(Waker::noop());
            while outputs.is_pending() {
                outputs = run.as_mut().poll(&mut context);
            }
        });
        let Poll::Ready(outputs) = outputs else {
            unreachable!("it was polled until it was ready")
        };
        check(outputs, ITEMS);
        let [count, bytes, peak] = [counted.count_total, counted.bytes_total, counted.bytes_max]
            .map(|all| all as f64 / ITEMS as f64);
        println!("   {name:14} {count:12.3} {bytes:12.0} {peak:12.0}");
    }
}

/// The duration of a run, and how much another task could do meanwhile.
struct Beside {
    took: f64,
    turns: f64,
    longest_wait: f64,
}

/// Runs it next to a task that yields in a loop.
fn beside_another(runtime: &Runtime, contender: Contender, count: u64) -> Beside {
    let run = contender(count);
    let (turns, longest) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let other = {
        let (turns, longest) = (Arc::clone(&turns), Arc::clone(&longest));
        async move {
            let mut last = Instant::now();
            loop {
                yield_once().await;
                let now = Instant::now();
                turns.fetch_add(1, Relaxed);
                longest.fetch_max((now - last).as_nanos() as u64, Relaxed);
                last = now;
            }
        }
    };
    runtime.block_on(async {
        let start = Instant::now();
        let other = tokio::spawn(other);
        let outputs = tokio::spawn(run).await.unwrap();
        let took = start.elapsed().as_secs_f64() * 1e3;
        other.abort();
        check(outputs, count);
        Beside {
            took,
            turns: turns.load(Relaxed) as f64,
            longest_wait: longest.load(Relaxed) as f64 / 1e6,
        }
    })
}

fn starvation() {
    const ROUNDS: usize = 15;
    println!(
        "\n2. parallel = unbounded, {ITEMS} items that sleep {NAP:?}, beside a task that yields in a loop"
    );
    println!(
        "   ms a run; the turns that the other task had, and the longest it waited for one in ms (medians)\n"
    );
    println!(
        "   {:26} {:>6} {:>6} {:>6}  {:>14}  {:>7} {:>7}",
        "", "rounds", "min", "med", "to (c)", "turns", "waited"
    );
    let by_hand: Contender = by_hand!(naps_once, usize::MAX);
    let free: Contender = |count| {
        let by_hand: Contender = by_hand!(naps_once, usize::MAX);
        Box::pin(unconstrained(by_hand(count)))
    };
    let (runtime, often) = (runtime(), [ours!(NappingAtOnce) as Contender, free]);
    let [ours, free]: [Vec<_>; 2] = rounds(ROUNDS, |contender| {
        beside_another(&runtime, often[contender], ITEMS)
    });
    // This takes seconds, so it runs only a few times, outside the rounds.
    let by_hand: Vec<_> = (0..2)
        .map(|_| beside_another(&runtime, by_hand, ITEMS))
        .collect();
    let took = |runs: &[Beside]| runs.iter().map(|run| run.took).collect::<Vec<_>>();
    let to = took(&free);
    for (name, runs) in [
        ("ours", ours),
        ("(c) as (b), unconstrained", free),
        ("(b) by hand", by_hand),
    ] {
        let took = took(&runs);
        let of = |part: fn(&Beside) -> f64| quantile(runs.iter().map(part), 0.5);
        println!(
            "   {name:26} {:6} {:6.1} {:6.1}  {:>14}  {:7.0} {:7.2}",
            runs.len(),
            minimum(&took),
            median(&took),
            if runs.len() == to.len() {
                ratio(&took, &to)
            } else {
                String::new()
            },
            of(|run| run.turns),
            of(|run| run.longest_wait),
        );
    }
}

fn growth() {
    println!("\n3. parallel = unbounded, items that yield once (own yield): ns an item\n");
    println!(
        "   {:>9} {:>6}  {:>8} {:>6}  {:>8} {:>6}  {:>14}",
        "items", "rounds", "ours min", "med", "(b) min", "med", "to (b)"
    );
    let contenders: [Contender; 2] = [ours!(WakingAtOnce), by_hand!(wakes, usize::MAX)];
    let runtime = runtime();
    for (count, times) in [(10_000, 51), (100_000, 11), (1_000_000, 5)] {
        let [ours, by_hand] = rounds(times, |contender| {
            time(&runtime, contenders[contender], count).as_secs_f64() * 1e9 / count as f64
        });
        println!(
            "   {count:9} {times:6}  {:8.0} {:6.0}  {:8.0} {:6.0}  {:>14}",
            minimum(&ours),
            median(&ours),
            minimum(&by_hand),
            median(&by_hand),
            ratio(&ours, &by_hand),
        );
    }
}
