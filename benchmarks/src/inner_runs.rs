//! Flows on inner stores, beside what one writes without them.

use std::convert::Infallible;

use futures_util::stream::{self, StreamExt};
use pocketflow::{Action, Shared, StepLimit, flow, node};

use crate::contender::{BoxFuture, Pause, item, yield_once};

const ENDS: &str = "no node fails";

/// A way to run something on each of many stores. It returns the sum of what the runs leave.
pub struct Each {
    pub name: &'static str,
    pub run: fn(items: u64) -> BoxFuture,
}

/// How many items are in flight at a time.
pub const WIDTH: usize = 1_000;

/// The first is this library's, and the last one the base.
pub const EACH: &[Each] = &[
    Each {
        name: "`Flow.each(items, parallel = 1000)`",
        run: |items| Box::pin(in_place(items)),
    },
    Each {
        name: "the same with the driver `StepLimit`",
        run: |items| Box::pin(driven(items)),
    },
    Each {
        name: "a batch, whose node runs the flow on a store of its own",
        run: |items| Box::pin(by_node(items)),
    },
    Each {
        name: "by hand, `buffered`",
        run: |items| Box::pin(by_hand(items)),
    },
];

#[derive(Shared, Default, Clone)]
struct Number {
    value: u64,
    double: Option<u64>,
    sum: Option<u64>,
}

#[node(Number, writes = double)]
async fn double(value: &u64) -> Result<u64, Infallible> {
    Ok(item(Pause::Yield, *value, 2).await)
}

#[node(Number, writes = sum)]
async fn add(value: &u64, double: &u64) -> Result<u64, Infallible> {
    Ok(value + double)
}

flow! { Triple { double >> add; } }

fn numbers(items: u64) -> Vec<Number> {
    let number = |value| Number {
        value,
        ..Number::default()
    };
    (0..items).map(number).collect()
}

fn sum(numbers: &[Number]) -> u64 {
    numbers.iter().filter_map(|number| number.sum).sum()
}

#[derive(Shared)]
struct Numbers {
    items: Vec<Number>,
    values: Vec<u64>,
    sums: Option<Vec<u64>>,
}

flow! { InPlace: Numbers { Triple.each(items, parallel = WIDTH); } }

async fn in_place(items: u64) -> u64 {
    let mut numbers = Numbers {
        items: numbers(items),
        values: Vec::new(),
        sums: None,
    };
    InPlace.run(&mut numbers).await.expect(ENDS);
    sum(&numbers.items)
}

async fn driven(items: u64) -> u64 {
    let mut numbers = Numbers {
        items: numbers(items),
        values: Vec::new(),
        sums: None,
    };
    let driver = StepLimit::new(u64::MAX);
    InPlace.with(driver).run(&mut numbers).await.expect(ENDS);
    sum(&numbers.items)
}

#[node(Numbers, writes = sums, parallel = WIDTH)]
async fn triple(#[each(values)] value: &u64) -> Result<u64, pocketflow::Error> {
    let mut number = Number {
        value: *value,
        ..Number::default()
    };
    Triple.run(&mut number).await?;
    Ok(number.sum.unwrap_or_default())
}

flow! { ByNode: Numbers { triple; } }

async fn by_node(items: u64) -> u64 {
    let mut numbers = Numbers {
        items: Vec::new(),
        values: (0..items).collect(),
        sums: None,
    };
    ByNode.run(&mut numbers).await.expect(ENDS);
    numbers.sums.unwrap_or_default().iter().sum()
}

/// The same two functions, one after the other.
async fn triple_by_hand(number: &mut Number) -> Result<(), Infallible> {
    number.double = Some(item(Pause::Yield, number.value, 2).await);
    number.sum = number.double.map(|double| number.value + double);
    Ok(())
}

async fn by_hand(items: u64) -> u64 {
    let mut numbers = numbers(items);
    {
        // A function and not a closure, or rustc does not find the future to be `Send`.
        let runs = numbers.iter_mut().map(triple_by_hand);
        let mut done = stream::iter(runs).buffered(WIDTH);
        while let Some(ended) = done.next().await {
            ended.expect(ENDS);
        }
    }
    sum(&numbers)
}

