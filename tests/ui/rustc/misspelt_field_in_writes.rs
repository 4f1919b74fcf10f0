#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, writes = section_title)]
async fn plan(topic: &str) -> Vec<String> {
    vec![topic.into()]
}

flow! {
    pub Write {
        plan;
    }
}

fn main() {}
