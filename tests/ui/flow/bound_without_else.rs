#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> search max 5;
        decide - "answer" >> guess;
    }
}

fn main() {}
