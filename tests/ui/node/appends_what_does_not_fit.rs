#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, appends = section_titles)]
fn one(topic: &str) -> String {
    topic.into()
}

fn main() {}
