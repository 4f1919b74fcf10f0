#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Action, flow, node};

#[derive(Action)]
enum Stock {
    Default,
    SoldOut,
}

#[node(Order)]
fn look(total_cents: &u64) -> Stock {
    if *total_cents == 0 { Stock::SoldOut } else { Stock::Default }
}

flow! {
    pub Checkout {
        look >> pay;
    }
}

fn main() {}
