#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order)]
fn each_cent(#[each(total_cents)] cent: &u64) {
    println!("{cent}");
}

fn main() {}
