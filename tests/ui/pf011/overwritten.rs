#![deny(deprecated)]
#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        first: guess;
        first >> guess;
    }
}

fn main() {}
