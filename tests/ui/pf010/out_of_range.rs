#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, attempts = 3, wait = "2s", backoff = 0.5, jitter = 2.0, max_wait = "1s")]
async fn outside(topic: &str) -> std::io::Result<()> {
    std::fs::write("topic", topic)
}

fn main() {}
