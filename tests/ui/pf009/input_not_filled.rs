#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Shipping(receipt) {
        ship;
    }
}

flow! {
    pub Checkout {
        review - "approved" >> Shipping;
        review - "rejected" >> refuse;
    }
}

fn main() {}
