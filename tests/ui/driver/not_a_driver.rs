#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{StepLimit, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

struct Mine;

async fn run(order: &mut Order) {
    Checkout.with(StepLimit::new(9)).with(&Mine).run(order).await.unwrap();
}

fn main() {}
