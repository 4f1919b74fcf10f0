#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, timeout = "2s")]
fn plain(topic: &str) {
    println!("{topic}");
}

fn main() {}
