#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Watch, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

async fn run(order: &mut Order) {
    let watch = Watch::new(order, |order| order.receipt.as_deref());
    Checkout.with(watch).run(order).await.unwrap();
}

fn main() {}
