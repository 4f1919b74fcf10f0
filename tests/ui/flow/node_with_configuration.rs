#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

struct Archive {
    folder: String,
}

#[node(Order)]
impl Archive {
    fn exec(&self, total_cents: &u64) {
        println!("{} {total_cents}", self.folder);
    }
}

flow! {
    pub Checkout {
        pay >> Archive;
    }
}

fn main() {}
