#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Driver, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

struct Mine;

impl Driver<Article> for Mine {}

async fn run(order: &mut Order) {
    Checkout.with(Mine).run(order).await.unwrap();
}

fn main() {}