/// A fork of so many flows, and the same by hand. Both take turns as often as they are told.
pub struct Fork {
    pub branches: usize,
    pub ours: fn(turns: u64) -> BoxFuture,
    pub by_hand: fn(turns: u64) -> BoxFuture,
    /// The sizes of both futures.
    pub sizes: fn() -> (usize, usize),
}

#[derive(Shared, Default)]
struct Desk {
    topic: u64,
    notes: u64,
    finding: Option<u64>,
}

#[derive(Action)]
enum Decision {
    Search,
    Conclude,
}

#[node(Desk)]
async fn decide(topic: &u64, notes: &u64) -> Decision {
    yield_once().await;
    if notes < topic {
        Decision::Search
    } else {
        Decision::Conclude
    }
}

#[node(Desk, writes = notes)]
async fn search(notes: &u64) -> u64 {
    yield_once().await;
    notes + 1
}

#[node(Desk, writes = finding)]
async fn conclude(notes: &u64) -> u64 {
    yield_once().await;
    *notes
}

flow! {
    Investigate {
        decide - "search" >> search >> decide;
        decide - "conclude" >> conclude;
    }
}

async fn investigate(desk: &mut Desk) -> Result<(), Infallible> {
    while let Decision::Search = decide(&desk.topic, &desk.notes).await {
        desk.notes = search(&desk.notes).await;
    }
    desk.finding = Some(conclude(&desk.notes).await);
    Ok(())
}

/// How often each flow searches.
const TOPIC: u64 = 2;

macro_rules! forks {
    ($($module:ident: $branches:literal, $($desk:ident)*;)*) => {
        $(
            mod $module {
                use super::*;

                #[derive(Shared, Default)]
                struct Room {
                    $($desk: Desk,)*
                }

                flow! { All: Room { ($(Investigate.on($desk)),*); } }

                async fn by_hand(room: &mut Room) -> Result<(), Infallible> {
                    tokio::try_join!($(investigate(&mut room.$desk)),*)?;
                    Ok(())
                }

                fn prepare(room: &mut Room) {
                    $(room.$desk = Desk { topic: TOPIC, ..Desk::default() };)*
                }

                fn found(room: &Room) -> u64 {
                    0 $(+ room.$desk.finding.unwrap_or_default())*
                }

                async fn ours_often(turns: u64) -> u64 {
                    let (mut room, mut sum) = (Room::default(), 0);
                    for _ in 0..turns {
                        prepare(&mut room);
                        All.run(&mut room).await.expect(ENDS);
                        sum += found(&room);
                    }
                    sum
                }

                async fn by_hand_often(turns: u64) -> u64 {
                    let (mut room, mut sum) = (Room::default(), 0);
                    for _ in 0..turns {
                        prepare(&mut room);
                        by_hand(&mut room).await.expect(ENDS);
                        sum += found(&room);
                    }
                    sum
                }

                pub(super) const FORK: Fork = Fork {
                    branches: $branches,
                    ours: |turns| Box::pin(ours_often(turns)),
                    by_hand: |turns| Box::pin(by_hand_often(turns)),
                    sizes: || {
                        let mut room = Room::default();
                        let ours = size_of_val(&All.run(&mut room));
                        (ours, size_of_val(&by_hand(&mut room)))
                    },
                };
            }
        )*

        pub const FORKS: &[Fork] = &[$($module::FORK),*];
    };
}

forks! {
    two: 2, a b;
    four: 4, a b c d;
    eight: 8, a b c d e f g h;
    twenty: 20, a b c d e f g h i j k l m n o p q r s t;
}

/// What the runs on so many items leave, and what a fork leaves after so many turns.
pub fn expected_of_each(items: u64) -> u64 {
    3 * (items * (items - 1) / 2)
}

pub fn expected_of_fork(fork: &Fork, turns: u64) -> u64 {
    turns * TOPIC * fork.branches as u64
}
