#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, attempts = 3, wait = "a moment")]
async fn first(topic: &str) {
    println!("{topic}");
}

#[node(Article, attempts = 3, wait = 2)]
async fn second(topic: &str) {
    println!("{topic}");
}

#[node(Article, timeout = "0s")]
async fn third(topic: &str) {
    println!("{topic}");
}

fn main() {}
