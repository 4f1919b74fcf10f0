#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "rejected" >> refuse;
        review - "approved" >> refuse;
    }
}

fn main() {}
