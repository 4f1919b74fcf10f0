#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "aproved" >> pay;
        review - "rejected" >> refuse;
    }
}

fn main() {}
