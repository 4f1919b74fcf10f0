#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Limit, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

fn main() {
    let _ = Limit::new().per_second(10).node::<Checkout>();
}
