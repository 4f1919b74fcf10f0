#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order)]
fn total(total_cents: &u64) -> String {
    total_cents.to_string()
}

fn main() {}
