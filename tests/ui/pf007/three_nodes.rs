#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, appends = topic)]
fn louder(final_article: Option<&str>) -> String {
    format!("!{final_article:?}")
}

#[node(Article, writes = section_drafts)]
fn again(section_titles: &[String]) -> Vec<String> {
    section_titles.to_vec()
}

flow! {
    pub Write {
        outline >> (draft, louder, again) >> combine;
    }
}

fn main() {}
