#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> search max 3 else answer;
        search >> decide;
        decide - "answer" >> guess;
    }
}

fn main() {}
