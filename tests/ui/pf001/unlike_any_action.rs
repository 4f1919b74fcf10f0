#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "approved" >> pay - "paid" >> ship;
        review - "rejected" >> refuse;
    }
}

fn main() {}
