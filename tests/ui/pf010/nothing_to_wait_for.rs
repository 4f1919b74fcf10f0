#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, wait = "2s", backoff = 2.0)]
async fn once(topic: &str) -> std::io::Result<()> {
    std::fs::write("topic", topic)
}

#[node(Article, attempts = 3, backoff = 2.0)]
async fn never(topic: &str) -> std::io::Result<()> {
    std::fs::write("topic", topic)
}

fn main() {}
