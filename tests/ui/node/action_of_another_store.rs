#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order)]
fn look(total_cents: &u64) -> Decision {
    println!("{total_cents}");
    Decision::Answer
}

fn main() {}
