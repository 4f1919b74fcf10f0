#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Payment {
        review - "approved" >> pay;
        review - "rejected" >> end;
    }
}

flow! {
    pub Checkout {
        Payment >> ship;
    }
}

fn main() {}
