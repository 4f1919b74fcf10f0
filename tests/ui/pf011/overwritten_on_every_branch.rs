#![deny(deprecated)]
#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Order, writes(receipt, reason))]
fn blank(total_cents: &u64) -> (String, String) {
    (total_cents.to_string(), String::new())
}

#[node(Order, writes = reason)]
fn excuse(total_cents: &u64) -> String {
    format!("{total_cents} is too much")
}

flow! {
    pub Checkout {
        blank >> review;
        review - "approved" >> excuse;
        review - "rejected" >> refuse;
    }
}

fn main() {}
