#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Research)]
fn note(question: &str) {
    println!("{question}");
}

flow! {
    pub Agent {
        note >> (decide, guess);
    }
}

fn main() {}
