#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article)]
fn note(topic: &str) {
    println!("{topic}");
}

flow! {
    pub Drafts(section_titles) {
        draft;
    }
}

flow! {
    pub Write {
        outline >> (Drafts, note) >> combine;
    }
}

fn main() {}
