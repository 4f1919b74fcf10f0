#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, writes = section_drafts)]
async fn write(#[each(section_title)] title: &str) -> String {
    title.into()
}

fn main() {}
