#![allow(unused_variables)]
#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, atempts = 3, wait = "1 fortnight", wirtes = final_article)]
async fn publish(topic: &mut String, section_titles: Vec<String>, (a, b): &(u8, u8)) -> String {
    topic.clone()
}

fn main() {}
