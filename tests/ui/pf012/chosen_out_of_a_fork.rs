#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        (review, pay) - "approved" >> ship;
    }
}

fn main() {}
