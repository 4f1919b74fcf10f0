#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, appends = section_titles)]
fn one(topic: &str) -> String {
    topic.into()
}

#[node(Article, appends = section_titles)]
fn of_another_type(topic: &str) -> [&'static str; 1] {
    let _ = topic;
    ["title"]
}

fn main() {}
