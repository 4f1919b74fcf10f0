//! Options that change a wait have no effect without one.

use pocketflow::{Shared, node};

#[derive(Shared, Default)]
struct Article {
    topic: String,
}

#[node(Article, attempts = 400, wait = "0s", backoff = 10.0)]
async fn grows(topic: &str) -> Result<(), String> {
    Err(topic.into())
}

#[node(Article, attempts = 3, wait = "0ms", jitter = 0.5)]
async fn spreads(topic: &str) -> Result<(), String> {
    Err(topic.into())
}

#[node(Article, attempts = 3, max_wait = "1s", wait = "0s")]
async fn is_bounded(topic: &str) -> Result<(), String> {
    Err(topic.into())
}

#[node(Article, attempts = 3, wait = "0s")]
async fn tries_again_at_once(topic: &str) -> Result<(), String> {
    Err(topic.into())
}

fn main() {}
