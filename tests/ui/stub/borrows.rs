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
    let seen = std::cell::Cell::new(0);
    let stub = Stub::new().node::<pay>(|reads, _| {
        seen.set(*reads.total_cents);
        Ok("paid".into())
    });
    Checkout.with(&stub).run(order).await.unwrap();
}

fn main() {}
