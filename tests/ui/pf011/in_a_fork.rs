#![deny(deprecated)]
#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Order, writes = reason)]
fn excuse(total_cents: &u64) -> String {
    format!("{total_cents} is too much")
}

flow! {
    pub Checkout {
        (pay, excuse) >> review;
        review - "approved" >> last_word;
        review - "rejected" >> refuse;
        last_word: excuse;
    }
}

fn main() {}
