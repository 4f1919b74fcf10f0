#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Shipping(reciept, total_cents) {
        ship;
    }
}

fn main() {}
