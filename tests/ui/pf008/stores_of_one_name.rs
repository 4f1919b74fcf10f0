#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Shared, flow, node};

mod other {
    #[derive(pocketflow::Shared, Default)]
    pub struct Order {
        pub total_cents: u64,
    }
}

#[derive(Shared, Default)]
struct Unused;

#[node(other::Order)]
fn count(total_cents: &u64) {
    println!("{total_cents}");
}

flow! {
    pub Mixed {
        pay >> count >> ship;
    }
}

fn main() {}
