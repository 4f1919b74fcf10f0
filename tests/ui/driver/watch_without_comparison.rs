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

struct Page {
    total: u64,
}

async fn run(order: &mut Order) {
    let watch = Watch::new(order, |order| Page { total: order.total_cents });
    Checkout.with(watch).run(order).await.unwrap();
}

fn main() {}
