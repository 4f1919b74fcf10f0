#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Write {
        outline >> draft >> combine;
    }
}

async fn run(order: &mut Order) {
    Write.run(order).await.unwrap();
}

fn main() {}
