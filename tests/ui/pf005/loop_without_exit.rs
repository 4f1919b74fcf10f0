#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> search >> decide;
        decide - "answer" >> guess >> decide;
    }
}

fn main() {}
