#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article)]
fn publish(final_article: &str, section_titles: &[String], topic: &str) {
    println!("{topic} {final_article} {section_titles:?}");
}

flow! {
    pub Write {
        publish;
    }
}

fn main() {}
