#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "approved" >> end paid;
        review - "rejected" >> refuse();
        pay >> ship,
    }
}

fn main() {}
