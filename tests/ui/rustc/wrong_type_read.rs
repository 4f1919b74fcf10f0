#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order)]
fn print(total_cents: &str) {
    println!("{total_cents}");
}

fn main() {}
