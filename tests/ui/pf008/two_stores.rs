#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Mixed {
        outline >> draft >> guess;
    }
}

fn main() {}
