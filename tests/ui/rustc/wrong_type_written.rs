#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order, writes = receipt)]
fn total(total_cents: &u64) -> u64 {
    *total_cents
}

#[node(Order, writes(total_cents, receipt))]
fn both(total_cents: &u64) -> (u64, u64) {
    (*total_cents, *total_cents)
}

fn main() {}
