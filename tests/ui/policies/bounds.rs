#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::{flow, node};

#[node(Research)]
fn look() {}

const ROUNDS: usize = 3;

fn rounds() -> u32 {
    3
}

flow! { OfTheContext { look >> look max context.tries else end; } }
flow! { OfACall { look >> look max rounds() else end; } }
flow! { OfAnotherType { look >> look max ROUNDS else end; } }

fn main() {
    let rounds = 3;
    flow! { look >> look max rounds else end };
}
