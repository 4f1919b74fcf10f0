#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, attempts = 0, writes = final_article)]
async fn publish(topic: &str) -> String {
    topic.into()
}

flow! {
    pub Write {
        publish;
    }
}

fn main() {}
