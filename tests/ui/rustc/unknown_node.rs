#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "approved" >> py;
        review - "rejected" >> refuse;
    }
}

async fn run(order: &mut Order) {
    Checkout.run(order).await.unwrap();
}

fn main() {}
