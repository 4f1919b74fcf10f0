//! A nested flow and an error edge: the model reviews an order, and the order is paid and shipped, or
//! refused. If the payment fails, what was reserved is released.
//!
//! ```text
//! cargo run --bin shop -- "two pens and a ream of paper" --total 24.50 --card 4242424242424242
//! ```

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow::{Action, Attempt, Failed, Shared, flow, node};
use pocketflow_checkout::{bank, report::money};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, call_llm, call_llm_for};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Shared, Default)]
struct Order {
    items: String,
    total_cents: u64,
    card: Option<String>,
    shelf: Option<String>,
    receipt: Option<String>,
    /// Why the payment failed.
    problem: Option<Failed>,
    reason: Option<String>,
    label: Option<String>,
    letter: Option<String>,
}

/// The model's reply is the action. The reason goes to the field `reason`.
#[derive(Action, Deserialize, JsonSchema)]
#[action(Order)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    Approved,
    Rejected {
        #[schemars(length(min = 1, max = 160))]
        reason: String,
    },
}

#[node(Order, attempts = 3, wait = "1s")]
async fn review(items: &str, #[attempt] attempt: Attempt<'_>) -> Result<Verdict> {
    let mut prompt = format!(
        "A stationer's shop gets this order: {items}\n\n\
         If a stationer can sell that, reply with this YAML:\nverdict: approved\n\n\
         Otherwise:\nverdict: rejected\nreason: why, in one sentence"
    );
    if let Some(error) = attempt.last_error() {
        prompt += &format!("\nYour last reply was rejected: {error}");
    }
    call_llm_for(&[Message::user(prompt)]).await
}

#[derive(Action)]
#[action(Order)]
enum Card {
    Ok,
    Declined { reason: String },
}

/// Checks the last digit of the number with Luhn's algorithm (ISO/IEC 7812-1).
#[node(Order)]
fn authorize(card: &str) -> Card {
    let digits: Option<Vec<u32>> = card.chars().rev().map(|digit| digit.to_digit(10)).collect();
    let sum = digits.filter(|digits| digits.len() > 7).map(|digits| {
        let doubled = digits
            .iter()
            .enumerate()
            .map(|(place, digit)| digit << (place % 2));
        doubled.map(|digit| digit / 10 + digit % 10).sum::<u32>()
    });
    match sum {
        Some(sum) if sum % 10 == 0 => Card::Ok,
        _ => Card::Declined {
            reason: "the card is not valid".into(),
        },
    }
}

#[node(Order, writes = receipt, attempts = 3, wait = "200ms", retry_if = bank::Error::is_busy)]
async fn capture(
    card: &str,
    total_cents: &u64,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, bank::Error> {
    bank::charge(card, *total_cents, attempt.number()).await
}

flow! {
    /// Charges the card.
    pub Payment(card): Order {
        authorize - "ok" >> capture;
        authorize - "declined" >> end "declined";
    }
}

#[node(Order, writes = shelf)]
fn reserve(items: &str) -> String {
    format!("shelf {}", items.len() % 10)
}

/// The payment was declined, or it failed. Nobody else can buy the items until they are released.
#[node(Order, writes = reason)]
fn release(shelf: &str, reason: Option<&str>, problem: Option<&Failed>) -> String {
    eprintln!("released: {shelf}");
    match problem {
        Some(problem) => format!("the payment failed: {}", problem.cause()),
        None => reason.unwrap_or("the payment was declined").into(),
    }
}

#[node(Order, writes = label)]
fn ship(items: &str, shelf: &str, receipt: &str) -> String {
    format!("To be packed: {items}, from {shelf}. Paid, reference {receipt}.")
}

/// Two paths lead here, and both fill `reason`.
#[node(Order, writes = letter, attempts = 3, wait = "1s")]
async fn refuse(items: &str, reason: &str) -> Result<String> {
    let prompt = format!(
        "Write a polite note of two sentences to a customer: we cannot accept their order ({items}), because {reason}."
    );
    call_llm(&[Message::user(prompt)]).await
}

flow! {
    /// Sells the order or refuses it.
    pub Shop(card): Order {
        review - "approved" >> reserve >> Payment >> ship;
        Payment - "declined" >> release >> refuse;
        Payment - error(problem) >> release;
        review - "rejected" >> refuse;
    }
}

/// Takes an order. The exit status is 1 if the order is refused.
#[derive(Parser)]
struct Args {
    /// The ordered items, in words
    items: String,
    /// The price, such as 24.50
    #[arg(long, value_name = "AMOUNT", value_parser = cents)]
    total: u64,
    /// The card number
    #[arg(long, value_name = "NUMBER")]
    card: String,
}

fn cents(amount: &str) -> Result<u64> {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "00"));
    anyhow::ensure!(part.len() == 2, "write two digits after the decimal point");
    format!("{whole}{part}")
        .parse()
        .context("this is not an amount of money")
}

#[tokio::main]
async fn main() -> cli::Result<ExitCode> {
    let args: Args = cli::arguments(Shop::GRAPH);
    llm::configured()?;

    let mut order = Order {
        items: args.items,
        total_cents: args.total,
        card: Some(args.card),
        ..Default::default()
    };
    Shop.run(&mut order).await?;
    if let Some(letter) = order.letter {
        println!("{letter}");
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "{} charged\n{}",
        money(order.total_cents),
        order.label.unwrap_or_default()
    );
    Ok(ExitCode::SUCCESS)
}
