//! Batches, and forks.

use pocketflow::{Action, Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::work;

/// How many items of a batch run at a time.
pub(crate) const WIDTH: usize = 4;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Sums {
    numbers: Vec<u64>,
    rounds: u32,
    squares: Option<Vec<u64>>,
    sum: Option<u64>,
    least: Option<u64>,
    texts: Option<Vec<String>>,
    result: Option<String>,
}

#[node(Sums, writes = squares, parallel = WIDTH)]
async fn square(#[each(numbers)] number: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
    work("square", attempt).await;
    number * number
}

#[node(Sums, writes = sum)]
async fn add(squares: &[u64], #[attempt] attempt: Attempt<'_>) -> u64 {
    work("add", attempt).await;
    squares.iter().sum()
}

flow! { pub(crate) Batch: Sums { square >> add; } }

#[node(Sums, writes = least)]
async fn find_least(numbers: &[u64], #[attempt] attempt: Attempt<'_>) -> Option<u64> {
    work("find_least", attempt).await;
    numbers.iter().min().copied()
}

#[node(Sums, writes = texts, parallel = 2)]
async fn spell(#[each(numbers)] number: &u64, #[attempt] attempt: Attempt<'_>) -> String {
    work("spell", attempt).await;
    format!("<{number}>")
}

#[derive(Action, Serialize, Deserialize)]
enum Round {
    Another,
    Last,
}

#[node(Sums, writes = result)]
async fn join(least: Option<&u64>, texts: &[String], #[attempt] attempt: Attempt<'_>) -> String {
    work("join", attempt).await;
    format!("{least:?} {}", texts.concat())
}

struct Count;

#[node(Sums)]
impl Count {
    async fn exec(&self) {}

    fn post(&self, rounds: &mut u32) -> Round {
        *rounds += 1;
        if *rounds < 3 {
            Round::Another
        } else {
            Round::Last
        }
    }
}

flow! {
    /// A fork of a node and a batch, three times.
    pub(crate) Fork: Sums {
        (find_least, spell) >> join >> Count;
        Count - "another" >> (find_least, spell);
        Count - "last" >> end;
    }
}
