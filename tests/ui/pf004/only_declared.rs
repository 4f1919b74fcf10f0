#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

fn main() {
    let _ = flow! { again: review; };
}
