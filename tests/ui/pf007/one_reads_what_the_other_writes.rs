#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Write {
        outline >> (draft, combine);
    }
}

fn main() {}
