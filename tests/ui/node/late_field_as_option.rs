#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order)]
fn print(receipt: &Option<String>) {
    println!("{receipt:?}");
}

fn main() {}
