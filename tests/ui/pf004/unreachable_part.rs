#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        pay >> ship;
        review - "approved" >> pay;
        review - "rejected" >> refuse;
    }
}

fn main() {}
