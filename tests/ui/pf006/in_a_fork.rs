#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "approved" >> (pay, refuse) >> ship;
        review - "rejected" >> refuse;
    }
}

fn main() {}
