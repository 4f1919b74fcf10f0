#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Checkout {
        review - "approved" >> pay
        review - rejected >> ;
        pay -> ship;
        end >> ship;
    }
}

async fn run(order: &mut Order) {
    Checkout.run(order).await.unwrap();
}

fn main() {}
