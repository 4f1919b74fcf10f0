#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> search >> decide;
        decide - "answer" >> guess;
    }
}

const LIMIT: u64 = Agent::MAX_STEPS;

fn main() {
    println!("{LIMIT}");
}
