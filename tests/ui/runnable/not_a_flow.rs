#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::BoxedFlow;

fn flows() -> Vec<BoxedFlow<'static, Order>> {
    vec![BoxedFlow::new(review)]
}

fn main() {}
