#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, writes = final_article)]
fn improve(final_article: &str) -> String {
    final_article.to_uppercase()
}

flow! {
    pub Write {
        (improve, outline) >> draft;
    }
}

fn main() {}
