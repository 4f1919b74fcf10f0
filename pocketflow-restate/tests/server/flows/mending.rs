//! Nodes that fail or panic until the test has mended them, and attempts that wait.

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::{is_there, log, work};

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    cents: u64,
    items: Vec<u64>,
    reserved: Option<u64>,
    prices: Option<Vec<u64>>,
    receipt: Option<String>,
    parcels: Vec<Parcel>,
    state: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Parcel {
    weight: u64,
    label: Option<String>,
    sent: Option<String>,
}

/// Why the bank does not pay.
#[derive(Debug)]
struct Refused(std::io::Error);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bank refused")
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[node(Order, writes = reserved)]
async fn reserve(cents: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
    work("reserve", attempt).await;
    cents / 100
}

#[node(Order, writes = receipt, attempts = 2, wait = "10ms")]
async fn pay(reserved: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, Refused> {
    work("pay", attempt).await;
    if is_there("mended", attempt) {
        return Ok(format!("paid {reserved}"));
    }
    Err(Refused(std::io::Error::other("no cover")))
}

flow! { Payment(reserved): Order { pay; } }
flow! { pub(crate) Sell: Order { reserve >> Payment; } }

#[node(Order, writes = prices, parallel = 2)]
async fn price(
    #[each(items)] item: &u64,
    #[attempt] attempt: Attempt<'_>,
) -> Result<u64, &'static str> {
    work("price", attempt).await;
    if *item == 7 && !is_there("mended", attempt) {
        return Err("nobody knows the price of 7");
    }
    Ok(item * 10)
}

flow! { pub(crate) Quote: Order { reserve >> price; } }

#[node(Parcel, writes = label)]
async fn print_label(weight: &u64, #[attempt] attempt: Attempt<'_>) -> String {
    work("print_label", attempt).await;
    format!("{weight} g")
}

#[node(Parcel, writes = sent)]
async fn send(
    weight: &u64,
    label: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, &'static str> {
    work("send", attempt).await;
    if *weight == 7 && !is_there("mended", attempt) {
        return Err("it was lost");
    }
    Ok(format!("sent, {label}"))
}

flow! { Send: Parcel { print_label >> send; } }
flow! { pub(crate) Ship: Order { reserve >> Send.each(parcels); } }

#[node(Order, writes = state)]
async fn break_down(#[attempt] attempt: Attempt<'_>) -> String {
    work("break_down", attempt).await;
    assert!(is_there("mended", attempt), "the machine is broken");
    "whole again".into()
}

flow! { pub(crate) Break: Order { reserve >> break_down; } }

/// It fails at its first attempt, and waits so long that the run is put aside.
#[node(Order, writes = state, attempts = 2, wait = "6s")]
async fn call_back(#[attempt] attempt: Attempt<'_>) -> Result<String, &'static str> {
    log("begin", "call_back", attempt);
    log("done", "call_back", attempt);
    match attempt.number() {
        1 => Err("nobody answers"),
        number => Ok(format!("answered at attempt {number}")),
    }
}

flow! { pub(crate) Call: Order { reserve >> call_back; } }

#[node(Order, writes = state, attempts = 2, wait = "1h")]
async fn call_later(#[attempt] attempt: Attempt<'_>) -> Result<String, &'static str> {
    work("call_later", attempt).await;
    Err("nobody answers")
}

flow! { pub(crate) Later: Order { reserve >> call_later; } }

/// It kills its process.
#[node(Order, writes = state)]
async fn explode(#[attempt] attempt: Attempt<'_>) -> String {
    log("begin", "explode", attempt);
    if !is_there("mended", attempt) {
        std::process::abort();
    }
    log("done", "explode", attempt);
    "it is quiet".into()
}

flow! { pub(crate) Explode: Order { reserve >> explode; } }
