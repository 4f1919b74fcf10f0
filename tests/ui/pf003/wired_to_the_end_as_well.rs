#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "approved" >> pay;
        review - "rejected" >> end "declined";
        review - "rejected" >> refuse;
    }
}

fn main() {}
