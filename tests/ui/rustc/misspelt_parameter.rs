#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, writes = section_titles)]
async fn plan(topc: &str) -> Vec<String> {
    vec![topc.into()]
}

flow! {
    pub Write {
        plan >> draft >> combine;
    }
}

fn main() {}
