#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Write {
        outline >> nodes::outline;
    }
}

fn main() {}
