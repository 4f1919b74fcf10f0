#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::seam::Execs;
use pocketflow::{Driver, ExecDriver, Node, Shared, StepLimit, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

struct Mine;

impl<S: Shared> Driver<S, Execs> for Mine {}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Mine where N::Exec: serde::Serialize {}

async fn run(order: &mut Order) {
    Checkout.with(StepLimit::new(9)).with(Mine).run(order).await.unwrap();
}

fn main() {}
