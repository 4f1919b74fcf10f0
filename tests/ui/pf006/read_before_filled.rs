#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Write {
        outline >> combine;
    }
}

fn main() {}
