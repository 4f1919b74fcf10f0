#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, attempts = 3, wait = "a moment")]
async fn first(topic: &str) -> std::io::Result<()> {
    std::fs::write("topic", topic)
}

#[node(Article, attempts = 3, wait = 2)]
async fn second(topic: &str) -> std::io::Result<()> {
    std::fs::write("topic", topic)
}

#[node(Article, timeout = "0s")]
async fn third(topic: &str) -> std::io::Result<()> {
    std::fs::write("topic", topic)
}

fn main() {}
