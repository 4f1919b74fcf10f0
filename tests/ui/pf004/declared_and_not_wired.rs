#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Write {
        again: draft;
        outline >> draft >> combine;
    }
}

fn main() {}
