#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Stub, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

async fn test(order: &mut Order) {
    let stub = Stub::new().node::<pay>(|_, _| Ok(42));
    Checkout.with(&stub).run(order).await.unwrap();
}

fn main() {}
