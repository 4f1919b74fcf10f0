#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{BoxedFlow, Driver, flow};

flow! {
    pub Checkout: Order {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

struct Mine;

impl Driver<Article> for Mine {}

fn flows() -> Vec<BoxedFlow<'static, Order>> {
    vec![BoxedFlow::new(Checkout.with(Mine))]
}

fn main() {}
