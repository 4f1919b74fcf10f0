#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{BoxedFlow, flow};

flow! {
    pub Checkout: Order {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

fn flows() -> Vec<BoxedFlow<'static, Article>> {
    vec![BoxedFlow::new(Checkout)]
}

fn main() {}
