#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

struct Archive;

flow! {
    pub Checkout {
        pay >> Archive;
    }
}

fn main() {}
