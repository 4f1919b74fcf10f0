#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> search max 0 else guess;
        decide - "answer" >> guess;
    }
}

fn main() {}
