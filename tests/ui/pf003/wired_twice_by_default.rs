#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Write {
        outline >> draft >> combine;
        outline >> combine;
    }
}

fn main() {}
