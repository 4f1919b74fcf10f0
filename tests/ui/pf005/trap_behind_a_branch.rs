#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "answer" >> guess;
        decide - "search" >> search >> answer >> search;
    }
}

fn main() {}
