//! Asks the same question many times concurrently. The most frequent answer wins.
//!
//! ```text
//! cargo run --bin majority -- "How many legs does a spider have?" --times 7
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pocketflow::{Reads, Shared, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, call_llm_for};
use pocketflow_examples::progress::Progress;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Shared, Default)]
struct Poll {
    question: String,
    /// The numbers of the ballots.
    ballots: Vec<usize>,
    votes: Option<Vec<Option<String>>>,
    /// Every answer with its count, the most frequent first.
    tally: Option<Vec<(String, usize)>>,
}

#[derive(Deserialize, JsonSchema)]
struct Vote {
    #[schemars(length(min = 1, max = 20))]
    answer: String,
}

#[node(Poll, writes = votes, parallel = 8, attempts = 2, wait = "1s", fallback = abstain)]
async fn vote(#[each(ballots)] _ballot: &usize, question: &str) -> Result<Option<String>> {
    let prompt = format!("{question}\n\nThink, then reply with YAML, as in\nanswer: seven");
    let Vote { answer } = call_llm_for(&[Message::user(prompt)]).await?;
    // Answers that differ only in case count as the same.
    let answer = answer
        .trim_matches(|letter: char| !letter.is_alphanumeric())
        .to_lowercase();
    ensure!(!answer.is_empty(), "the answer is empty");
    Ok(Some(answer))
}

/// A vote that fails does not affect the others.
fn abstain(
    _: &Reads<'_, vote>,
    ballot: &usize,
    error: pocketflow::Error,
) -> Result<Option<String>> {
    eprintln!("ballot {ballot} failed: {error:#}");
    Ok(None)
}

#[node(Poll, writes = tally)]
fn count(votes: &[Option<String>]) -> Result<Vec<(String, usize)>> {
    let mut counts = BTreeMap::new();
    for vote in votes.iter().flatten() {
        *counts.entry(vote.clone()).or_insert(0) += 1;
    }
    ensure!(!counts.is_empty(), "no ballot was answered");
    let mut tally: Vec<_> = counts.into_iter().collect();
    tally.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(tally)
}

flow! {
    /// Takes a vote.
    pub Majority: Poll {
        vote >> count;
    }
}

/// Asks a question many times concurrently, and prints the most frequent answer.
#[derive(Parser)]
struct Args {
    /// A question with a short answer
    question: String,
    /// The number of times to ask
    #[arg(long, value_name = "N", default_value = "5")]
    times: NonZeroUsize,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Majority::GRAPH);
    llm::configured()?;

    let ballots: Vec<_> = (1..=args.times.get()).collect();
    let mut poll = Poll {
        question: args.question,
        ballots,
        ..Default::default()
    };
    Majority
        .with(Progress::items(args.times.get()))
        .run(&mut poll)
        .await?;
    let tally = poll.tally.unwrap_or_default();
    let (winner, _) = tally.first().context("no answer")?;
    println!("{winner}\n");
    for (answer, count) in &tally {
        println!("{count:>3} × {answer}");
    }
    Ok(())
}
